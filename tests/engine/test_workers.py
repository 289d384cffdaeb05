"""Worker processes: the same bytes as one process, and every way in which they can end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from harness.engine.crew import Worker, messages
from harness.errors import DataError, HarnessError
from harness.pipeline import evaluate
from harness.retrieve.shards import Shard
from harness.spec import RunSpec

Job = Callable[..., RunSpec]


def runs(spec: RunSpec) -> dict[str, bytes]:
    """Return the run file of every finished dimension, by the name of its folder."""
    return {path.parent.name: path.read_bytes() for path in sorted(Path(spec.out, "results").glob("**/run.trec"))}


def tables(spec: RunSpec) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(spec.out).rglob("*.table"))}


def children() -> set[int]:
    """Return the processes that this one has started."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(word) for path in lists for word in path.read_text().split()}


def test_two_workers_give_the_bytes_of_one_process_and_say_where_the_time_went(job: Job) -> None:
    evaluate(job("one", 1))
    before = children()
    result, _ = evaluate(job("two", 2))
    assert children() <= before
    assert runs(job("two", 2)) == runs(job("one", 1))
    assert len(runs(job("one", 1))) == 2
    assert tables(job("two", 2)) == tables(job("one", 1))
    made = result.provenance
    assert (made["workers"], made["threads"], made["device"]) == (2, 1, "cpu")
    assert made["stages"]["encode queries"]["queries"] == 5
    stage = made["stages"]["encode and search"]
    assert stage["documents"] == 40
    assert set(stage["spent"]) == {"read and tokenise", "encode", "search", "commit"}
    assert all(seconds >= 0 for seconds in stage["spent"].values())


@pytest.mark.slow
def test_a_worker_that_is_killed_is_told_and_three_others_do_the_rest(job: Job, meddler: Callable[..., Any]) -> None:
    evaluate(job("one", 1))
    before = children()

    def kill() -> None:
        os.kill(min(children() - before), signal.SIGKILL)

    with pytest.raises(
        HarnessError, match=r"worker \d died: got SIGKILL, it had .*\. Start again: only what is missing"
    ):
        evaluate(job("more", 2), watch=meddler("encode and search", kill, moved=True))
    assert children() <= before
    kept = {path.name: path.stat().st_ino for path in Path(job("more", 2).out).rglob("*.table")}
    evaluate(job("more", 3))
    after = {path.name: path.stat().st_ino for path in Path(job("more", 2).out).rglob("*.table")}
    assert {name: after[name] for name in kept} == kept
    assert runs(job("more", 3)) == runs(job("one", 1))


def test_a_corpus_that_changes_is_noticed_by_the_worker_that_reads_it(
    job: Job, corpus: Path, meddler: Callable[..., Any]
) -> None:
    def change() -> None:
        with (corpus / "corpus.jsonl").open("a") as file:
            file.write('{"_id": "new", "title": "", "text": "new"}\n')

    before = children()
    with pytest.raises(DataError, match=r"corpus\.jsonl has changed while it was being evaluated\. Start again"):
        evaluate(job("out", 2), watch=meddler("load model", change, moved=False))
    assert children() <= before


def test_breaking_off_ends_the_workers(job: Job, meddler: Callable[..., Any]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = children()
    with pytest.raises(KeyboardInterrupt):
        evaluate(job("out", 2), watch=meddler("load model", interrupt, moved=False))
    assert children() <= before


def started(code: str) -> Worker:
    """Return a process of no imports in place of a worker."""
    above, below = Pipe()
    said = tempfile.TemporaryFile()  # noqa: SIM115 - `end` closes it
    command = [sys.executable, "-c", code, str(below.fileno())]
    process = subprocess.Popen(command, pass_fds=[below.fileno()], stdout=said, stderr=said)
    below.close()
    return Worker(1, process, above, said)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os; os.kill(os.getpid(), 9)", "got SIGKILL, it had documents 500 to 1,000"),
        ("raise SystemExit(7)", "got exit code 7, it had documents 500 to 1,000"),
        ("raise ValueError('odd')", "got exit code 1, it had documents 500 to 1,000, its last line 'ValueError: odd'"),
    ],
)
def test_a_worker_that_dies_is_told_with_its_shard_and_its_signal(code: str, told: str) -> None:
    worker = started(code)
    worker.held.append(Shard(500, 1000))
    with pytest.raises(HarnessError) as caught:
        next(messages([worker]))
    assert str(caught.value).startswith(f"worker 1 died: {told}. Start again")
    assert "\n" not in str(caught.value)
    worker.end()


def test_a_worker_that_hears_nothing_is_ended_all_the_same() -> None:
    worker = started(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)\nwhile True: pass"
    )
    while not os.fstat(worker.said.fileno()).st_size:
        assert worker.process.poll() is None
    worker.end()
    assert worker.process.returncode == -signal.SIGKILL
