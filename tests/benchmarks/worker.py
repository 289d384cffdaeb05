"""A worker process as its benchmark sees it: asked, one request at a time, so that rounds stay interleaved."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.text import ROOT

QUIET = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true", "PYTHONUNBUFFERED": "1"}
OWN_WAY_OF_WAITING = "OMP_WAIT_POLICY"
"""What the harness sets for itself; a peer runs as it is shipped."""


class WorkerError(RuntimeError):
    """A worker could not do what it was asked; its log says why."""


class Worker:
    """One process in the environment of an interpreter, on a number of threads, that serves a module's requests."""

    def __init__(self, python: Path | str, module: str, threads: int, log: Path, *, peer: bool = True) -> None:
        environment = {**os.environ, **QUIET, "OMP_NUM_THREADS": str(threads)}
        if peer:
            environment.pop(OWN_WAY_OF_WAITING, None)
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._errors = log.open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [str(python), "-m", module], cwd=ROOT, env=environment, text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip

    def send(self, do: str, request: dict[str, Any] | None = None) -> None:
        """Ask for something and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps({'do': do, **(request or {})})}\n")
        self._process.stdin.flush()

    def reply(self) -> dict[str, Any]:
        """Return the reply to what was asked first of what is not answered.

        Raises:
            WorkerError: it failed, or ended.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        reply = json.loads(line) if line else {"error": f"ended with {self._process.wait()}"}
        if "error" in reply:
            raise WorkerError(f"{reply['error']} (see {self.log})")
        return dict(reply)

    def ask(self, do: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask and wait for the reply."""
        self.send(do, request)
        return self.reply()

    def seconds(self, do: str, request: dict[str, Any] | None = None) -> float:
        """Ask, and return the seconds that the worker says it took."""
        return float(self.ask(do, request)["seconds"])

    def __enter__(self) -> Self:
        """Return the worker; it ends with the block."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._errors.close()
