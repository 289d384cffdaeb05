"""The one total order as one integer: score descending, then document id descending by UTF-8 bytes.

A float32 score and the rank of a document id are packed into an int64 key whose plain integer order is the total
order. Keys of different documents differ, so a top-k of keys has no ties to break: it is the same whatever the block,
the shard, the device or the sorting algorithm.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

NOTHING = torch.iinfo(torch.int64).min
"""The key below every key: a place in a top-k that no document has taken."""
MIRROR = 0x7FFFFFFF
"""Flips the order of negative floats, whose bits grow as they fall."""


def id_ranks(doc_ids: Sequence[str]) -> Tensor:
    """Return (P,) int64: the place of each id when all are sorted by their UTF-8 bytes, ascending.

    >>> id_ranks(["9", "10", "é"])
    tensor([1, 0, 2])
    """
    encoded = [doc_id.encode() for doc_id in doc_ids]
    ranks_P = torch.empty(len(encoded), dtype=torch.int64)
    ranks_P[sorted(range(len(encoded)), key=encoded.__getitem__)] = torch.arange(len(encoded))
    return ranks_P


def by_rank(doc_ids: Sequence[str], ranks_P: Tensor) -> list[str]:
    """Return the ids in the order of the ranks that `id_ranks` gave them.

    >>> by_rank(["9", "10", "é"], torch.tensor([1, 0, 2]))
    ['10', '9', 'é']
    """
    return [doc_ids[place] for place in ranks_P.argsort().tolist()]


def keys(scores_QP: Tensor, ranks_P: Tensor) -> Tensor:
    """Return (Q, P) int64 keys, larger means better; a score of -inf has no key but `NOTHING`.

    Args:
        scores_QP: float32 without NaN; 0.0 and -0.0 are one score.
        ranks_P: int64 ranks of the documents' ids, below 2^32.
    """
    bits = (scores_QP + 0.0).view(torch.int32)
    ordered = torch.where(bits < 0, bits ^ MIRROR, bits)
    packed = (ordered.to(torch.int64) << 32) | ranks_P
    return packed.masked_fill(torch.isneginf(scores_QP), NOTHING)


def scores_of(keys_QK: Tensor) -> Tensor:
    """Return the float32 scores that `keys` packed."""
    ordered = (keys_QK >> 32).to(torch.int32)
    return torch.where(ordered < 0, ordered ^ MIRROR, ordered).view(torch.float32)


def ranks_of(keys_QK: Tensor) -> Tensor:
    """Return the int64 id ranks that `keys` packed."""
    return keys_QK & 0xFFFFFFFF


def with_ranks(keys_QK: Tensor, new_ranks: Tensor) -> Tensor:
    """Return the keys with every rank replaced by `new_ranks[rank]`; `NOTHING` stays."""
    taken = keys_QK != NOTHING
    moved = keys_QK.clone()
    moved[taken] = (keys_QK[taken] >> 32 << 32) | new_ranks[ranks_of(keys_QK[taken])]
    return moved


def best(keys_QP: Tensor, depth: int) -> Tensor:
    """Return (Q, depth) the largest keys of each row, largest first; `NOTHING` in the places that are left over.

    The width is `depth` however few documents there are: what is merged later must not be cut to what was here.
    """
    found = torch.topk(keys_QP, min(depth, keys_QP.shape[1]), dim=1).values
    return torch.nn.functional.pad(found, (0, depth - found.shape[1]), value=NOTHING)
