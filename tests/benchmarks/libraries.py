"""The peers that encode and score, as workers, each in its environment and on the same checkpoint."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import peers
from tests.benchmarks.names import PYLATE, PYLATE_BF16, SENTENCE
from tests.benchmarks.setting import Setting
from tests.benchmarks.worker import Worker

WORKERS = "tests.benchmarks.workers"
MODULES = {PYLATE: "encode_pylate", PYLATE_BF16: "encode_pylate", SENTENCE: "encode_sentence_transformers"}


class Libraries(NamedTuple):
    """Open workers by the name of their variant, and what they say of themselves."""

    workers: Mapping[str, Worker]
    notes: tuple[str, ...]


@contextmanager
def libraries(setting: Setting, checkpoint: Path, names: Sequence[str]) -> Iterator[Libraries]:
    """Give the peers of `names`, each with `checkpoint` open; they end with the block."""
    with ExitStack() as stack:
        workers, notes = {}, []
        for name in names:
            dtype = "bfloat16" if name == PYLATE_BF16 else "float32"
            log = setting.folder("logs") / f"{name.replace(' ', '-')}.log"
            module = f"{WORKERS}.{MODULES[name]}"
            worker = stack.enter_context(Worker(_python(setting, name), module, setting.threads, log))
            said = worker.ask("open", {"folder": str(checkpoint), "dtype": dtype})
            found = ", ".join(f"{package} {version}" for package, version in said["versions"].items())
            notes.append(f"{name}: {found}; threads: {said['threads']}.")
            workers[name] = worker
        yield Libraries(workers, tuple(notes))


def _python(setting: Setting, name: str) -> str | Path:
    return sys.executable if name == SENTENCE else peers.python(peers.pylate(), setting.work / "peers")
