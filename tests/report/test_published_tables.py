"""The shipped tables against the card they were read from, in both directions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.report.published import PublishedTable

HEADING = re.compile(r"(?<= )(#{3,4}) ([^#|]+?) (?=\||#)")


def _tables_of(text: str) -> Iterator[tuple[str, str, list[list[str]]]]:
    """Yield (group, title, lines of cells) of every table in the card, whose text is one long line."""
    text = text[text.index("## Evaluation Results") : text.index("## Other Models")]
    group = ""
    headings = list(HEADING.finditer(text))
    for position, heading in enumerate(headings):
        if heading[1] == "###":
            group = heading[2]
            continue
        end = headings[position + 1].start() if position + 1 < len(headings) else len(text)
        lines = re.split(r"(?<=\|)\s+(?=\|)", text[heading.end() : end].strip())
        yield group, heading[2], [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _cells(markdown: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines()]


def test_every_table_gives_back_the_cards_own_characters_in_the_cards_order(
    shared_data: Path, card: tuple[PublishedTable, ...]
) -> None:
    text = (shared_data.parent / "card" / "jina-colbert-v2.txt").read_text()
    printed = list(_tables_of(text))
    assert [(group, title) for group, title, _ in printed] == [(table.group, table.title) for table in card]
    for (_, title, lines), table in zip(printed, card, strict=True):
        ours = _cells(table.markdown())
        assert ours[0] == lines[0], title
        assert ours[2:] == lines[2:], title


def test_the_card_has_six_tables_and_a_hundred_and_sixty_one_printed_values(card: tuple[PublishedTable, ...]) -> None:
    assert [table.name for table in card] == [
        "beir", "msmarco", "miracl", "mmarco", "matryoshka-beir", "matryoshka-msmarco",
    ]  # fmt: skip
    assert sum(table.cells for table in card) == 56 + 4 + 38 + 42 + 18 + 3


def test_every_printed_value_stands_in_its_file_with_three_decimals(root: Path) -> None:
    for path in (root / "reports" / "published").glob("*.yaml"):
        for line in path.read_text().splitlines():
            if "values: [" in line:
                values = line.split("values: [")[1].split("]")[0].split(", ")
                assert all(re.fullmatch(r"0\.\d{3}", value) for value in values), line


@pytest.mark.parametrize("name", ["miracl", "mmarco"])
def test_multilingual_rows_are_one_dataset_in_the_languages_they_are_labelled_with(
    card: tuple[PublishedTable, ...], name: str
) -> None:
    table = next(table for table in card if table.name == name)
    assert {(row.dataset, row.language) for row in table.rows} == {(name, row.label) for row in table.rows}
