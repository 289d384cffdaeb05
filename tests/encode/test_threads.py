from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from harness.encode.threads import one_thread, side_by_side


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("items", [0, 1, 2, 3, 11])
def test_every_item_comes_once_in_its_order_with_what_was_made_of_it(threads: int, items: int) -> None:
    found = list(side_by_side(lambda item: item * item, iter(range(items)), threads))
    assert found == [(item, item * item) for item in range(items)]


def test_as_many_are_run_at_once_as_there_are_threads_each_with_one_thread_of_torchs() -> None:
    torch.set_num_threads(2)
    together = threading.Barrier(2, timeout=30)

    def run(_: int) -> int:
        together.wait()
        return torch.get_num_threads()

    assert [made for _, made in side_by_side(run, iter(range(4)), 2)] == [1] * 4
    assert torch.get_num_threads() == 2


def test_a_single_item_is_run_with_all_of_torchs_threads() -> None:
    torch.set_num_threads(2)
    assert list(side_by_side(lambda _: torch.get_num_threads(), iter([0]), 2)) == [(0, 2)]


def test_what_a_thread_raises_is_raised_and_torch_keeps_its_threads() -> None:
    torch.set_num_threads(2)

    def run(item: int) -> int:
        if item == 3:
            raise LookupError("the fourth")
        return item

    with pytest.raises(LookupError, match="the fourth"):
        list(side_by_side(run, iter(range(9)), 2))
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert seen == [2]


def test_left_early_no_item_is_begun_any_more() -> None:
    begun: list[int] = []
    some = side_by_side(begun.append, iter(range(100)), 2)
    next(some)
    some.close()
    assert len(begun) <= 4


def test_one_thread_gives_back_what_there_was_whatever_happens() -> None:
    torch.set_num_threads(2)

    def fail() -> None:
        with one_thread() as before:
            assert (before, torch.get_num_threads()) == (2, 1)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert torch.get_num_threads() == 2
