"""The process that drives the cluster, as the one that asks for it sees it: started, listened to, gone at the end."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from harness.engine.cluster.leftovers import MARK, end
from harness.engine.cluster.messages import Drive, Said
from harness.engine.crew import MOMENT
from harness.engine.messages import Failed
from harness.errors import HarnessError, StorageError, short
from harness.watch import Watch

PATIENCE = 4.0
"""Seconds that the driver has to end, and Ray with it, before it is killed."""
LONGEST = 40
"""Letters of the folder of Ray's files: the path of a socket may have 107, and Ray puts up to 67 behind it."""


class Driver:
    """The process, and the way to it."""

    def __init__(self, process: subprocess.Popen[bytes], connection: Connection, said: Path) -> None:
        """Keep them, and the file of what comes out of it, which is nothing unless it broke down."""
        self.process, self._connection, self._said = process, connection, said

    def send(self, message: Drive) -> None:
        """Send it what is to be done.

        Raises:
            HarnessError: it is gone.
        """
        try:
            self._connection.send(message)
        except OSError:
            raise self._lost() from None

    def heard(self, watch: Watch) -> Iterator[object]:
        """Yield its messages; lines are told to `watch`.

        Raises:
            HarnessError: it met a fault, or is gone.
            RuntimeError: it met a fault of the harness.
        """
        while True:
            try:
                message: object = self._connection.recv()
            except (EOFError, OSError):
                raise self._lost() from None
            if isinstance(message, Failed):
                raise message.error or RuntimeError(f"the driver of Ray failed\n{message.trace}")
            if isinstance(message, Said):
                watch.tell(message.line)
            else:
                yield message

    def end(self) -> None:
        """Have it gone, and Ray with it."""
        self._connection.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _lost(self) -> HarnessError:
        """Return the error to raise once the other end of the pipe is closed."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        # A signal that goes to all processes of a job is on its way to this one too, and says more.
        time.sleep(MOMENT)
        code = self.process.returncode
        how = "it does not answer" if code is None else f"exit code {code}"
        if code is not None and code < 0:
            how = signal.Signals(-code).name
        last = self._said.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        got = how + (f", its last line {short(last, 200)}" if last else "")
        return HarnessError("the driver of Ray died", got=got, remedy="Start again: only what is missing is done")


@contextmanager
def ray_folder() -> Iterator[str]:
    """Give a folder for Ray's files; nothing is left of it, nor of the processes that belong to it.

    Raises:
        StorageError: its name would be too long.
    """
    folder = tempfile.mkdtemp(prefix="ray-")
    try:
        if len(folder) > LONGEST:
            got, expected = f"{len(folder)} letters: {folder}", f"{LONGEST} at most: Ray's sockets lie in it"
            remedy = "Name another with TMPDIR=DIR"
            raise StorageError("the temporary folder's name is too long", got=got, expected=expected, remedy=remedy)
        yield folder
    finally:
        end(folder)


@contextmanager
def driving(folder: str, address: str | None) -> Iterator[Driver]:
    """Give the process that drives the cluster; it is gone when the block is left, in whatever way.

    Args:
        folder: for the files of Ray.
        address: of the cluster; None where Ray is to be started.
    """
    above, below = Pipe()
    said = Path(folder, "said")
    # The path as it is here: whatever this process could import, the workers can. -P: and nothing that lies about.
    path = os.pathsep.join(place or str(os.curdir) for place in sys.path)
    command = [sys.executable, "-P", "-m", "harness.engine.cluster.driver", str(below.fileno())]
    environment = {**os.environ, **_variables(folder, address), "PYTHONPATH": path}
    # A Ctrl-C goes to all processes of a terminal, a scheduler's SIGUSR1 to all of a job: the driver is deaf to them,
    # this process ends it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGUSR1})
    try:
        with said.open("wb") as file:
            process = subprocess.Popen(
                command, env=environment, pass_fds=[below.fileno()], stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        below.close()
    driver = Driver(process, above, said)
    try:
        yield driver
    finally:
        driver.end()


def _variables(folder: str, address: str | None) -> Mapping[str, str]:
    found = {MARK: folder, "RAY_USAGE_STATS_ENABLED": "0"}
    if address is None:
        # Whoever else is on this machine reaches the loopback too: they would have to know this.
        found |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    if address is None or address.startswith("127."):
        # Otherwise Ray takes the address of a network in place of the loopback that it is given.
        found["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    return found
