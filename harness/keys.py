"""Keys: hashes of every field that can change what they name, and of nothing else.

A pass is keyed by corpus and document side, a search by query side, a result by both and by how it is scored. Batch
sizes, shards, devices, folders and descriptions are in no key; content enters by its fingerprint, not by its name.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from harness.data.collection import Collection
from harness.score.measures import measure_name
from harness.spec import CrossEncoderSpec, EncoderSpec, LexicalSpec, RunSpec

DOCUMENT_SIDE = ("head", "pooling", "similarity", "adapter", "document_length", "document_marker", "skiplist")
"""Settings of an encoder that decide the vectors of documents; they decide those of queries too, or only them."""
FORMAT = 3
"""Raised when the code changes what a table or a run holds for the same settings."""


@dataclass(frozen=True)
class Weights:
    """What a model is made of, as far as its spec does not say it."""

    model: str
    """Fingerprint of the checkpoint that encodes, or of word lists."""
    head: str | None = None
    """Fingerprint of a projection that comes from another checkpoint; None for its own."""
    run: str | None = None
    """SHA-256 of the run that a cross-encoder reranks; None for a model that searches the corpus itself."""


def pass_key(spec: RunSpec, collection: Collection, weights: Weights) -> str:
    """Return the key of one reading of the corpus: documents x encoder x document settings."""
    return _hash({"documents": collection.fingerprints.documents, "weights": weights.model, **_document_side(spec)})


def search_key(spec: RunSpec, collection: Collection, dim: int | None, weights: Weights) -> str:
    """Return the key of one search attached to a pass: queries x query settings x dimension x depth."""
    side = {
        "queries": collection.fingerprints.queries,
        "drop_self": spec.dataset.drop_self,
        "search": spec.search.kind,
        "depth": spec.search.depth,
        "dim": dim,
        "dim_kind": dim_kind(spec, dim),
        "head": weights.head,
    }
    if isinstance(spec.model, EncoderSpec):
        names = ("query_length", "query_marker", "expand_queries", "attend_to_expansion")
        side |= {name: getattr(spec.model, name) for name in names}
        # Products are summed up from cut to cut: other steps round otherwise in the last bit.
        side["cuts"] = [cut for cut in spec.model.cuts(dim) if cut <= dim] if dim is not None else []
    if spec.search.plaid is not None:
        side["plaid"] = asdict(spec.search.plaid)
    if weights.run is not None:
        # By its content: a run under another name is the same run, another one under the same name is not.
        side["run"] = weights.run
    return _hash(side)


def result_key(spec: RunSpec, collection: Collection, weights: Weights, dim: int | None) -> str:
    """Return the key of one result: pass x search x judgments x measures."""
    return _hash(
        {
            "pass": pass_key(spec, collection, weights),
            "search": search_key(spec, collection, dim, weights),
            "qrels": collection.fingerprints.qrels,
            "measure": measure_name(spec.dataset.measure),
            "measures": sorted({measure_name(name) for name in (spec.dataset.measure, *spec.dataset.also)}),
        }
    )


def dim_kind(spec: RunSpec, dim: int | None) -> str | None:
    """Return how vectors of `dim` are made: `full` width, `prefix` or `head`; None for a model without vectors."""
    if dim is None or not isinstance(spec.model, EncoderSpec):
        return None
    return "full" if dim == spec.model.dims[0] else spec.model.dim_kind


def bm25_parameters(spec: RunSpec, model: LexicalSpec) -> tuple[float, float]:
    """Return k1 and b: the model's where it sets them, else the benchmark's."""
    k1 = spec.dataset.bm25_k1 if model.k1 is None else model.k1
    b = spec.dataset.bm25_b if model.b is None else model.b
    return k1, b


def _document_side(spec: RunSpec) -> dict[str, Any]:
    if isinstance(spec.model, LexicalSpec):
        k1, b = bm25_parameters(spec, spec.model)
        return {"k1": k1, "b": b, "language": spec.dataset.text_language}
    if isinstance(spec.model, CrossEncoderSpec):
        # Query and document are one text to it: there is no document side without the query.
        side = {"query_length": spec.model.query_length, "length": spec.model.length}
        return {**side, "precision": spec.precision}
    return {**{name: getattr(spec.model, name) for name in DOCUMENT_SIDE}, "precision": spec.precision}


def _hash(fields: dict[str, Any]) -> str:
    text = json.dumps({"format": FORMAT, **fields}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
