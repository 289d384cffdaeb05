"""What a second core brings: two threads in a process, two processes of one thread, against one thread alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import ours
from tests.benchmarks.checkpoint import minilm
from tests.benchmarks.names import ONE, PROCESSES, THREADS
from tests.benchmarks.record import Record, timed
from tests.benchmarks.rounds import interleave
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import mixed, scifact
from tests.benchmarks.worker import Worker

MODULE = "tests.benchmarks.workers.encode_harness"


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the seconds of encoding the same documents, in strict and in fast."""
    checkpoint = minilm(setting.work / "minilm-head")
    model = ours.encoder(checkpoint)
    texts = mixed(scifact(), setting.size(320, 32))
    lengths = ours.tokens(model, texts)
    order = sorted(range(len(texts)), key=lengths.__getitem__)
    whole = setting.texts("whole", texts)
    halves = [setting.texts(f"half-{part}", [texts[place] for place in order[part::2]]) for part in (0, 1)]
    del model
    found = []
    with ExitStack() as stack:
        one, two, left, right = (
            stack.enter_context(_worker(setting, checkpoint, threads, f"parallel-{number}"))
            for number, threads in enumerate((1, 2, 1, 1))
        )
        for precision in (ours.STRICT, ours.FAST):
            actions = {
                ONE: lambda precision=precision: one.seconds("encode", _request(whole, precision)),
                THREADS: lambda precision=precision: two.seconds("encode", _request(whole, precision)),
                PROCESSES: lambda precision=precision: _both((left, right), halves, precision),
            }
            seconds = interleave(actions, setting.turns(5))
            what = f"{len(texts)} documents of mixed length, {sum(lengths):,} tokens; all-MiniLM-L6-v2, 128 wide"
            found.append(Record(name=precision, what=what, variants=timed(seconds, sum(lengths), "tokens")))
    return tuple(found)


def _worker(setting: Setting, checkpoint: Path, threads: int, name: str) -> Worker:
    worker = Worker(sys.executable, MODULE, threads, setting.folder("logs") / f"{name}.log", peer=False)
    said = worker.ask("open", {"folder": str(checkpoint), "precisions": [ours.STRICT, ours.FAST]})
    assert said["threads"] == threads, said
    return worker


def _request(texts: str, precision: str) -> dict[str, str]:
    return {"texts": texts, "precision": precision}


def _both(workers: Sequence[Worker], halves: Sequence[str], precision: str) -> float:
    """Return the seconds until both have encoded their half."""
    started = time.perf_counter()
    for worker, texts in zip(workers, halves, strict=True):
        worker.send("encode", _request(texts, precision))
    for worker in workers:
        worker.reply()
    return time.perf_counter() - started
