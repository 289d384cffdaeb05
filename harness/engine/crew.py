"""Worker processes as their parent sees them: started fresh, spoken to through pipes, and gone when it is done.

They are started as a command of their own, not forked and not by multiprocessing, which would import the caller's main
module in each of them: a script that calls `evaluate` needs no guard, and no worker imports what it does not need.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import IO

from harness.engine.messages import Down, Failed, Over, Up
from harness.engine.places import Places
from harness.errors import HarnessError, short
from harness.retrieve.shards import Shard

PATIENCE = 2.0
"""Seconds that a worker has to end before it is killed."""
MOMENT = 0.5
"""Seconds between one signal and the same one to another process of the same job, at most."""
OFTEN = 0.3
"""Seconds between two calls of what `messages` does beside listening."""


@dataclass(eq=False)
class Worker:
    """One worker and what it has been given."""

    number: int
    """From 1."""
    process: subprocess.Popen[bytes]
    connection: Connection
    said: IO[bytes]
    """What came out of it, which is nothing unless it broke down."""
    held: list[Shard] = field(default_factory=list)
    """Shards that it was given and that are not done."""
    asks: bool = False
    """Whether it has asked for a shard that it was not given yet."""

    def send(self, message: Down) -> None:
        """Send a message down.

        Raises:
            HarnessError: the worker is gone.
        """
        try:
            self.connection.send(message)
        except OSError:
            raise self._lost() from None

    def receive(self) -> Up:
        """Return its next message.

        Raises:
            HarnessError: the worker met a fault, or is gone.
            RuntimeError: it met a fault of the harness.
        """
        try:
            message: Up = self.connection.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if isinstance(message, Failed):
            raise message.error or RuntimeError(f"worker {self.number} failed\n{message.trace}")
        return message

    def end(self) -> None:
        """Have it gone, whatever it does."""
        self.connection.close()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.said.close()

    def _lost(self) -> HarnessError:
        """Return the error to raise once the other end of the pipe is closed."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        code = self.process.returncode
        if code == -signal.SIGTERM:
            # One that goes to all processes of a job is on its way to this one too, and says more.
            time.sleep(MOMENT)
        how = "it does not answer" if code is None else f"exit code {code}"
        if code is not None and code < 0:
            how = signal.Signals(-code).name
        self.said.seek(0)
        last = self.said.read().decode(errors="replace").strip().rpartition("\n")[2]
        work = " and ".join(f"documents {start:,} to {stop:,}" for start, stop in self.held) or "no shard yet"
        remedy = "Start again: only what is missing is done. With engine.workers=1 it takes the least memory"
        got = f"{how}, it had {work}" + (f", its last line {short(last, 200)}" if last else "")
        return HarnessError(f"worker {self.number} died", got=got, remedy=remedy)


@contextmanager
def crew(places: Places) -> Iterator[list[Worker]]:
    """Give the workers of `places`; they are gone when the block is left, in whatever way."""
    workers: list[Worker] = []
    try:
        for number in range(places.workers):
            _start(workers, places.environment(number))
        yield workers
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.end()


def messages(workers: Sequence[Worker], now_and_then: Callable[[], None] | None = None) -> Iterator[tuple[Worker, Up]]:
    """Yield the messages of all workers as they come, until each has said that it is over.

    Args:
        workers: those that are there.
        now_and_then: called every third of a second or so, whatever comes.

    Raises:
        HarnessError: a worker met a fault, or is gone.
    """
    by_connection = {worker.connection: worker for worker in workers}
    called = time.monotonic()
    while by_connection:
        for ready in wait(list(by_connection), None if now_and_then is None else OFTEN):
            worker = by_connection[ready]  # type: ignore[index]
            message = worker.receive()
            if isinstance(message, Over):
                del by_connection[worker.connection]
            yield worker, message
        if now_and_then is not None and time.monotonic() >= called + OFTEN:
            now_and_then()
            called = time.monotonic()


def _start(workers: list[Worker], environment: dict[str, str]) -> None:
    """Start one more worker."""
    above, below = Pipe()
    said = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when the worker has ended
    # The path as it is here: whatever this process could import, the worker can.
    path = os.pathsep.join(place or str(os.curdir) for place in sys.path)
    # -P: and nothing that lies where it happens to be started.
    command = [sys.executable, "-P", "-m", "harness.engine.worker", str(below.fileno())]
    # A Ctrl-C goes to all processes of a terminal, a scheduler's SIGUSR1 to all of a job: the workers are deaf to
    # them, their parent ends them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGUSR1})
    try:
        process = subprocess.Popen(
            command, env={**os.environ, **environment, "PYTHONPATH": path}, pass_fds=[below.fileno()],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
        workers.append(Worker(len(workers) + 1, process, above, said))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        below.close()
