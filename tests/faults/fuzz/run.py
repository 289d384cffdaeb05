"""Damaged files, one after another: what came of each.

`python -m tests.faults.fuzz.run KIND [NUMBER]` reads one again and tells more.
"""

from __future__ import annotations

import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from harness.errors import HarnessError, printable
from tests.faults.fuzz.kind import Kind, RefusedError
from tests.faults.fuzz.kinds import KINDS
from tests.faults.fuzz.mutations import mutated

SEED = 20260
LIMIT = 5.0
"""Seconds that one file may take."""
REFUSED, SAME, OTHER = "clear error", "as the whole file", "as it says now"
"""What may come of a damaged file."""


class WrongError(Exception):
    """What may not."""


class Fault(NamedTuple):
    """One file that something else came of."""

    kind: str
    number: int
    what: str
    content: bytes

    def __str__(self) -> str:
        return f"{self.kind} {self.number}: {self.what}: {self.content[:300]!r}"


def case(kind: Kind, number: int) -> bytes:
    """Return damaged file `number` of a kind: the same one each time."""
    chosen = random.Random(f"{SEED} {kind.name} {number}")
    return mutated(chosen, chosen.choice(kind.whole))


def outcome(kind: Kind, folder: Path, content: bytes) -> str:
    """Return what came of one file.

    Raises:
        WrongError: what may not.
    """
    told = plain(kind, content)
    found: Any = None
    try:
        with limited(LIMIT):
            found = kind.read(folder, content)
    except HarnessError as error:
        text = str(error)
        if not text or printable(text) != text or len(text) > 2000:
            raise WrongError(f"an error that is not one plain line: {text[:200]!r}") from error
        if kind.strict and told is not RefusedError:
            raise WrongError(f"refused what is right: {text[:200]}") from error
        return REFUSED
    except Exception as error:
        raise WrongError(f"{type(error).__name__}: {str(error)[:200]}") from error
    if told is RefusedError:
        raise WrongError(f"read what is none: {str(found)[:300]}")
    if not kind.agree(told, found):
        raise WrongError(f"read {str(found)[:300]} where {str(told)[:300]} stands")
    return SAME if any(told == plain(kind, one) for one in kind.whole) else OTHER


def plain(kind: Kind, content: bytes) -> Any:
    """Return what a file says by definition; RefusedError itself where it says nothing."""
    try:
        return kind.oracle(content)
    except RefusedError as nothing:
        return type(nothing)


def fuzz(kind: Kind, numbers: range) -> tuple[Counter[str], list[Fault]]:
    """Return how many files of a kind came to what, and the faults."""
    counts: Counter[str] = Counter()
    faults: list[Fault] = []
    for number in numbers:
        content = case(kind, number)
        folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        try:
            counts[outcome(kind, folder, content)] += 1
        except WrongError as wrong:
            faults.append(Fault(kind.name, number, str(wrong), content))
        finally:
            shutil.rmtree(folder)
    return counts, faults


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in this block once it has taken too long; also where it noticed nothing of that."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    started = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if time.monotonic() - started > seconds:
        raise TimeoutError(f"more than {seconds:g} s")


def main(name: str, number: str | None = None) -> None:
    kind = next(one for one in KINDS if one.name == name)
    if number is None:
        started = time.monotonic()
        counts, faults = fuzz(kind, range(kind.cases))
        sys.stdout.write(f"{dict(counts)}, {len(faults)} faults, {time.monotonic() - started:.1f} s\n")
        sys.stdout.writelines(f"{fault}\n" for fault in faults)
        return
    content = case(kind, int(number))
    sys.stdout.write(f"{content!r}\nby definition: {plain(kind, content)}\n")
    with tempfile.TemporaryDirectory() as folder:
        try:
            sys.stdout.write(f"{outcome(kind, Path(folder), content)}\n")
        except WrongError:
            traceback.print_exc(file=sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
