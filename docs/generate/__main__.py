"""Write the generated pages and collections anew."""

from __future__ import annotations

from docs.generate import (
    assumptions,
    clients,
    dependencies,
    overlays,
    reliability,
    scenarios,
    testing,
)
from docs.generate.collections import folder

for module in (assumptions, clients, dependencies, overlays, reliability, scenarios, testing):
    module.PAGE.write_text(module.page(), encoding="utf-8")
folder.write()
