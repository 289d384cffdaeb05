"""Files that were damaged between two starts: told in one line, and made good or refused."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


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


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda _: b"",
    lambda content: content[:1],
    lambda content: content[: len(content) // 2],
    lambda content: content[:-1],
    flipped,
    lambda content: content[: len(content) // 2] + bytes(len(content) - len(content) // 2),
    lambda content: (2**62).to_bytes(8, "little") + content[8:],
    lambda content: content + b"x",
]


@pytest.mark.parametrize("damage", DAMAGES, ids=["empty", "1", "half", "-1", "bit", "zeros", "header", "longer"])
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
    assert "gone; done again" in again["err"]
    whole.check(unscored)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"a": {"bytes": "x", "sha256": ""}}'])
def test_a_damaged_manifest_is_moved_aside_and_all_shards_are_done_again(
    jobs: Any, whole: Any, unscored: Path, content: bytes
) -> None:
    path = next(unscored.rglob("manifest.json"))
    path.write_bytes(content)
    again = jobs.run(unscored, whole.command)
    assert again["code"] == 0, again["err"]
    (told,) = [line for line in again["err"].splitlines() if "manifest.json" in line]
    assert "no manifest" in told
    assert "done again" in told
    assert path.with_name("manifest.json.damaged").read_bytes() == content
    whole.check(unscored)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"schema": 99}', b'{"schema": 1}'])
def test_a_damaged_result_is_refused_with_what_to_do(jobs: Any, whole: Any, finished: Path, content: bytes) -> None:
    path = next(finished.rglob("result.json"))
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
    tables = list(finished.rglob("*.safetensors"))
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
    before = {path.name: path.read_bytes() for path in finished.rglob("*.safetensors")}
    found = jobs.run(finished, [*whole.command, "search.depth=10", "dataset.also=[]"])
    assert found["code"] == 0, found["err"]
    after = {path.name: path.read_bytes() for path in finished.rglob("*.safetensors")}
    assert len(after) == 2 * len(before)
    assert before.items() <= after.items()
    depths = {json.loads(path.read_bytes())["depth"] for path in finished.rglob("run.trec.json")}
    assert depths == {10, 100}
