"""Write the generated pages anew."""

from __future__ import annotations

from docs.generate import scenarios, testing

for module in (scenarios, testing):
    module.PAGE.write_text(module.page(), encoding="utf-8")
