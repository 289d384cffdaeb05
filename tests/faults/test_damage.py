"""Files that were damaged between two starts: told in one line, and made good or refused."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.retrieve.trec import read_run
from harness.status.reading import read_listing


@pytest.fixture
def finished(whole: Any, tmp_path: Path) -> Path:
    """A copy of what an unbroken run left."""
    shutil.copytree(whole.folder / "runs", tmp_path / "runs")
    return tmp_path


@pytest.fixture
def unscored(finished: Path) -> Path:
    """The same without its results and runs: only the shards' tables are left."""
    shutil.rmtree(finished / "runs" / "results")
    return finished


def flipped(content: bytes) -> bytes:
    place = len(content) * 6 // 10
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "one byte": lambda content: content[:1],
    "half": lambda content: content[: len(content) // 2],
    "a byte less": lambda content: content[:-1],
    "a bit": flipped,
    "zeros": lambda content: content[: len(content) // 2] + bytes(len(content) - len(content) // 2),
    "head": lambda content: (2**62).to_bytes(8, "little") + content[8:],
    "a byte more": lambda content: content + b"x",
}
damaged = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


@damaged
def test_a_damaged_shard_table_is_moved_aside_and_done_again(
    jobs: Any, whole: Any, unscored: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = next(unscored.rglob(whole.passes[5]))
    content = path.read_bytes()
    path.write_bytes(damage(content))
    again = jobs.run(unscored, whole.command)
    assert again["code"] == 0, again["err"]
    (told,) = [line for line in again["err"].splitlines() if path.name in line]
    assert "done again" in told
    assert path.with_name(f"{path.name}.damaged").read_bytes() == damage(content)
    assert path.read_bytes() == content
    assert "going on: 3 of 4 shards are done" in again["err"]
    whole.check(unscored)


def test_a_shard_table_that_is_gone_is_done_again(jobs: Any, whole: Any, unscored: Path) -> None:
    next(unscored.rglob(whole.passes[5])).unlink()
    again = jobs.run(unscored, whole.command)
    assert again["code"] == 0, again["err"]
    assert "going on: 3 of 4 shards are done" in again["err"]
    whole.check(unscored)


@damaged
def test_a_damaged_record_of_a_pass_is_written_anew_and_stops_no_job(
    jobs: Any, whole: Any, unscored: Path, damage: Callable[[bytes], bytes]
) -> None:
    next(unscored.rglob(whole.passes[5])).unlink()
    path = next(unscored.rglob("pass.json"))
    content = path.read_bytes()
    path.write_bytes(damage(content))
    again = jobs.run(unscored, whole.command)
    assert again["code"] == 0, again["err"]
    whole.check(unscored)
    (record,) = json.loads(path.read_bytes())
    assert record["searches"] == json.loads(content)[0]["searches"]


@damaged
@pytest.mark.parametrize("name", ["pass.json", "result.json"])
def test_the_status_of_a_folder_with_a_damaged_file_names_it_or_is_as_before(
    finished: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = next(finished.rglob(name))
    content = path.read_bytes()
    before = read_listing(finished / "runs")
    path.write_bytes(damage(content))
    after = read_listing(finished / "runs")
    said = [*after.damaged, *(one.why for one in after.broken if one.unreadable)]
    if damage(content) == content.rstrip():
        # It has lost the line break at its end.
        assert after == before
        return
    assert len(said) == 1
    assert str(path) in said[0]
    assert "\n" not in said[0]
    assert len(after.results) == len(before.results) - (name == "result.json")


@damaged
@pytest.mark.parametrize("name", ["run.trec", "run.trec.json"])
def test_a_damaged_run_or_sidecar_is_refused_or_read_as_it_was(
    finished: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = next(finished.rglob(name))
    run = path.with_name("run.trec")
    content, before = path.read_bytes(), read_run(run)
    path.write_bytes(damage(content))
    if damage(content) == content.rstrip() and name == "run.trec.json":
        after = read_run(run)
        assert after.name == before.name
        assert {query: found.doc_ids for query, found in after.rankings.items()} == {
            query: found.doc_ids for query, found in before.rankings.items()
        }
        return
    with pytest.raises(DataError) as caught:
        read_run(run)
    assert str(path) in str(caught.value) or str(run) in str(caught.value)
    assert "\n" not in str(caught.value)


OTHERS = {
    "a list": lambda _: b"[]",
    "a later schema": lambda _: b'{"schema": 99}',
    "a schema alone": lambda _: b'{"schema": 1}',
}


@pytest.mark.parametrize("damage", [*DAMAGES.values(), *OTHERS.values()], ids=[*DAMAGES, *OTHERS])
def test_a_damaged_result_is_refused_with_what_to_do(
    jobs: Any, whole: Any, finished: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = next(finished.rglob("result.json"))
    content = damage(path.read_bytes())
    path.write_bytes(content)
    again = jobs.run(finished, whole.command)
    if again["code"] == 0:
        whole.check(finished)
        return
    assert again["code"] == 3
    (told,) = [line for line in again["err"].splitlines() if line.startswith("error: ")]
    assert str(path.relative_to(finished)) in told
    assert path.read_bytes() == content
    path.unlink()
    assert jobs.run(finished, whole.command)["code"] == 0
    whole.check(finished)


@pytest.mark.parametrize("name", ["run.trec", "run.trec.json"])
def test_a_result_whose_run_is_gone_is_made_again(jobs: Any, whole: Any, finished: Path, name: str) -> None:
    next(finished.rglob(name)).unlink()
    again = jobs.run(finished, whole.command)
    assert again["code"] == 0, again["err"]
    whole.check(finished)


def test_force_makes_everything_again_from_the_first_shard(jobs: Any, whole: Any, finished: Path) -> None:
    tables = list(finished.rglob("*.table"))
    for path in tables:
        os.utime(path, (0, 0))
    again = jobs.run(finished, [*whole.command, "force=true"])
    assert again["code"] == 0, again["err"]
    assert "going on" not in again["err"]
    assert all(path.stat().st_mtime > 0 for path in tables)
    whole.check(finished)


def check_one_line(found: dict[str, Any], place: str) -> None:
    assert found["code"] == 3, found["err"]
    (told,) = [line for line in found["err"].splitlines() if line.startswith("error: ")]
    assert place in told
    assert "Traceback" not in found["err"]


@pytest.mark.parametrize("more", [[], ["force=true"], ["-m", "search.depth=10,20", "dataset.also=[]"]])
def test_out_that_is_a_file_is_told_in_one_line(jobs: Any, whole: Any, tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "taken").write_text("mine")
    check_one_line(jobs.run(tmp_path, [*more, *whole.command, "out=taken"]), "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_out_where_no_folder_can_be_made_is_told_in_one_line(jobs: Any, whole: Any, tmp_path: Path) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("there is no /proc here")
    check_one_line(jobs.run(tmp_path, [*whole.command, "out=/proc/harness"]), "/proc/harness")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_out_without_permission_is_told_in_one_line(jobs: Any, whole: Any, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    check_one_line(jobs.run(tmp_path, [*whole.command, "out=closed"]), "closed")


def test_a_run_that_cannot_be_kept_is_told_before_the_model_is_loaded(jobs: Any, whole: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    found = jobs.run(tmp_path, [*whole.command, "out=taken"])
    assert found["code"] == 3
    assert "load model" not in found["err"]


def test_results_of_two_depths_share_no_table(jobs: Any, whole: Any, finished: Path) -> None:
    """A table of another depth is another search: the finished ones are neither used nor lost."""
    before = {path.name: path.read_bytes() for path in finished.rglob("*.table")}
    found = jobs.run(finished, [*whole.command, "search.depth=10", "dataset.also=[]"])
    assert found["code"] == 0, found["err"]
    after = {path.name: path.read_bytes() for path in finished.rglob("*.table")}
    assert len(after) == 2 * len(before)
    assert before.items() <= after.items()
    depths = {json.loads(path.read_bytes())["depth"] for path in finished.rglob("run.trec.json")}
    assert depths == {10, 100}
