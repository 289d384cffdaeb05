"""A disk that fails at the n-th write, for every n: one line, nothing half-written, the next start does the rest."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

from harness.config import model_spec
from harness.errors import StorageError
from harness.pipeline import evaluate
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, RunSpec
from harness.systems import System, open_system


class Fault(NamedTuple):
    """A call that fails."""

    kind: str
    code: int
    count: int
    """How often a job makes it."""


# A probe, what was read, what the pass is about, 2 shards x 2 dimensions, then 2 x (run, sidecar, result): 13 files,
# two fsyncs each; and a lock for what the pass is about and for each shard.
COUNTS = {"write": 13, "fsync": 26, "rename": 13, "lock": 3}
FAULTS = [Fault(kind, code, count) for kind, count in COUNTS.items() for code in (errno.EIO, errno.ENOSPC)]


class Half:
    """A file that takes half of what it is given, then fails."""

    def __init__(self, file: IO[bytes], code: int) -> None:
        self.file, self.code = file, code

    def __enter__(self) -> Half:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> int:
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        raise OSError(self.code, os.strerror(self.code))


@contextmanager
def failing(fault: Fault, at: int) -> Iterator[list[int]]:
    """Make the `at`-th write, fsync, rename or making of a lock fail; give the number of calls so far."""
    calls = [0]
    kept: dict[str, Any] = {"write": Path.open, "fsync": os.fsync, "rename": Path.replace, "lock": os.open}

    def counted(name: str, *args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] != at:
            return kept[name](*args, **kwargs)
        if name == "write":
            return Half(kept[name](*args, **kwargs), fault.code)
        raise OSError(fault.code, os.strerror(fault.code))

    def opened(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        call = partial(counted, "write") if "w" in mode else kept["write"]
        return call(self, mode, *args, **kwargs)

    def locked(path: Path, flags: int, *args: Any, **kwargs: Any) -> Any:
        call = partial(counted, "lock") if flags & os.O_CREAT else kept["lock"]
        return call(path, flags, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        if fault.kind == "write":
            patch.setattr(Path, "open", opened)
        if fault.kind == "fsync":
            patch.setattr(os, "fsync", lambda handle: counted("fsync", handle))
        if fault.kind == "rename":
            patch.setattr(Path, "replace", lambda self, target: counted("rename", self, target))
        if fault.kind == "lock":
            patch.setattr(os, "open", locked)
        yield calls


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory, tools: dict[str, Callable[..., Any]]) -> RunSpec:
    folder = tools["pool"](tmp_path_factory.mktemp("full") / "pool", ("en", "de"), 3, 1)
    model = model_spec(
        {
            "kind": "late-interaction",
            "name": "mini",
            "path": "{package}/encode/mini",
            "dims": [128, 64],
            "dim_kind": "prefix",
            "document_length": 12,
        }
    )
    assert isinstance(model, EncoderSpec)
    dataset = DatasetSpec(name="pool", source="beir", path=str(folder))
    engine = EngineSpec(shard_documents=3, device="cpu", batch_tokens=32)
    return RunSpec(dataset=dataset, model=model, dims=(128, 64), engine=engine, out=str(folder.parent / "whole"))


@pytest.fixture(scope="module")
def system(spec: RunSpec) -> System:
    """One system for all runs: its encoder is opened once."""
    return open_system(spec.model)


@pytest.fixture(scope="module")
def expected(spec: RunSpec, system: System, tools: dict[str, Callable[..., Any]]) -> dict[str, bytes]:
    evaluate(spec, system=system)
    content: dict[str, bytes] = tools["runs"](Path(spec.out))
    assert len(content) == 4
    return content


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind} {errno.errorcode[fault.code]}")
def test_a_failure_at_the_nth_write_for_every_n_is_one_line_and_the_next_start_does_the_rest(
    spec: RunSpec,
    system: System,
    expected: dict[str, bytes],
    tools: dict[str, Callable[..., Any]],
    tmp_path: Path,
    fault: Fault,
) -> None:
    reached = 0
    for at in range(1, 200):
        job = replace(spec, out=str(tmp_path / str(at)))
        with failing(fault, at) as calls:
            try:
                evaluate(job, system=system)
            except StorageError as error:
                told = str(error)
        if calls[0] < at:
            break
        reached = at
        reason = "no space left" if fault.code == errno.ENOSPC else "cannot write (Input/output error)"
        assert reason in told
        assert "\n" not in told
        assert "finished shards are kept" in told
        assert tools["parts"](Path(job.out)) == []
        before = {path.name: path.stat().st_ino for path in Path(job.out).rglob("*.table")}
        evaluate(job, system=system)
        assert tools["runs"](Path(job.out)) == expected
        after = {path.name: path.stat().st_ino for path in Path(job.out).rglob("*.table")}
        redone = [name for name, place in before.items() if after[name] != place]
        assert len(redone) <= 1, "only the table that was being written may be done again"
    assert reached == fault.count


@pytest.mark.parametrize("largest_file", [2000, 4000])
def test_a_file_that_may_not_grow_is_told_as_a_full_disk(
    jobs: Any, whole: Any, tools: dict[str, Callable[..., Any]], tmp_path: Path, largest_file: int
) -> None:
    """RLIMIT_FSIZE gives EFBIG in the middle of a true write."""
    found = jobs.run(tmp_path, whole.command, largest_file=largest_file)
    assert found["code"] == 3
    assert found["err"].splitlines()[-1].startswith("error: ")
    assert "no space left" in found["err"]
    assert found["err"].count("error: ") == 1
    assert tools["parts"](tmp_path) == []
    again = jobs.run(tmp_path, whole.command)
    assert again["code"] == 0, again["err"]
    whole.check(tmp_path)
