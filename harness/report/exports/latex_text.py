"""Text from outside as LaTeX that shows it and does nothing else, under pdflatex as under newer engines."""

from __future__ import annotations

import re
import unicodedata

from harness.errors import printable

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # A letter that babel may have made active.
    '"': r"{\char34}",
    # What would be another quotation mark, or an argument of the line end before it.
    "`": r"{\char96}",
    "'": r"{\char39}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
}


def latex_text(text: str) -> str:
    r"""Return `text` as LaTeX on one line; a letter that the usual fonts do not have is shown as its number.

    >>> latex_text("a_b 50%"), latex_text("\\input{x}"), latex_text("文")
    ('a\\_b 50\\%', '\\textbackslash{}input\\{x\\}', '{[}U+6587{]}')
    """
    # Two hyphens would become a dash.
    return re.sub("-(?=-)", "-{}", "".join(_letter(letter) for letter in printable(text)))


def comment(text: str) -> str:
    """Return `text` as a comment line, ASCII alone."""
    return f"% {printable(text).encode('ascii', 'backslashreplace').decode()}\n"


def _letter(letter: str) -> str:
    if letter.isascii() or has_accent(letter):
        return SPECIAL.get(letter, letter)
    return f"{{[}}U+{ord(letter):04X}{{]}}"


def has_accent(letter: str) -> bool:
    """Return whether `letter` is one of Latin-1's with an accent, which LaTeX sets in any font.

    >>> has_accent("é"), has_accent("ß")
    (True, False)
    """
    return ord(letter) < 256 and letter.isalpha() and unicodedata.normalize("NFD", letter)[0].isascii()
