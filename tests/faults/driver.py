"""Runs command lines of the harness in forked children of a process that has imported everything once.

Reads one JSON object a line from standard input and answers with one on standard output. So a job that is killed and
started again costs its own work and not ten seconds of imports. Nothing is computed before a fork: a child's threads
are its own.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

from harness.__main__ import main


def exit_at(suffix: str, count: int, moment: str) -> None:
    """Leave the process as a kill does, before or after the `count`-th file that ends in `suffix` gets its name."""
    replace, seen = Path.replace, 0

    def wrapped(self: Path, target: Path) -> Path:
        nonlocal seen
        seen += str(target).endswith(suffix)
        meant = seen == count and str(target).endswith(suffix)
        if meant and moment == "before":
            os._exit(9)
        named = replace(self, target)
        if meant:
            os._exit(9)
        return named

    Path.replace = wrapped  # type: ignore[method-assign,assignment]


def child(order: dict[str, Any]) -> None:
    os.chdir(order["folder"])
    for name, handle in (("out", 1), ("err", 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)
    if order.get("exit_at"):
        exit_at(*order["exit_at"])
    if order.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"],) * 2)
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


def answer(order: dict[str, Any]) -> dict[str, Any]:
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        child(order)
    while order.get("once") and not Path(order["folder"], order["once"]).exists():
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.001)
    if order.get("signal"):
        time.sleep(order["after"])
        os.kill(pid, order["signal"])
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {
        "code": code,
        "seconds": time.monotonic() - begun,
        "err": Path(order["folder"], "err").read_text() if code != -9 else "",
    }


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
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
