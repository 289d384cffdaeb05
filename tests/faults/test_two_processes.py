"""Several processes on one key: they divide its shards, wait for each other, and finish what one of them leaves."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHARDS = 24


@pytest.fixture(scope="module")
def command(whole: Any) -> list[str]:
    """The command of `whole`, with a shard for each of its documents: its runs and results are the same."""
    return ["engine.shard_documents=1" if "shard_documents" in word else word for word in whole.command]


def shards(folder: Path, process: int | None = None) -> list[int]:
    """Return the shards that were encoded, by one process or by all, as often as each was."""
    rows = [line.split() for line in (folder / "log").read_text().splitlines()]
    return sorted(int(start) for who, start in rows if process in (None, int(who)))


def test_two_processes_on_one_key_encode_each_shard_once_between_them(
    jobs: Any, whole: Any, command: list[str], tools: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    orders = [tools["order"](tmp_path, command, err=name, log="log", meet=2) for name in ("one", "two")]
    one, two = jobs.together(*orders)
    assert (one["code"], two["code"]) == (0, 0), one["err"] + two["err"]
    assert shards(tmp_path) == list(range(SHARDS))
    assert shards(tmp_path, one["process"])
    assert shards(tmp_path, two["process"])
    whole.check(tmp_path)


def test_three_processes_of_which_each_starts_when_the_last_has_made_a_table(
    jobs: Any, whole: Any, command: list[str], tools: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    orders = [tools["order"](tmp_path, command, err=f"err{n}", log="log") for n in range(3)]
    found = jobs.together(orders[0], *({**one, "begin_once": "runs/passes/*/*.table"} for one in orders[1:]))
    assert [one["code"] for one in found] == [0, 0, 0]
    assert shards(tmp_path) == list(range(SHARDS))
    whole.check(tmp_path)


def test_what_a_process_held_when_it_was_killed_is_taken_over_by_the_one_that_waits_for_it(
    jobs: Any, whole: Any, command: list[str], tools: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    waits = {"once": "two", "once_says": "of another process", "signal": signal.SIGKILL, "after": 0.1}
    holder = tools["order"](
        tmp_path, command, err="one", log="log", meet=2, stall_at=[".table", 3, "never"], **waits
    )  # fmt: skip
    other = tools["order"](tmp_path, command, err="two", log="log", meet=2)
    one, two = jobs.together(holder, other)
    assert one["code"] == -signal.SIGKILL
    assert two["code"] == 0, two["err"]
    said = two["err"].splitlines()
    (waited,) = [line for line in said if line.startswith("waiting for ")]
    left = int(waited.split()[2])
    assert waited == f"waiting for {left} shard{'s' * (left > 1)} of another process"
    assert sum(line.startswith("going on with documents ") for line in said) == 1
    # The killed one has named two tables of its first shard; it has encoded that and perhaps another.
    assert shards(tmp_path, two["process"]) == list(range(SHARDS))
    assert 1 <= len(shards(tmp_path, one["process"])) <= left
    whole.check(tmp_path)


def test_a_process_that_has_nothing_left_to_do_waits_for_the_others_and_gives_the_same(
    jobs: Any, whole: Any, command: list[str], tools: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    slow = tools["order"](
        tmp_path, command, err="one", log="log", meet=2, stall_at=[".table", 3, "two", "waiting for "]
    )  # fmt: skip
    quick = tools["order"](tmp_path, command, err="two", log="log", meet=2)
    one, two = jobs.together(slow, quick)
    assert (one["code"], two["code"]) == (0, 0), one["err"] + two["err"]
    assert "going on with documents" not in two["err"]
    assert shards(tmp_path) == list(range(SHARDS))
    whole.check(tmp_path)


def test_force_beside_a_process_at_work_begins_anew_once_and_both_end(
    jobs: Any, whole: Any, command: list[str], tools: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    """The first has made four tables when they are all removed; it goes on once the second is at work."""
    first = tools["order"](tmp_path, command, err="one", log="log1", stall_at=[".table", 5, "log2"])
    second = tools["order"](
        tmp_path, [*command, "force=true"], err="two", log="log2", begin_once="runs/passes/*/*.table"
    )  # fmt: skip
    one, two = jobs.together(first, second)
    assert (one["code"], two["code"]) == (0, 0), one["err"] + two["err"]
    whole.check(tmp_path)


@pytest.mark.parametrize("code", ["ENOLCK", "ENOSYS", "EOPNOTSUPP"])
def test_a_file_system_without_locks_is_told_before_the_model_is_loaded(
    jobs: Any, whole: Any, tmp_path: Path, code: str
) -> None:
    found = jobs.run(tmp_path, whole.command, without_locks=code)
    assert found["code"] == 3
    (told,) = [line for line in found["err"].splitlines() if line.startswith("error: ")]
    assert " does not support locks: got " in told
    assert "Choose a folder on another file system with out=DIR" in told
    assert "load model" not in found["err"]
    assert "Traceback" not in found["err"]
    assert list(tmp_path.rglob("*.table")) == []


def test_what_has_no_shards_needs_no_locks(jobs: Any, whole: Any, tmp_path: Path) -> None:
    bm25 = [word for word in whole.command if word.startswith("dataset")]
    found = jobs.run(tmp_path, [*bm25, "model=bm25"], without_locks="ENOLCK")
    assert found["code"] == 0, found["err"]


def test_a_process_that_waits_for_another_hears_a_signal(
    jobs: Any, whole: Any, command: list[str], tools: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    told = {"once": "one", "once_says": "of another process", "signal": signal.SIGTERM, "after": 0.1}
    over = {"once": "one", "once_says": "interrupted by", "signal": signal.SIGKILL, "after": 0.0}
    waiting = tools["order"](tmp_path, command, err="one", log="log", meet=2, **told)
    stalled = tools["order"](tmp_path, command, err="two", log="log", meet=2, stall_at=[".table", 3, "never"], **over)
    one, two = jobs.together(waiting, stalled)
    assert (one["code"], two["code"]) == (75, -signal.SIGKILL)
    last = re.match(r"interrupted by SIGTERM: (\d+) of 24 shards are done; go on with: ", one["err"].splitlines()[-1])
    assert last is not None, one["err"]
    held = int(one["err"].partition("waiting for ")[2].split()[0])
    # What it had in work itself when it began to wait may be done or not.
    assert 0 < int(last[1]) <= SHARDS - held
    again = jobs.run(tmp_path, command)
    assert again["code"] == 0, again["err"]
    whole.check(tmp_path)
