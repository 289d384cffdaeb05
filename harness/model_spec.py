"""What a model is, as frozen values: an encoder with its checkpoint and settings, a cross-encoder, or BM25."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.errors import ConfigError, choose

HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
"""A path that may be a repository of the Hugging Face hub: owner/name."""
SKIPLISTS = ("none", "words", "stanford")
DIM_KINDS = ("prefix", "head")
POOLINGS = ("none", "cls", "mean")
SIMILARITIES = ("cosine", "dot")


@dataclass(frozen=True, kw_only=True)
class HeadSpec:
    """Another checkpoint of the same model, whose projection gives token vectors of another width."""

    dim: int
    path: str
    """Its folder or hub id; `{path}` stands for the model's own."""
    revision: str | None = None


@dataclass(frozen=True, kw_only=True)
class EncoderSpec:
    """An encoder: a transformers backbone, and how queries and documents become vectors.

    A setting that is None is the checkpoint's own, as its files say it (harness.encode.layouts).
    """

    name: str
    path: str
    """A folder with config.json, safetensors and a tokenizer, or a hub id."""
    revision: str | None = None
    """The commit of the hub id; None for a folder."""
    dims: tuple[int, ...] = ()
    """The dimensions it offers, largest first; the first is its own width. None named: its own width."""
    dim_kind: str = "prefix"
    """How a smaller one is made: `prefix` (cut and renormalise) or `head` (its own projection)."""
    head: str | None = None
    """The tensor that projects hidden states to token vectors; None for the one the layout has, if any."""
    heads: tuple[HeadSpec, ...] = ()
    """Where the projections of the other dimensions are, for `dim_kind: head`."""
    pooling: str = "none"
    """`none`: a vector a token; `cls` or `mean`: one vector a text."""
    similarity: str = "cosine"
    """`cosine` (vectors of unit norm) or `dot` (as they are)."""
    query_length: int | None = None
    """Tokens of a query, special tokens included."""
    document_length: int | None = None
    """Tokens of a document, special tokens included."""
    query_marker: str | None = None
    """The token put at position 1 of every query; empty for none."""
    document_marker: str | None = None
    """The token put at position 1 of every document; empty for none."""
    expand_queries: bool | None = None
    """Fill queries up to `query_length` with mask tokens that score (ColBERT's expansion)."""
    attend_to_expansion: bool | None = None
    """Whether the mask tokens of an expanded query are attended to."""
    skiplist: str | None = None
    """Which document tokens get no vector: `words` (PyLate's punctuation rule), `stanford` (ColBERT's), `none`."""
    adapter: str | None = None
    """The language adapter of an X-MOD backbone; None for that of the dataset's language."""
    trained_on: tuple[str, ...] = ()
    """Names of datasets whose texts it was trained on, marked wherever its scores appear; changes nothing."""

    def __post_init__(self) -> None:
        """Refuse settings no encoder can have."""
        choose("skiplist", self.skiplist or "none", SKIPLISTS)
        choose("dim_kind", self.dim_kind, DIM_KINDS)
        choose("pooling", self.pooling, POOLINGS)
        choose("similarity", self.similarity, SIMILARITIES)
        for name in ("query_length", "document_length"):
            length = getattr(self, name)
            if length is not None and length < 4:
                raise ConfigError(f"model.{name} is too small", got=length, expected="4 or more")
        if list(self.dims) != sorted(set(self.dims), reverse=True) or min(self.dims, default=1) < 1:
            raise ConfigError("model.dims", got=list(self.dims), expected="different widths, largest first")

    def projection(self, dim: int) -> int:
        """Return the width of the projection whose vectors a dimension is cut from: its own where it has one."""
        return dim if self.dim_kind == "head" else self.dims[0]

    @property
    def projections(self) -> tuple[int, ...]:
        """The widths of all its projections, largest first."""
        return tuple(dict.fromkeys(self.projection(dim) for dim in self.dims))

    def cuts(self, dim: int) -> tuple[int, ...]:
        """Return the dimensions that are cut from the projection of `dim`, smallest first."""
        return tuple(sorted(other for other in self.dims if self.projection(other) == self.projection(dim)))


@dataclass(frozen=True, kw_only=True)
class LexicalSpec:
    """BM25 over analysed words (Lucene's scoring); it has no vectors and so no dimensions."""

    name: str
    k1: float | None = None
    """Term saturation; None takes the benchmark's."""
    b: float | None = None
    """Length normalisation; None takes the benchmark's."""


@dataclass(frozen=True, kw_only=True)
class CrossEncoderSpec:
    """A cross-encoder: query and document are read together, as one text, and get one score; it has no vectors."""

    name: str
    path: str
    """A folder with config.json, safetensors and a tokenizer, or a hub id."""
    revision: str | None = None
    """The commit of the hub id; None for a folder."""
    query_length: int | None = None
    """Tokens of a query, without special tokens; None cuts it only where a document would have no token left."""
    length: int = 1024
    """Tokens of a pair, special tokens included; documents are cut to what the query leaves."""

    def __post_init__(self) -> None:
        """Refuse lengths that leave no room for a pair."""
        if self.length < 8:
            raise ConfigError("model.length is too small", got=self.length, expected="8 or more")
        if self.query_length is not None and not 1 <= self.query_length <= self.length - 5:
            expected = f"1 to {self.length - 5}: a pair has 4 special tokens, and a document one token at least"
            raise ConfigError("model.query_length", got=self.query_length, expected=expected)


ModelSpec = EncoderSpec | LexicalSpec | CrossEncoderSpec
"""Any model."""
