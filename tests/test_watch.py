"""What a stage says of itself: on the record, on a line, on a bar."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.terminal import BarWatch
from harness.watch import Stage, Watch


@pytest.fixture
def stage() -> Stage:
    """A pass half done by two workers."""
    found = Stage("encode and search", 400)
    found.advance(100, 20_000)
    found.spend({"read and tokenise": 0.5, "encode": 9.0})
    found.spend({"encode": 9.6, "search": 0.7, "commit": 0.2})
    found.advance(100, 20_000)
    found.seconds = 10.0
    return found


def test_seconds_add_up_by_what_they_were_spent_on(stage: Stage) -> None:
    spent = {"read and tokenise": 0.5, "encode": pytest.approx(18.6), "search": 0.7, "commit": 0.2}
    assert stage.record == {
        "seconds": 10.0, "documents": 200, "tokens": 40_000, "tokens_per_second": 4000.0, "spent": spent
    }  # fmt: skip


def test_the_line_names_what_takes_most(stage: Stage) -> None:
    assert stage.bottleneck == "encode 93 %"
    assert stage.line == "encode and search: 200 documents, 4,000 tokens/s, encode 93 %, 10.0 s"


def test_a_stage_that_does_one_thing_has_no_shares() -> None:
    watch = Watch()
    with watch.stage("merge", 1, "runs") as stage:
        stage.advance(1)
    assert stage.bottleneck == ""
    assert set(stage.record) == {"seconds", "runs"}
    stage.spend({"encode": 0.0})
    assert stage.bottleneck == "", "nothing was spent on anything"


def shown(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    watch = BarWatch(console=console)
    watch.begin("jina-colbert-v2 on miracl sw")
    with watch.stage("encode and search", 5183) as stage:
        stage.spend({"encode": 93.0, "search": 7.0})
        stage.advance(5183)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return [line for line in text.replace("\r", "\n").splitlines() if "5183/5183" in line]


def test_a_terminal_of_eighty_columns_shows_how_far_it_is_and_what_holds_it_up() -> None:
    lines = shown(80)
    assert "encode 93 %" in lines[-1]
    assert "━" not in lines[-1]
    assert all(len(line) <= 80 for line in lines if line.isprintable())


def test_a_wide_terminal_has_room_for_a_bar() -> None:
    line = shown(120)[-1]
    assert "jina-colbert-v2 on miracl sw: encode and search" in line
    assert "encode 93 %" in line
    assert "━" * 20 in line
