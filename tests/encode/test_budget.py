"""Running out of memory halves a batch where it may, loses no text, and ends in one line where it may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from harness.encode.batches import Batch
from harness.encode.budget import Budget, first_budget, in_batches
from harness.encode.encoder import Encoder
from harness.errors import ModelError
from harness.spec import EngineSpec

TEXTS = ["the old bridge", "aspirin is a drug", "", "river " * 30, "a", "town of the north " * 4, "stone " * 12] * 3
CPU, CUDA = torch.device("cpu"), torch.device("cuda")
Open = Callable[..., Encoder]


class Small(nn.Module):
    """A backbone that has memory for so many tokens."""

    def __init__(self, backbone: nn.Module, room: int, error: Callable[[], Exception]) -> None:
        super().__init__()
        self.backbone, self.room, self.error = backbone, room, error
        self.tried: list[int] = []

    def forward(self, input_ids: torch.Tensor, **others: Any) -> Any:
        self.tried.append(input_ids.shape[1])
        if input_ids.shape[1] > self.room:
            raise self.error()
        return self.backbone(input_ids=input_ids, **others)


def cuda_error() -> Exception:
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def cpu_error() -> Exception:
    return RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")


def small(encoder: Encoder, room: int, error: Callable[[], Exception] = cuda_error, **changes: Any) -> Encoder:
    checkpoint = replace(encoder.checkpoint, backbone=Small(encoder.checkpoint.backbone, room, error))
    return replace(encoder, checkpoint=checkpoint, **({"batch_tokens": 400, "halves": True} | changes))


@pytest.mark.parametrize("error", [cuda_error, cpu_error])
@pytest.mark.parametrize(("room", "ended"), [(400, 400), (399, 200), (130, 100), (64, 50)])
def test_the_budget_is_halved_until_batches_fit_and_no_text_is_lost(
    encoder_of: Open, error: Callable[[], Exception], room: int, ended: int
) -> None:
    encoder = encoder_of()
    width = encoder.checkpoint.width
    expected = encoder.documents(TEXTS, [width])
    tight = small(encoder, room, error)
    told: list[tuple[int, int]] = []
    found = tight.documents(TEXTS, [width], lambda texts, tokens: told.append((texts, tokens)))
    assert torch.equal(found.by_dim[width].vectors_ND, expected.by_dim[width].vectors_ND)
    assert torch.equal(found.by_dim[width].offsets, expected.by_dim[width].offsets)
    assert tight.details["batch_tokens"] == ended
    assert [sum(counts) for counts in zip(*told, strict=True)] == [len(TEXTS), expected.tokens]


def test_what_was_found_holds_for_the_next_texts(encoder_of: Open) -> None:
    tight = small(encoder_of(), 130)
    width = tight.checkpoint.width
    tight.documents(TEXTS, [width])
    backbone = tight.checkpoint.backbone
    assert isinstance(backbone, Small)
    backbone.tried.clear()
    tight.documents(TEXTS, [width])
    assert max(backbone.tried) == 100


def test_a_batch_never_gets_smaller_than_its_longest_text(encoder_of: Open) -> None:
    tight = small(encoder_of(), 60)
    width = tight.checkpoint.width
    texts = ["stone " * 100, "a", "the old bridge"]
    assert tight.documents(texts, [width]).by_dim[width].lengths.tolist() == [60, 3, 5]
    assert tight.details["batch_tokens"] == 60


@pytest.mark.parametrize("error", [cuda_error, cpu_error])
def test_a_text_that_does_not_fit_alone_ends_in_one_line_that_names_the_batch(
    encoder_of: Open, error: Callable[[], Exception]
) -> None:
    tight = small(encoder_of(), 0, error)
    with pytest.raises(ModelError) as caught:
        tight.documents(["stone " * 30, "a"], [tight.checkpoint.width])
    assert str(caught.value) == (
        "tiny ran out of memory: got a batch of 32 tokens, the smallest that holds a text. "
        "Shorten its texts with model.document_length, or run it on a machine with more memory"
    )
    assert caught.value.exit_code == 4


def test_a_size_that_is_the_machines_own_is_not_halved_and_the_line_says_how_to_do_it(encoder_of: Open) -> None:
    tight = small(encoder_of(), 399, cpu_error, halves=False)
    with pytest.raises(ModelError, match=r"tiny ran out of memory: got a batch of 400 tokens\. Write .*tokens=200"):
        tight.documents(TEXTS, [tight.checkpoint.width])
    assert tight.details["batch_tokens"] == 400


def test_another_error_of_the_backbone_is_not_taken_for_a_lack_of_memory(encoder_of: Open) -> None:
    tight = small(encoder_of(), 0, lambda: RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        tight.documents(TEXTS, [tight.checkpoint.width])


@pytest.mark.parametrize("room", [64, 128, 1000])
def test_batches_that_are_not_filled_up_are_halved_by_what_they_hold(room: int) -> None:
    texts = [[1] * length for length in (5, 60, 31, 9, 9, 20, 64, 2, 2, 2)]
    budget = Budget(65_536, halves=True, filled=False)
    done: list[int] = []

    def run(batch: Batch) -> int:
        if len(batch.ids_T) > room:
            raise cuda_error()
        return len(batch.ids_T)

    for batch, size in in_batches("model", texts, None, budget, run):
        done += batch.texts
        assert size % 64 == 0
    assert sorted(done) == list(range(10))
    assert budget.tokens == (65_536 if room == 1000 else 102 if room == 128 else 64)


def test_texts_without_a_token_need_no_batch() -> None:
    assert list(in_batches("model", [[], []], None, Budget(8), lambda batch: batch)) == []


@pytest.mark.parametrize(
    ("asked", "device", "precision", "expected"),
    [
        (None, CPU, "strict", Budget(1024)),
        (None, CPU, "fast", Budget(2048)),
        (96, CPU, "strict", Budget(96, halves=True)),
        (None, CUDA, "strict", Budget(65_536, halves=True, filled=False)),
        (4096, CUDA, "fast", Budget(4096, halves=True, filled=False)),
    ],
)
def test_the_first_budget_is_the_one_asked_for_or_the_devices_own(
    asked: int | None, device: torch.device, precision: str, expected: Budget
) -> None:
    assert first_budget(EngineSpec(batch_tokens=asked), device, precision) == expected
