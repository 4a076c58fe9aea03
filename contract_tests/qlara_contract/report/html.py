"""Renders reports as self-contained HTML pages: one frame and one style for every report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

_SHARED = Path(__file__).with_name("templates")


def render(template: Path, **values: Any) -> str:
    """Return the page that *template* makes of *values*; it may extend ``base.html``.

    What ``base.html`` needs: ``title``, ``subject``, ``started`` (UTC), ``verdict``, ``is_bad``,
    ``target``, ``counts`` (state and count) and ``classes`` (the CSS class of each state).
    """
    import jinja2  # only when a report is written

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, _SHARED]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = _prose
    return environment.get_template(template.name).render(values)


def _prose(text: str) -> Markup:
    """Return *text* escaped, with `code` in backticks set as code."""
    from markupsafe import Markup, escape

    parts = (
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(text.split("`"))
    )
    return Markup().join(parts)
