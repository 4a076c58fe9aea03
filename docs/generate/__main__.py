"""Write the generated pages anew."""

from __future__ import annotations

from docs.generate import assumptions, reliability, scenarios, testing

for module in (assumptions, reliability, scenarios, testing):
    module.PAGE.write_text(module.page(), encoding="utf-8")
