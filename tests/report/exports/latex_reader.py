"""A reader for the little LaTeX that tables need, which refuses everything else: any other command is a fault."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"\\[A-Za-z]+ ?|\\.|[{}&\n]|[^\\{}&\n]", re.DOTALL)
LETTERS = {
    "\\textbackslash": "\\", "\\textasciitilde": "~", "\\textasciicircum": "^", "\\textless": "<",
    "\\textgreater": ">", "\\textbar": "|", "\\{": "{", "\\}": "}", "\\$": "$", "\\&": "&", "\\#": "#", "\\%": "%",
    "\\_": "_",
}  # fmt: skip
ALONE = {
    "\\centering",
    "\\toprule",
    "\\midrule",
    "\\bottomrule",
    "\\par",
    "\\smallskip",
    "\\footnotesize",
    "\\raggedright",
}
MARKS = {"\\textbf", "\\underline"}
ACTIVE = set("$#_^~<>|\"'`%")


@dataclass
class Read:
    """What a table holds."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    """The cells of each row as a reader sees them; the two halves of a number are one cell."""
    marked: dict[tuple[int, int], str] = field(default_factory=dict)
    """(row, cell) -> the command that marks it."""
    notes: str = ""


def read_tables(text: str) -> list[Read]:
    """Return the tables that `text` holds, comment lines left out; anything unexpected is a `ValueError`."""
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("%"))
    return [read_table(f"\\begin{{table}}{part}") for part in body.split("\\begin{table}")[1:]]


def read_table(body: str) -> Read:
    """Return the one table that `body` is."""
    shape = re.fullmatch(
        r"\\begin\{table\}\n\\centering\\small\n\\caption\{(?P<caption>.*)\}\n\\label\{tab:[A-Za-z0-9._=+-]+\}\n"
        r"\\begin\{tabular\}\{(?P<spec>l(?:r@\{\}l)+)\}\n\\toprule\n(?P<heads>.*)\\midrule\n(?P<rows>.*)"
        r"\\bottomrule\n\\end\{tabular\}\n"
        r"(?P<notes>(?:\\par\\smallskip\{\\footnotesize\\raggedright .*\\par\}\n)*)\\end\{table\}\n",
        body,
        re.DOTALL,
    )
    if shape is None:
        raise ValueError("not the shape of a table")
    found = Read(caption=_plain(shape["caption"]), notes=_plain(shape["notes"]))
    columns = shape["spec"].count("l") - 1
    for line in (shape["heads"] + shape["rows"]).splitlines():
        _row(found, line, columns)
    return found


def _row(found: Read, line: str, columns: int) -> None:
    if not line.endswith(r" \\"):
        raise ValueError(f"no row: {line!r}")
    first, *parts = _split(line.removesuffix(r" \\"))
    cells, at = [_plain(first).strip()], 0
    while at < len(parts):
        part = parts[at].strip()
        if whole := re.fullmatch(r"\\multicolumn\{2\}\{l\}\{(.*)\}", part):
            cells.append(_plain(whole[1]))
            at += 1
            continue
        both, marks = zip(*(_unmarked(one.strip()) for one in parts[at : at + 2]), strict=True)
        if len(both) < 2 or marks[0] != marks[1]:
            raise ValueError(f"half a number: {line!r}")
        if marks[0]:
            found.marked[len(found.rows), len(cells)] = marks[0]
        cells.append("".join(map(_plain, both)))
        at += 2
    if len(cells) != columns + 1:
        raise ValueError(f"{len(cells)} cells, {columns + 1} columns: {line!r}")
    found.rows.append(cells)


def _split(line: str) -> list[str]:
    parts, depth = [""], 0
    for piece in TOKEN.findall(line):
        depth += (piece == "{") - (piece == "}")
        if piece == "&" and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _unmarked(text: str) -> tuple[str, str]:
    shape = re.fullmatch(r"(\\textbf|\\underline)\{([0-9.]*)\}", text)
    return (shape[2], shape[1]) if shape else (text, "")


def _plain(text: str) -> str:
    """Return what a reader sees of `text`; a command that is no letter, or an active letter, is a fault."""
    shown, depth = [], 0
    pieces = iter(TOKEN.findall(text))
    for piece in pieces:
        name = piece.rstrip(" ")
        if name in LETTERS:
            shown.append(LETTERS[name])
        elif piece in {"{", "}"}:
            depth += 1 if piece == "{" else -1
        elif name == "\\char":
            digits = [next(pieces), next(pieces)]
            shown.append(chr(int("".join(digits))))
        elif name in ALONE:
            continue
        elif piece.startswith("\\") or piece in ACTIVE or piece == "&" or (piece in "[]*" and not depth):
            raise ValueError(f"{piece!r} in {text!r}")
        else:
            shown.append(piece)
        if depth < 0:
            raise ValueError(f"a brace too many in {text!r}")
    if depth:
        raise ValueError(f"a brace left open in {text!r}")
    return "".join(shown)
