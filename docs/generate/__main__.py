"""Write the generated pages and collections anew."""

from __future__ import annotations

from docs.generate import (
    assumptions,
    dependencies,
    embedding,
    overlays,
    performance,
    reliability,
    scenario_files,
    scenarios,
    traffic,
)
from docs.generate.collections import folder

for module in (
    assumptions,
    dependencies,
    overlays,
    reliability,
    scenario_files,
    scenarios,
    traffic,
):
    module.PAGE.write_text(module.page(), encoding="utf-8")
for page in embedding.PAGES:
    page.write_text(embedding.embedded(page), encoding="utf-8")
performance.write()
folder.write()
