"""Rounds A B C A B C: what is compared is measured by turns in one run, so that a busy minute hits all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Action = Callable[[], float | None]
"""Does the work once; returns its seconds where another process has timed it, None to be timed here."""


def interleave(actions: Mapping[str, Action], rounds: int, *, warm: bool = True) -> dict[str, list[float]]:
    """Return the seconds of every action in every round.

    Args:
        actions: by the name of the variant.
        rounds: how often each is done.
        warm: do each once before, untimed.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(-1 if warm else 0, rounds):
        for name, action in actions.items():
            started = time.perf_counter()
            told = action()
            taken = time.perf_counter() - started if told is None else told
            if turn >= 0:
                seconds[name].append(taken)
    return seconds
