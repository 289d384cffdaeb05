"""Jobs on Ray: the bytes of one process, and nothing left of a Ray that was started for them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engine.cluster.leftovers import MARK
from harness.errors import ModelError
from harness.pipeline import evaluate
from harness.spec import LexicalSpec, RunSpec

OnRay = Callable[..., RunSpec]


def runs(spec: RunSpec) -> dict[str, bytes]:
    """Return every run file and shard table, by the name of its folder and its own."""
    found = [path for name in ("run.trec", "*.table") for path in Path(spec.out).rglob(name)]
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in found}


def values(spec: RunSpec) -> list[Any]:
    """Return what every result says of the measures."""
    return [json.loads(path.read_bytes())["scores"] for path in sorted(Path(spec.out).rglob("result.json"))]


def marked() -> list[int]:
    """Return the processes of any Ray whose files are in the folder for temporary files."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={tempfile.gettempdir()}/".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that is this test's alone, and a home in it; its name is short, as sockets ask."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        Path(folder, "home").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("HOME", f"{folder}/home")
        yield Path(folder)


LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def heard_at() -> set[str]:
    """Return the addresses, as the kernel writes them, at which processes of a Ray of this one listen."""
    sockets = set()
    for process in marked():
        for handle in Path("/proc", str(process), "fd").glob("*"):
            try:
                sockets.add(handle.readlink().name.removeprefix("socket:[").removesuffix("]"))
            except OSError:
                continue
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return {words[1].rpartition(":")[0] for words in lines if words[3] == "0A" and words[9] in sockets}


def test_a_ray_that_is_started_for_a_job_gives_its_bytes_keeps_to_the_loopback_and_is_gone_afterwards(
    on_ray: OnRay, whole: RunSpec, needs_ray: None, own: Path, meddler: Callable[..., Any]
) -> None:
    spec = on_ray("own", 1, None)
    seen: set[str] = set()
    result, _ = evaluate(spec, meddler("encode and search", lambda: seen.update(heard_at()), moved=True))
    assert seen
    assert seen <= LOOPBACK
    assert runs(spec) == runs(whole)
    assert values(spec) == values(whole)
    assert marked() == []
    assert [path.name for path in own.iterdir() if path.name != "home"] == []
    assert not (own / "home" / ".ray").exists()
    assert (result.provenance["engine"], result.provenance["workers"], result.provenance["hosts"]) == ("ray", 1, 1)
    assert result.provenance["device"] == "cpu"


def test_three_workers_of_a_cluster_give_the_bytes_of_one_process(
    on_ray: OnRay, whole: RunSpec, head: str, said: Any
) -> None:
    spec = on_ray("three", 3, head)
    result, _ = evaluate(spec, said)
    assert runs(spec) == runs(whole)
    assert values(spec) == values(whole)
    assert said.lines == []
    made = result.provenance
    assert 1 <= made["workers"] <= 3
    assert made["worker_peak_memory_mib"] > 0
    stage = made["stages"]["encode and search"]
    assert stage["documents"] == 40
    assert set(stage["spent"]) == {"read and tokenise", "encode", "search", "commit"}


def test_a_cluster_that_is_not_there_is_told_in_one_line(on_ray: OnRay, needs_ray: None) -> None:
    spec = on_ray("out", 1, "127.0.0.1:9")
    with pytest.raises(ModelError, match=r"^there is no cluster at 127\.0\.0\.1:9: got .*\. Start one \(ray start"):
        evaluate(spec)
    assert not Path(spec.out).exists(), "before any work"


def test_where_ray_is_not_installed_one_line_says_how_it_is(
    on_ray: OnRay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    spec = on_ray("out", 1, None)
    with pytest.raises(ModelError) as caught:
        evaluate(spec)
    assert str(caught.value) == 'engine=ray needs Ray: got it is not installed. Install it: pip install "ray>=2.50"'
    assert not Path(spec.out).exists(), "before any work"


def test_bm25_needs_no_ray(on_ray: OnRay, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = on_ray("out", 1, None)
    words = replace(spec, model=LexicalSpec(name="bm25"), dims=(None,), search=replace(spec.search, depth=10))
    monkeypatch.setattr("harness.engine.cluster.there.importlib", None)
    assert len(evaluate(words)) == 1
