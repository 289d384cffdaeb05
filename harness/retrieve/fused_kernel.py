"""The Triton kernel of `harness.retrieve.fused`: MaxSim at every dimension from one product that is never written.

Axes: R query rows, q queries, C document rows of a tile, W documents side by side, D columns.

A program keeps R query rows and walks through the tiles of a run of groups of documents. The (R, C) product of a tile
is summed up from cut to cut; at each cut that is asked for it is scaled and raises the (R, W) maxima. The columns that
compete for a maximum lie W apart, which on a tensor core is in one thread: nothing is exchanged before a group is done.
Programs share nothing and every score is written by one of them, so no order changes a bit.

The arguments, S scaled dimensions (harness.retrieve.fused_layout):
    queries, query_scales   (query_count * length, WIDTH) float16, (S, query_count * length) float32
    tokens, token_scales    (token_count, WIDTH) float16, (S, token_count) float32
    bounds, owners          (group_count + 1), (group_count, SIDE) int32: the first tile of each group, its documents
    scores                  (dimensions, query_count, document_count) float32, written
    length, first           rows of a query, and the first of its PER rows that are added now
    run, QUERIES            groups and queries of a program
    STEPS                   (start, stop) columns that are added one after another
    TAKEN                   for each step the place in `scores` of the dimension that it completes, -1 for none
    SCALES                  for each place in `scores` its row of the scales, -1 for none
    SIDE, HALVINGS          documents side by side; a tile has 2 ^ HALVINGS tokens of each
    CHUNK                   columns read at a time; 0 where the query rows are kept
"""

# ruff: noqa: PLR0913, PLR0917, RUF005 - a kernel takes pointers and numbers one by one, and Triton unpacks no tuples

import triton
import triton.language as tl

from harness.retrieve.fused_parts import added, after_tile, kept


def _maxsim(
    queries: tl.tensor,
    query_scales: tl.tensor,
    tokens: tl.tensor,
    token_scales: tl.tensor,
    bounds: tl.tensor,
    owners: tl.tensor,
    scores: tl.tensor,
    length: tl.tensor,
    first: tl.tensor,
    query_count: tl.tensor,
    document_count: tl.tensor,
    group_count: tl.tensor,
    token_count: tl.tensor,
    run: tl.tensor,
    WIDTH: tl.constexpr,
    STEPS: tl.constexpr,
    TAKEN: tl.constexpr,
    SCALES: tl.constexpr,
    PER: tl.constexpr,
    QUERIES: tl.constexpr,
    SIDE: tl.constexpr,
    HALVINGS: tl.constexpr,
    CHUNK: tl.constexpr,
) -> None:
    """Score `QUERIES` queries against `run` groups of documents."""
    sets = tl.cdiv(query_count, QUERIES)
    # All programs of a run of documents are neighbours, which lets its tiles come from the cache.
    first_query = tl.program_id(0) % sets * QUERIES
    first_group = tl.program_id(0) // sets * run
    at_R = tl.arange(0, PER * QUERIES)
    real_R = first_query + at_R // PER < query_count
    # Whatever counts rows of the whole set is 64 bits wide, distances within a program are not.
    first_row = tl.cast(first_query, tl.int64) * length + first
    row_R = at_R // PER * length + at_R % PER
    query_R = queries + first_row * WIDTH + row_R * WIDTH
    scale_R = query_scales + first_row + row_R
    kept_RD: tl.tuple = kept(query_R, real_R, STEPS) if CHUNK == 0 else ()
    for group in range(first_group, tl.minimum(first_group + run, group_count)):
        best: tl.tuple = ()
        for _ in tl.static_range(len(SCALES)):
            best = best + (tl.full((PER * QUERIES, SIDE), float("-inf"), tl.float32),)
        for tile in range(tl.load(bounds + group), tl.load(bounds + group + 1)):
            token = tl.cast(tile, tl.int64) * (SIDE << HALVINGS)
            token_C = tokens + token * WIDTH + tl.arange(0, SIDE << HALVINGS) * WIDTH
            scale_C = token_scales + token + tl.arange(0, SIDE << HALVINGS)
            best = after_tile(
                best, kept_RD, query_R, real_R, token_C, scale_C, token_count, STEPS, TAKEN, SCALES, HALVINGS, CHUNK
            )
        query_q = first_query + tl.arange(0, QUERIES)
        owner_W = tl.load(owners + group * SIDE + tl.arange(0, SIDE))
        written_qW = (query_q < query_count)[:, None] & (owner_W >= 0)[None, :]
        scores_qW = scores + tl.cast(query_q, tl.int64)[:, None] * document_count + owner_W[None, :]
        for d in tl.static_range(len(SCALES)):
            best_RW: tl.tensor = best[d]
            if SCALES[d] >= 0:
                scales_R = tl.load(scale_R + SCALES[d] * tl.cast(query_count, tl.int64) * length, real_R, 0.0)
                best_RW = best_RW * scales_R[:, None]
            added(scores_qW + d * tl.cast(query_count, tl.int64) * document_count, best_RW, written_qW, first)


COUNTS = ["first", "query_count", "document_count", "group_count", "token_count", "run"]
"""Numbers that change from block to block: Triton must not compile anew for each."""
maxsim = triton.jit(_maxsim, do_not_specialize=COUNTS)
