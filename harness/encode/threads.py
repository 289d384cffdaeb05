"""Pieces of work side by side on the threads of a CPU, each piece on one of them: batches, and tiles of queries.

Threads that share every small product wait for each other at its end; pieces know nothing of each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeVar

import torch

In = TypeVar("In")
Out = TypeVar("Out")


@contextmanager
def one_thread() -> Iterator[int]:
    """Run what is inside on one of torch's threads; give how many there were.

    Threads that sleep between small products, as under `python -m harness`, take longer to wake than to multiply.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)


def side_by_side(run: Callable[[In], Out], items: Iterator[In], threads: int) -> Iterator[tuple[In, Out]]:
    """Yield every item with what `run` makes of it, in their order, `threads` of them at once.

    A single item, and any where `threads` is 1, is run here. What `run` raises is raised; left early, the iterator
    waits for what was begun.
    """
    begun = list(islice(items, threads + 1))
    if threads == 1 or len(begun) < 2:
        yield from ((item, run(item)) for item in chain(begun, items))
        return
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, "encode", initializer=torch.set_num_threads, initargs=(1,))
    try:
        pending: deque[tuple[In, Future[Out]]] = deque((item, pool.submit(run, item)) for item in begun)
        while pending:
            done, future = pending.popleft()
            yield done, future.result()
            pending.extend((item, pool.submit(run, item)) for item in islice(items, 1))
    finally:
        pool.shutdown(cancel_futures=True)
        # The number that a new thread begins with was changed with theirs.
        torch.set_num_threads(before)
