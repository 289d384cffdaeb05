"""What is to be evaluated, as frozen values: the only form in which settings reach the library.

`RunSpec` is one job: one model over one dataset, at any number of dimensions. Hydra composes mappings from `configs/`,
`harness.config` turns them into these values, and nothing below ever sees a mapping. Without Hydra:

    >>> dataset = DatasetSpec(name="scifact", source="beir", path="data/scifact")
    >>> model = EncoderSpec(name="minilm", path="checkpoints/minilm", dims=(384, 128))
    >>> RunSpec(dataset=dataset, model=model, dims=(128,)).dims
    (128,)
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from harness.errors import ConfigError, choose, short

SOURCE_KINDS = ("beir", "irds")
SKIPLISTS = ("none", "words", "stanford")
DIM_KINDS = ("prefix", "head")
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """One judged collection in one language: where it comes from, what is expected in it, how it is read."""

    name: str
    """The name that a published table and a result call it by."""
    source: str
    """Which reader: `irds` (an ir_datasets id) or `beir` (a folder in BEIR's layout)."""
    id: str | None = None
    """The ir_datasets id, for `irds`."""
    path: str | None = None
    """The folder with corpus.jsonl, queries.jsonl and qrels/<split>.tsv, for `beir`."""
    split: str = "test"
    """Which qrels file of a BEIR folder; for `irds` the split is part of the id and this only names it."""
    language: str | None = None
    """The language code of the card, where the dataset has several; None where it has one."""
    text_language: str = "en"
    """The language of the texts, for analysers and language adapters (ISO 639-1)."""
    fields: tuple[str, ...] = ("title", "text")
    """The document fields that make its text, in order; empty ones are left out."""
    join: str = " "
    """What stands between two fields (Stanford's collections use " | ")."""
    query_field: str = "text"
    """The query field that is searched with."""
    measure: str = "nDCG@10"
    """The measure of the published table, by its ir_measures name."""
    also: tuple[str, ...] = ()
    """Further measures to record."""
    documents: int | None = None
    """Expected number of documents; None where nobody has published one."""
    queries: int | None = None
    """Expected number of judged queries."""
    qrels: int | None = None
    """Expected number of judgments."""
    missing_judged: int = 0
    """How many judged documents are known not to be in the corpus; more is an error."""
    drop_self: bool = False
    """Drop the document whose id equals the query's (ArguAna, whose queries are documents of the corpus)."""
    bm25_k1: float = 0.9
    """BM25's k1 on this benchmark (Anserini's regressions)."""
    bm25_b: float = 0.4
    """BM25's b on this benchmark."""
    description: str = ""
    """One sentence for readers; changes nothing."""

    def __post_init__(self) -> None:
        """Refuse combinations that cannot be read."""
        choose("dataset source", self.source, SOURCE_KINDS)
        if self.source == "irds" and not self.id:
            raise ConfigError("dataset.id is missing", expected="an ir_datasets id, as in dataset.id=beir/nq")
        if self.source == "beir" and not self.path:
            raise ConfigError("dataset.path is missing", expected="a folder, as in dataset.path=data/scifact")
        if not self.fields:
            raise ConfigError("dataset.fields is empty", expected="at least one document field, as in [title,text]")


@dataclass(frozen=True, kw_only=True)
class EncoderSpec:
    """A late-interaction encoder: a transformers backbone, and how queries and documents become token vectors."""

    name: str
    path: str
    """The folder of the checkpoint (config.json, model.safetensors, tokenizer.json)."""
    dims: tuple[int, ...] = ()
    """The dimensions it offers, largest first; the first is its own width."""
    dim_kind: str = "prefix"
    """How a smaller one is made: `prefix` (cut and renormalise) or `head` (its own projection)."""
    head: str | None = None
    """The tensor that projects hidden states to token vectors; None where there is no projection."""
    query_length: int = 32
    """Tokens of a query, special tokens included."""
    document_length: int = 300
    """Tokens of a document, special tokens included."""
    query_marker: str | None = None
    """The token put at position 1 of every query; None for none."""
    document_marker: str | None = None
    """The token put at position 1 of every document."""
    expand_queries: bool = False
    """Fill queries up to `query_length` with mask tokens that are attended to and score (ColBERT's expansion)."""
    skiplist: str = "none"
    """Which document tokens get no vector: `words` (PyLate's punctuation rule), `stanford` (ColBERT's), `none`."""

    def __post_init__(self) -> None:
        """Refuse settings no encoder can have."""
        choose("skiplist", self.skiplist, SKIPLISTS)
        choose("dim_kind", self.dim_kind, DIM_KINDS)
        for name in ("query_length", "document_length"):
            if getattr(self, name) < 4:
                raise ConfigError(f"model.{name} is too small", got=getattr(self, name), expected="4 or more")
        if list(self.dims) != sorted(set(self.dims), reverse=True) or not self.dims or self.dims[-1] < 1:
            raise ConfigError("model.dims", got=list(self.dims), expected="different widths, largest first")


@dataclass(frozen=True, kw_only=True)
class LexicalSpec:
    """BM25 over analysed words (Lucene's scoring); it has no vectors and so no dimensions."""

    name: str
    k1: float | None = None
    """Term saturation; None takes the benchmark's."""
    b: float | None = None
    """Length normalisation; None takes the benchmark's."""


@dataclass(frozen=True, kw_only=True)
class SearchSpec:
    """How documents are ranked."""

    kind: str = "exact"
    """`exact`: MaxSim of every query with every document."""
    depth: int = 100
    """Documents kept per query."""

    def __post_init__(self) -> None:
        """Refuse a search that cannot be run."""
        choose("search", self.kind, ("exact",))
        if self.depth < 1:
            raise ConfigError("search.depth", got=self.depth, expected="1 or more")


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """How the work is laid out on this machine; nothing here can change a result."""

    device: str = "auto"
    """`cpu`, `cuda`, or `auto` for the accelerator where there is one."""
    shards: int | None = None
    """Into how many shards the corpus is cut; None takes `shard_documents`."""
    shard_documents: int | None = None
    """Documents of a shard; None takes a twentieth of the corpus, at least 500, at most 200,000."""
    batch_tokens: int = 1024
    """Tokens of one forward pass; small batches stay in a CPU's cache."""
    block_documents: int = 512
    """Documents that are encoded, scored and dropped together."""

    def __post_init__(self) -> None:
        """Refuse a layout that cannot work."""
        choose("engine.device", self.device, DEVICES)
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int) and value < 1:
                raise ConfigError(f"engine.{item.name}", got=value, expected="1 or more")

    def shard_size(self, documents: int) -> int:
        """Return the documents of each shard but the last, for a corpus of `documents`; workers play no part in it."""
        if self.shards is not None:
            return max(1, -(-documents // self.shards))
        if self.shard_documents is not None:
            return self.shard_documents
        return min(200_000, max(500, -(-documents // 20)))


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One job: one model over one dataset at any number of dimensions, all from one pass over the corpus."""

    dataset: DatasetSpec
    model: EncoderSpec | LexicalSpec
    dims: tuple[int | None, ...]
    """The dimensions to search with; (None,) for a model without vectors."""
    search: SearchSpec = field(default_factory=SearchSpec)
    engine: EngineSpec = field(default_factory=EngineSpec)
    out: str = "runs"
    """The folder that results, shard tables and tables are written under."""
    force: bool = False
    """Run again what has a finished result."""

    def __post_init__(self) -> None:
        """Refuse dimensions that the model does not offer."""
        offered: tuple[int | None, ...] = self.model.dims if isinstance(self.model, EncoderSpec) else (None,)
        unknown = [dim for dim in self.dims if dim not in offered]
        if unknown or not self.dims or len(set(self.dims)) != len(self.dims):
            widths = ", ".join(str(dim) for dim in offered if dim is not None) or "none: it has no vectors"
            got, expected = short(list(unknown or self.dims)), f"different ones of {widths}, or dim=all"
            raise ConfigError(f"dim is not one that {self.model.name} offers", got=got, expected=expected)
