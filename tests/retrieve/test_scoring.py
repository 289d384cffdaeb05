from __future__ import annotations

import pytest
import torch

from harness.encode.vectors import TokenVectors, pack, unit
from harness.errors import ConfigError
from harness.retrieve.maxsim import maxsim, query_tiles
from harness.retrieve.scoring import scorer


def texts(seed: int, *lengths: int) -> TokenVectors:
    generator = torch.Generator().manual_seed(seed)
    return pack([unit(torch.randn(length, 8, generator=generator)) for length in lengths], 8)


@pytest.mark.parametrize("path", ["auto", "plain"])
def test_on_a_cpu_the_path_is_that_of_float32_tiles_and_is_named(path: str) -> None:
    queries, documents = texts(1, 3, 5), texts(2, 4, 0, 9)
    one = scorer(queries, (4, 8), path=path)
    assert (one.path, one.cuts, one.scaled) == ("float32 tiles", (4, 8), (4,))
    expected = maxsim(query_tiles(queries, (4, 8)), documents)
    assert all(torch.equal(scores, expected[dim]) for dim, scores in one.scores(documents, (4, 8)).items())


def test_the_fused_kernel_is_not_replaced_by_another_path_where_it_cannot_run() -> None:
    with pytest.raises(ConfigError, match=r"engine\.maxsim: got fused on cpu, Triton .*Write engine\.maxsim=auto"):
        scorer(texts(1, 3), path="fused")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("path", "name"), [("auto", "fused kernel"), ("plain", "plain products")])
def test_on_a_gpu_both_paths_score_as_the_cpu_does(path: str, name: str) -> None:
    queries, documents = texts(1, 3, 5), texts(2, 4, 0, 9, 300)
    there = [TokenVectors(vectors.vectors_ND.cuda(), vectors.offsets) for vectors in (queries, documents)]
    one = scorer(there[0], (4, 8), path=path)
    assert one.path == name
    expected = scorer(queries, (4, 8)).scores(documents, (4, 8))
    for dim, scores_QP in one.scores(there[1], (4, 8)).items():
        torch.testing.assert_close(scores_QP.cpu(), expected[dim], rtol=0, atol=1e-5)
