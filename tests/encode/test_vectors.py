from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.encode.encoder import Encoder
from harness.encode.vectors import TokenVectors, pack, unit
from harness.errors import ModelError

TEXTS = ["the old bridge of the north", "aspirin", "", "stone town river, drug"]


def test_every_row_has_unit_norm(encoder_of: Callable[..., Encoder]) -> None:
    vectors = encoder_of().documents(TEXTS, [32]).by_dim[32].vectors_ND
    assert vectors.shape[1] == 32
    assert vectors.dtype == torch.float16
    torch.testing.assert_close(vectors.double().norm(dim=1), torch.ones(len(vectors)).double(), atol=1e-3, rtol=0)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-6, 1.0, 300.0, 1e5]))
def test_vectors_are_rounded_once_from_float32(seed: int, scale: float) -> None:
    rows = torch.randn(5, 24, generator=torch.Generator().manual_seed(seed)) * scale
    exact = rows.double().numpy()
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    found = unit(rows).double().numpy()
    half_a_step = np.maximum(np.spacing(np.abs(exact).astype(np.float16)).astype(np.float64), 2**-24) * 0.5
    assert (np.abs(found - exact) <= half_a_step * 1.001).all()


def test_a_dimension_without_a_projection_of_its_own_is_not_encoded(encoder_of: Callable[..., Encoder]) -> None:
    with pytest.raises(ValueError, match="opened without a projection to 8 dimensions"):
        encoder_of(head="linear.weight").documents(TEXTS, [8])


def test_packing_keeps_every_text_apart() -> None:
    pieces = [torch.full((count, 2), float(count)).half() for count in (2, 0, 3, 0, 1)]
    packed = pack(pieces, 2)
    assert packed.lengths.tolist() == [2, 0, 3, 0, 1]
    assert all(torch.equal(packed.of(place), piece) for place, piece in enumerate(pieces))
    assert pack([], 2).vectors_ND.shape == (0, 2)


@pytest.mark.parametrize("offsets", [[0, 2], [1, 3], [0, 4]])
def test_offsets_that_do_not_cover_the_rows_are_refused(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="do not cover 3 rows"):
        TokenVectors(torch.ones(3, 2).half(), torch.tensor(offsets, dtype=torch.int64))


def test_vectors_of_another_precision_are_refused() -> None:
    with pytest.raises(ValueError, match=r"stored as float16, got torch\.float32"):
        TokenVectors(torch.ones(1, 2), torch.tensor([0, 1]))


@pytest.mark.parametrize("row", [[0.0, 0.0, 0.0], [1e30, 1e30, 1.0]])
def test_a_vector_without_a_direction_is_refused_and_never_scores(row: list[float]) -> None:
    with pytest.raises(ModelError, match="a token vector is zero"):
        unit(torch.tensor([[1.0, 0.0, 0.0], row]))
