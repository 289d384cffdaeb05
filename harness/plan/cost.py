"""What one job costs: documents, tokens, operations, bytes. Arithmetic alone; None is what nobody knows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.model_spec import EncoderSpec
from harness.plan.downloads import File, files
from harness.plan.known import Known, Sizes
from harness.spec import RunSpec

GIB = 2**30
QUERY_LENGTH, DOCUMENT_LENGTH = 32, 300
"""Tokens of a query and, at most, of a document, where the checkpoint that says otherwise is not here."""
KEY_BYTES, LINE_BYTES, ID_BYTES = 8, 40, 8
"""A place in a shard table, a line of a run, and what is kept of each document's id while a corpus is read."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One job."""

    spec: RunSpec
    shards: int | None
    tokens: float | None
    """Of its documents."""
    encode: float | None
    """Operations."""
    search: float | None
    """Operations."""
    files: tuple[File, ...] | None
    out: int | None
    """Bytes under `out`."""
    memory: int | None
    """Bytes, at the same time."""

    @property
    def documents(self) -> int | None:
        """The registered number of documents."""
        return self.spec.dataset.documents


def cost(spec: RunSpec, sizes: Sizes | None, known: Known, device: str) -> Cost:
    """Return what one job costs.

    Args:
        spec: the job, settled where its checkpoint is here.
        sizes: of its backbone, where they are known.
        known: sizes of collections.
        device: the type of the device, `cpu` or `cuda`.
    """
    documents, queries = spec.dataset.documents, spec.dataset.queries
    out = None if queries is None else queries * spec.search.depth * LINE_BYTES * max(1, len(spec.dims))
    found = files(spec.dataset, known.miracl)
    one = Cost(spec=spec, shards=None, tokens=None, encode=None, search=None, files=found, out=out, memory=None)
    if not isinstance(spec.model, EncoderSpec) or documents is None or queries is None:
        return one
    shards = -(-documents // spec.engine.shard_size(documents))
    one = replace(one, shards=shards, out=(out or 0) + shards * _table(spec, queries))
    mean = known.tokens.get(spec.dataset.name)
    return one if mean is None or sizes is None else _encoded(one, spec.model, sizes, mean, device)


def _encoded(one: Cost, model: EncoderSpec, sizes: Sizes, mean: int, device: str) -> Cost:
    """Return `one` with its tokens, operations and memory."""
    documents, queries = one.spec.dataset.documents or 0, one.spec.dataset.queries or 0
    length = model.document_length or DOCUMENT_LENGTH
    mean, wide = min(mean, length), sum(_projections(one.spec, sizes))
    # Vectors of a query, of a usual document and of the longest.
    asked, usual, most = (1, 1, 1) if model.pooling != "none" else (model.query_length or QUERY_LENGTH, mean, length)
    block = one.spec.engine.block_size(device) * most * wide * 2
    kept = queries * asked * wide * 4 + _table(one.spec, queries) + documents * ID_BYTES
    if one.spec.search.plaid is not None:
        # For its index all vectors are held.
        kept += documents * usual * wide * 2
    memory = _memory(sizes, block) * (one.spec.engine.workers or 1) + kept
    return replace(
        one,
        tokens=documents * mean,
        encode=documents * mean * sizes.flop(mean, wide),
        search=2 * queries * asked * documents * usual * wide,
        memory=None if sizes.weights is None else memory,
    )


def _table(spec: RunSpec, queries: int) -> int:
    """Return the bytes of one shard's tables at all dimensions."""
    return queries * spec.search.depth * KEY_BYTES * max(1, len(spec.dims))


def _projections(spec: RunSpec, sizes: Sizes) -> tuple[int, ...]:
    """Return the widths that are multiplied: those that are cut from one projection come out of one product."""
    if not isinstance(spec.model, EncoderSpec) or not spec.model.dims:
        return (sizes.hidden,)
    widest: dict[int, int] = {}
    for dim in spec.dims:
        if dim is not None:
            projection = spec.model.projection(dim)
            widest[projection] = max(dim, widest.get(projection, 0))
    return tuple(widest.values())


def _memory(sizes: Sizes, block: int) -> int:
    # As the doctor reckons: a model is loaded and run in half as much again as its weights take, and a GiB.
    return int((sizes.weights or 0) * 1.5) + GIB + 2 * block
