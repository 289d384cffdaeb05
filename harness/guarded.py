"""Faults on their way out of a command: one line on standard error, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from harness.errors import HarnessError, StorageError, printable
from harness.redact import redacted

PIPE_CLOSED = 141


def shown(work: Callable[[], None]) -> None:
    """Do `work`, which prints.

    Raises:
        BrokenPipeError: nobody reads standard output any more.
    """
    try:
        work()
    except SystemExit as gone:
        # rich leaves that way, with 1, where the reader of standard output is gone.
        raise BrokenPipeError from gone


def guarded(work: Callable[[], None]) -> int:
    """Return 0, or the exit code of the fault that `work` met, told in one line."""
    try:
        work()
    except HarnessError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except BrokenPipeError:
        # The reader of standard output is gone (`| head`): nothing more can be said, and Python must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        # A disk that fails outside of harness.storage (Hydra makes `out` for a sweep): no fault of the harness either.
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"error: {redacted(printable(f'{place}{error.strerror or error}'))}\n")
        return StorageError.exit_code
    return 0
