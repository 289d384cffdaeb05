"""Seconds by what they were spent on: a processor's own, or a GPU's, on which work is queued and done later."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import torch

READ, ENCODE, SEARCH, COMMIT = "read and tokenise", "encode", "search", "commit"
"""What the seconds of a pass are spent on."""


class Clock:
    """Laps since `start`, read once at the end of a block: a GPU is waited for there and nowhere before."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.start()

    def start(self) -> None:
        """Begin the first lap."""
        self._names: list[str] = []
        self._marks = [self._mark()]

    def lap(self, name: str) -> None:
        """End a lap, in which `name` was done."""
        self._names.append(name)
        self._marks.append(self._mark())

    def read(self) -> dict[str, float]:
        """Return the seconds by name since `start`."""
        if self._device.type == "cuda":
            self._marks[-1].synchronize()
        spent: dict[str, float] = {}
        for name, (before, after) in zip(self._names, pairwise(self._marks), strict=True):
            # An event's are milliseconds.
            seconds = before.elapsed_time(after) / 1000 if self._device.type == "cuda" else after - before
            spent[name] = spent.get(name, 0.0) + seconds
        return spent

    def _mark(self) -> Any:
        """Return this moment: of the processor, or of what the GPU has been given so far."""
        if self._device.type != "cuda":
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        return event
