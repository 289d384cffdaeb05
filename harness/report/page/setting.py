"""Templates -> the file: everything that comes from outside is escaped, and the one style element is named by its hash.

`templates/page.css` stands in the page as it is; the policy in the page's head lets a browser apply that text and
nothing else: no script, no style attribute, nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.errors import printable

TEMPLATES = Path(__file__).resolve().parent / "templates"


def render(**contents: object) -> str:
    """Return the page that `page.html.j2` makes of `contents`.

    A text of `contents` is shown on one line, its control characters and changes of direction as escapes.
    """
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    # The style is this package's own text: nothing from outside is in it.
    return _environment().get_template("page.html.j2").render(style=Markup(style), policy=policy, **contents)  # noqa: S704


def inert(value: object) -> object:
    """Return a value as it may be put in the page, before it is escaped: a text on one line, printable all through."""
    if isinstance(value, str) and not isinstance(value, Markup) and not value.isprintable():
        return printable(value)
    return value


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
