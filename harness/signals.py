"""Signals that end a job early: one becomes an exception in the main thread, and the process is gone in ten seconds.

Only the command line listens (harness.cli): whoever calls the library has handlers of their own. A scheduler's signals
exit with 75, which asks it to queue the job again; Ctrl-C with 130.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from types import FrameType

from harness.errors import printable
from harness.redact import command_line

INTERRUPTED, REQUEUE = 130, 75
CODES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: REQUEUE, signal.SIGUSR1: REQUEUE}
"""The exit code of each signal."""
PATIENCE = 8.0
"""Seconds that the main thread has to come to its end."""


class Ended(KeyboardInterrupt):
    """A signal asked for the end; whoever it passes may add a note on what is done."""

    def __init__(self, number: int) -> None:
        """Take note of the signal."""
        self.signal = signal.Signals(number)
        super().__init__(self.signal.name)


@contextmanager
def heard() -> Iterator[None]:
    """Raise `Ended` in this block, in the main thread, when a signal of `CODES` comes.

    Where the block is not left `PATIENCE` seconds later (the main thread is in a library that does not look, or the
    exception was lost in a destructor), or a Ctrl-C follows, the process is left all the same: every file is whole at
    any moment. A signal that was ignored before, as under `nohup`, is ignored.
    """
    below, above = socket.socketpair()
    above.settimeout(0)
    Thread(target=_leave_late, args=(below,), name="signals", daemon=True).start()
    # The byte is written when the signal comes, whatever the main thread does; a handler has to wait for Python.
    wakeup = signal.set_wakeup_fd(above.fileno(), warn_on_full_buffer=False)
    listened = [number for number in CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _end) for number in listened}
    try:
        yield
    finally:
        for number, handler in before.items():
            # After a signal the others stay as `_end` left them: the process is on its way out.
            if signal.getsignal(number) is _end:
                signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        above.close()


def told(end: KeyboardInterrupt) -> int:
    """Return the exit code for `end`, after one line on standard error: what is done, and what goes on with it."""
    number = end.signal if isinstance(end, Ended) else signal.SIGINT
    _tell(number, getattr(end, "__notes__", ()))
    return CODES[number]


def _tell(number: signal.Signals, done: Sequence[str]) -> None:
    line = f"interrupted by {number.name}: {'; '.join(done) or 'what is finished is kept'}; go on with: "
    again = any(word.lstrip("+").lower() == "force=true" for word in sys.argv[1:])
    line += command_line() + (" (but without force=true, which begins anew)" if again else "")
    sys.stderr.write(f"{printable(line)}\n")


def _end(number: int, _frame: FrameType | None) -> None:
    """Raise the end; a scheduler's further signals are not heard any more, a second Ctrl-C ends the process at once."""
    for other in CODES:
        signal.signal(other, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise Ended(number)


def _leave_late(line: socket.socket) -> None:
    """Wait for a signal, and then until the other end is closed; leave the process where that does not happen."""
    with line:
        while (byte := line.recv(1)) and byte[0] not in CODES:
            pass
        line.settimeout(PATIENCE)
        with suppress(TimeoutError):
            # A second Ctrl-C is in a hurry.
            while (more := line.recv(1)) and more[0] != signal.SIGINT:
                pass
            if not more:
                return
        number = signal.Signals(byte[0])
        _tell(number, ())
        os._exit(CODES[number])
