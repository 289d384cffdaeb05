"""Numbers and words as a table shows them; whatever came from outside is made inert in the format it is put in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from harness.errors import printable
from harness.report.table import Cell, OwnAverage
from harness.report.verdict import Verdict

FORMULA = ("=", "+", "-", "@", "\t", "\r")
ACTIVE = re.compile(r"([\\`*_\[\]<>|~$&#])")
LEADING = re.compile(r"^(\d*)([-+=]|(?<=\d)[.)](?=\s|$))")
"""What would begin a list, a rule or a heading at the start of a line."""


def markdown_text(text: str) -> str:
    r"""Return `text` as Markdown that shows it and does nothing else: on one line, no link, tag, emphasis or cell end.

    >>> markdown_text("a|b <i>")
    'a\\|b \\<i\\>'
    """
    escaped = LEADING.sub(r"\1\\\2", ACTIVE.sub(r"\\\1", printable(text).strip()))
    # GitHub turns bare addresses into links too; an escaped letter in the middle stops it.
    return re.sub(r"(?i)\b(www)\.", r"\1\\.", escaped.replace("://", r"\://"))


def code_text(text: str) -> str:
    """Return `text` as Markdown code on one line, whatever backticks are in it; an empty text is no code.

    >>> code_text("a `b`")
    '`` a `b` ``'
    """
    line = printable(text)
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    return f"{ticks}{line}{ticks}" if len(ticks) == 1 else f"{ticks} {line} {ticks}"


def row_line(cells: Iterable[str]) -> str:
    """Return cells that are Markdown already as a line of a table."""
    return f"| {' | '.join(cells)} |"


def csv_text(text: str) -> str:
    """Return `text` as a CSV cell that no spreadsheet takes for a formula.

    >>> csv_text("=1+1"), csv_text("nq")
    ("'=1+1", 'nq')
    """
    line = printable(text)
    return f"'{line}" if text.lstrip(" ").startswith(FORMULA) else line


def number(value: float, decimals: int) -> str:
    """Return a fraction with `decimals` decimals."""
    return f"{value:.{decimals}f}"


def signed(value: float, decimals: int) -> str:
    """Return a difference with its sign; one that rounds to nothing has none.

    >>> signed(0.0112, 3), signed(-0.0001, 3)
    ('+0.011', '0.000')
    """
    text = f"{value:+.{decimals}f}"
    return text[1:] if float(text) == 0 else text


def cell_parts(cell: Cell, decimals: int) -> list[str]:
    """Return measured, published, difference and verdict, as far as the cell has them, as texts."""
    if cell.measured is None:
        missing = Verdict.NOT_RUN.value
        if cell.rows_run is not None and cell.rows_run[0]:
            missing = f"{missing} ({_rows(cell)})"
        return [missing] if cell.published is None else [missing, str(cell.published)]
    parts = [number(cell.measured, decimals)]
    if cell.published is not None and cell.difference is not None and cell.verdict is not None:
        parts += [str(cell.published), signed(cell.difference, decimals), cell.verdict.value]
    return parts


def average_line(own: OwnAverage, decimals: int) -> str:
    """Return one line that sets an average of our own beside both of the card's."""
    cell = own.cell
    both = f"{cell.row} of {cell.column}: printed {cell.published}, mean of the printed rows"
    both = f"{both} {number(own.mean_of_rows, decimals + 1)}, which are two different cells"
    if cell.measured is None or cell.difference is None or cell.verdict is None:
        return f"{both}; ours is not run ({_rows(cell)})"
    beside = signed(cell.measured - own.mean_of_rows, decimals)
    ours = f"ours is {number(cell.measured, decimals + 1)}: {signed(cell.difference, decimals)} ({cell.verdict})"
    return f"{both}; {ours} from the one, {beside} ({own.verdict_on_mean}) from the other"


def several_line(column: str, rows: Sequence[str]) -> str:
    """Return one line on the cells of a column that several results fit."""
    return f"{column} on {', '.join(rows)}: more than one result fits; the one that finished last is shown"


def note_line(row: str | None, column: str | None, text: str) -> str:
    """Return a note with what it is about."""
    return f"{' on '.join(part for part in (column, row) if part is not None) or 'all cells'}: {text}"


def _rows(cell: Cell) -> str:
    run, of = cell.rows_run or (0, 0)
    return f"{run} of {of} rows"
