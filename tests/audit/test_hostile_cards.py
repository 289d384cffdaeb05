"""Whatever a card holds, the audit ends, soon, and what it writes can be read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.audit.card import audit_card
from harness.audit.convert import Origin, convert
from harness.audit.known import Known
from harness.audit.lines import lines
from harness.audit.markdown import read_tables
from harness.audit.values import subject
from harness.report.reading import read_table

PIECES = (
    "|", "|", "|", "---", "-", ":", " ", "\n", "\n", "#", "*", "`", "```", "avg", "nq", "ar", "dim=8", "0.5", "0.4",
    "50%", "1,000", "0,3", "[x](y)", "\\", "<b>", "<!--", "-->", '"', "'", "{", "}", "\x1b[2J", "\u202e", "NDCG@10",
    "\u2028", "no", "null",
)  # fmt: skip
ORIGIN = Origin(card="a/card", url="https://example.org/card", read="2026-01-01", measure="nDCG@10")


def cells() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


@st.composite
def cards(draw: st.DrawFn) -> str:
    """Draw pieces of Markdown, or a table of them."""
    if draw(st.booleans()):
        return "".join(draw(st.lists(st.sampled_from(PIECES), max_size=60)))
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(cells(), min_size=width, max_size=width), min_size=2, max_size=6))
    table = [rows[0], ["---"] * width, *rows[1:]]
    return draw(st.sampled_from(["\n", " "])).join(f"| {' | '.join(row)} |" for row in table)


@settings(max_examples=200)
@given(text=cards())
def test_any_card_is_audited_and_told_on_lines_of_its_own(text: str) -> None:
    found = audit_card(text, Known())
    assert all(line.isprintable() for line in lines("card", found))


@settings(max_examples=200)
@given(text=cards())
def test_what_is_written_of_any_card_can_be_read(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    grids = audit_card(text, Known()).grids
    for table in convert(grids, Known(), ORIGIN, subject(grids)):
        if table.text is not None:
            path: Path = tmp_path_factory.getbasetemp() / "hostile.yaml"
            path.write_text(table.text, encoding="utf-8")
            assert read_table(path).rows


@pytest.mark.parametrize(
    "text",
    [
        "|-" * 50_000, "| a | b | |---|---| " + "| x | 1 | " * 10_000,
        "# a " * 25_000 + "| a | b | |---|---| | x | 1 |",
        "```" * 30_001, "<!--" * 25_000, "| a | b |\n|---|---|\n" + "| x | 0.5 |\n" * 8_000, "[" * 100_000,
        "| a | " + "0" * 100_000 + " |\n|---|---|\n| x | " + "1," * 50_000 + " |\n", "| a | b | |---|---| " * 5_000,
        "| a | b |\n|---|---|\n| " + "[" * 50_000 + " | " + "<" * 50_000 + " |\n",
    ],
    ids=range(10),
)  # fmt: skip
def test_a_card_of_a_hundred_thousand_letters_takes_no_minute(text: str) -> None:
    started = time.process_time()
    read_tables(text)
    audit_card(text, Known())
    assert time.process_time() - started < 10
