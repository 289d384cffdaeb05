"""Runs command lines of the harness in forked children of a process that has imported everything once.

Reads a JSON list of jobs a line from standard input, runs those side by side, and answers with a list on standard
output. So a job that is killed and started again costs its own work and not ten seconds of imports. Nothing is computed
before a fork: a child's threads are its own.
"""

from __future__ import annotations

import errno
import fcntl
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from harness.__main__ import main


def at_name(suffix: str, count: int, moment: str, do: Callable[[], None]) -> None:
    """Do something before or after the `count`-th file that ends in `suffix` gets its name."""
    replace, seen = Path.replace, 0

    def wrapped(self: Path, target: Path) -> Path:
        nonlocal seen
        seen += str(target).endswith(suffix)
        meant = seen == count and str(target).endswith(suffix)
        if meant and moment == "before":
            do()
        named = replace(self, target)
        if meant and moment == "after":
            do()
        return named

    Path.replace = wrapped  # type: ignore[method-assign,assignment]


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def log_shards(log: str, meet: int) -> None:
    """Write a line to `log` for every shard that this process encodes, once as many as `meet` have come so far."""
    from harness.engine.searching import Searching  # noqa: PLC0415 - as late as in a job

    encoded = Searching._encoded

    def logged(self: Searching, block: Any, listener: Any) -> Any:
        here = Path(f"{os.getpid()}.here")
        if not here.exists():
            here.touch()
        while len(list(Path().glob("*.here"))) < meet:
            time.sleep(0.002)
        if not block.first:
            with Path(log).open("a") as file:
                file.write(f"{os.getpid()} {block.of.shard.start}\n")
        return encoded(self, block, listener)

    Searching._encoded = logged  # type: ignore[method-assign]


def without_locks(code: str) -> None:
    """Have no file system with locks."""
    number = getattr(errno, code)

    def refuse(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    fcntl.flock = refuse  # type: ignore[assignment]


def child(order: dict[str, Any]) -> None:
    os.chdir(order["folder"])
    for name, handle in ((order.get("out", "out"), 1), (order.get("err", "err"), 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)
    if order.get("kill_at"):
        suffix, count, moment = order["kill_at"]
        at_name(suffix, count, moment, kill)
    if order.get("stall_at"):
        suffix, count, *come = order["stall_at"]
        at_name(suffix, count, "before", lambda: wait_for_file(Path(), *come))
    if order.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"],) * 2)
    if order.get("log"):
        log_shards(order["log"], order.get("meet", 1))
    if order.get("without_locks"):
        without_locks(order["without_locks"])
    sys.argv = ["harness", *order["words"]]
    code = 99
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - a child must never come back to the parent's loop
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    os._exit(code)


def has_come(folder: Path, pattern: str, text: str = "") -> bool:
    """Return whether there is a file of a pattern, with a text in it."""
    return any(not text or text in path.read_text() for path in folder.glob(pattern))


def wait_for_file(folder: Path, pattern: str, text: str = "") -> None:
    """Wait until there is a file of a pattern, with a text in it."""
    while not has_come(folder, pattern, text):
        time.sleep(0.002)


def wait_for(order: dict[str, Any], key: str, process: int | None) -> None:
    """Wait for the file that an order names, or until a process is gone."""
    while order.get(key) and not has_come(Path(order["folder"]), order[key], order.get(f"{key}_says", "")):
        if process and os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.001)


def started(order: dict[str, Any], before: int | None) -> int:
    """Start a job, if need be once the one before it has come so far; return its process."""
    wait_for(order, "begin_once", before)
    pid = os.fork()
    if pid == 0:
        child(order)
    return pid


def answer(order: dict[str, Any], pid: int, begun: float) -> dict[str, Any]:
    wait_for(order, "once", pid)
    if order.get("signal"):
        time.sleep(order["after"])
        os.kill(pid, order["signal"])
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    said = Path(order["folder"], order.get("err", "err"))
    return {
        "code": code,
        "process": pid,
        "seconds": time.monotonic() - begun,
        "err": said.read_text() if said.exists() else "",
    }


def answers(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    begun = time.monotonic()
    pids: list[int] = []
    for order in orders:
        pids.append(started(order, pids[-1] if pids else None))
    return [answer(order, pid, begun) for order, pid in zip(orders, pids, strict=True)]


HEAVY = (
    "harness.systems.bm25",
    "harness.systems.encoded",
    "transformers.generation.utils",
    "transformers.models.bert.modeling_bert",
    "transformers.processing_utils",
    "transformers.tokenization_utils_tokenizers",
)

if __name__ == "__main__":
    for name in HEAVY:
        # By name, for no line here uses them: each child would import them again.
        importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answers(json.loads(line))) + "\n")
        sys.stdout.flush()
