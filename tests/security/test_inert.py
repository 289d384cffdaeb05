"""Text from outside on a terminal and in tables: no control character, no change of direction, one line."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.doctor.check import Check
from harness.errors import DataError, printable, short
from harness.report.text import code_text, csv_text, markdown_text
from harness.terminal import BarWatch, LineWatch

HOSTILE = [
    "\x1b[2J\x1b[31mx",
    "\x1b]8;;https://example.org\x07x\x1b]8;;\x07",
    "x\r\x1b[Aerror: none",
    "nDCG@10 = 0.1\nnDCG@10 = 0.999",
    "a\u202egnp.exe",
    "a\u2066b\u2069",
    "a\u200bb\ufeff",
    "a\u2028b\u2029c\x85d",
    "\x9b31mx",
    "\0\x07\x08\x7f",
    "\ud800",
]
"""Escape sequences, a second line, text that runs backwards, letters that are not seen."""
ACTIVE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def active(text: str) -> list[str]:
    return [letter for letter in text if unicodedata.category(letter) in ACTIVE]


FORMS: dict[str, Callable[[str], str]] = {
    "printable": printable,
    "short": short,
    "error": lambda text: str(DataError(f"document {text}", got=text)),
    "markdown": markdown_text,
    "code": code_text,
    "csv": csv_text,
    "check": lambda text: str(Check("x", ok=True, text=text)),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(text=st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=[]))))
def test_whatever_stands_in_a_text_it_is_shown_inert(form: Callable[[str], str], text: str) -> None:
    assert active(form(text)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_hidden_is_shown_as_an_escape_and_told_apart(text: str) -> None:
    assert printable(text) != text
    assert "\\" in printable(text)


def test_letters_of_every_script_stay_as_they_are() -> None:
    text = "naïve Ωμέγα документ 文書 문서 दस्तावेज़ مستند 🙂"
    assert printable(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_on_the_terminal_is_inert(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    LineWatch().tell(text)
    assert active(capsys.readouterr().err.removesuffix("\n")) == []
    shown = io.StringIO()
    BarWatch(console=Console(file=shown, width=500)).tell(text)
    assert active(shown.getvalue().removesuffix("\n")) == []


@pytest.mark.parametrize("odd", [text for text in HOSTILE if text.isascii()])
def test_an_id_with_control_characters_is_one_inert_line(
    harness: Callable[..., tuple[int, str]], tmp_path: Path, odd: str
) -> None:
    folder = tmp_path / "data"
    (folder / "qrels").mkdir(parents=True)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in odd)
    (folder / "corpus.jsonl").write_text(f'{{"_id": "{escaped}", "text": "a river"}}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "river"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\t1\n")
    code, told = harness("dataset=folder", f"dataset.path={folder}", "model=bm25")
    assert code == 3
    assert active(told.removesuffix("\n").replace("\n", "")) == []
    assert "Traceback" not in told
