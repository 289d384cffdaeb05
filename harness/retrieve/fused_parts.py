"""What the fused kernel is made of: its functions for a tile, in Triton's language.

Axes: R query rows, q queries, L rows of a query, C document rows of a tile, W documents side by side, D columns.

Triton reads these functions as text. `jit` is called by name: a decorator from a package without types would leave them
without types.
"""

# ruff: noqa: PLR0913, PLR0917, RUF005 - kernels take pointers and numbers one by one, and Triton unpacks no tuples

import triton
import triton.language as tl


def _larger(one: tl.tensor, other: tl.tensor) -> tl.tensor:
    """Return the larger; NaN where one is NaN: a vector that is no number must not vanish in a maximum."""
    return tl.maximum(one, other, propagate_nan=tl.PropagateNan.ALL)


larger = triton.jit(_larger)


def _columns(rows: tl.tensor, WIDTH: tl.constexpr) -> tl.tensor:
    """Return pointers to WIDTH columns, from where the pointers to rows stand."""
    return rows[:, None] + tl.arange(0, WIDTH)[None, :]


columns = triton.jit(_columns)


def _kept(query_R: tl.tensor, real_R: tl.tensor, STEPS: tl.constexpr) -> tl.tuple:
    """Return the query rows, one tensor a step."""
    rows: tl.tuple = ()
    for s in tl.static_range(len(STEPS)):
        at_RD = columns(query_R + STEPS[s][0], STEPS[s][1] - STEPS[s][0])
        rows = rows + (tl.load(at_RD, mask=real_R[:, None], other=0.0),)
    return rows


kept = triton.jit(_kept)


def _raised(best_RW: tl.tensor, product_RC: tl.tensor, HALVINGS: tl.constexpr) -> tl.tensor:
    """Return the maxima after a tile: its halves are compared until one column a document is left."""
    for _ in tl.static_range(HALVINGS):
        halves_R2H = tl.reshape(product_RC, (best_RW.shape[0], 2, product_RC.shape[1] // 2))
        one_RH, other_RH = tl.split(tl.permute(halves_R2H, (0, 2, 1)))
        product_RC = larger(one_RH, other_RH)
    return larger(best_RW, product_RC)


raised = triton.jit(_raised)


def _after_tile(
    best: tl.tuple,
    kept_RD: tl.tuple,
    query_R: tl.tensor,
    real_R: tl.tensor,
    token_C: tl.tensor,
    scale_C: tl.tensor,
    token_count: tl.tensor,
    STEPS: tl.constexpr,
    TAKEN: tl.constexpr,
    SCALES: tl.constexpr,
    HALVINGS: tl.constexpr,
    CHUNK: tl.constexpr,
) -> tl.tuple:
    """Return the maxima after a tile, at every dimension, from one product that is summed up from cut to cut."""
    sum_RC = tl.zeros((query_R.shape[0], token_C.shape[0]), tl.float32)
    for s in tl.static_range(len(STEPS)):
        if CHUNK == 0:
            token_CD = tl.load(columns(token_C + STEPS[s][0], STEPS[s][1] - STEPS[s][0]))
            sum_RC = tl.dot(kept_RD[s], token_CD.T, sum_RC, input_precision="ieee")
        else:
            for k in range(STEPS[s][0], STEPS[s][1], CHUNK):
                query_RD = tl.load(columns(query_R + k, CHUNK), mask=real_R[:, None], other=0.0)
                sum_RC = tl.dot(query_RD, tl.load(columns(token_C + k, CHUNK)).T, sum_RC, input_precision="ieee")
        if TAKEN[s] >= 0:
            product_RC = sum_RC
            if SCALES[TAKEN[s]] >= 0:
                product_RC = sum_RC * tl.load(scale_C + SCALES[TAKEN[s]] * tl.cast(token_count, tl.int64))[None, :]
            best_RW = raised(best[TAKEN[s]], product_RC, HALVINGS)
            best = best[: TAKEN[s]] + (best_RW,) + best[TAKEN[s] + 1 :]
    return best


after_tile = triton.jit(_after_tile)


def _added(scores_qW: tl.tensor, best_RW: tl.tensor, written_qW: tl.tensor, first: tl.tensor) -> None:
    """Write the sums over each query's rows, on top of what its earlier rows gave."""
    queries: tl.constexpr = scores_qW.shape[0]
    best_qLW = tl.reshape(best_RW, (queries, best_RW.shape[0] // queries, best_RW.shape[1]))
    sum_qW = tl.sum(best_qLW, axis=1)
    if first > 0:
        sum_qW += tl.load(scores_qW, mask=written_qW)
    tl.store(scores_qW, sum_qW, mask=written_qW)


added = triton.jit(_added)
