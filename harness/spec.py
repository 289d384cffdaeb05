"""What is to be evaluated, as frozen values: the only form in which settings reach the library.

`RunSpec` is one job: one model over one dataset, at any number of dimensions. Hydra composes mappings from `configs/`,
`harness.config` turns them into these values, and nothing below ever sees a mapping. Without Hydra:

    >>> dataset = DatasetSpec(name="scifact", source="beir", path="data/scifact")
    >>> model = EncoderSpec(name="minilm", path="checkpoints/minilm", dims=(384, 128))
    >>> RunSpec(dataset=dataset, model=model, dims=(128,)).dims
    (128,)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.engine_spec import EngineSpec
from harness.errors import ConfigError, choose, short
from harness.model_spec import CrossEncoderSpec, EncoderSpec, HeadSpec, LexicalSpec, ModelSpec
from harness.plaid_spec import PlaidSpec

__all__ = [
    "CrossEncoderSpec", "DatasetSpec", "EncoderSpec", "EngineSpec", "HeadSpec", "LexicalSpec", "ModelSpec", "RunSpec",
    "SearchSpec",
]  # fmt: skip

SOURCE_KINDS = ("beir", "irds")
SEARCHES = ("exact", "plaid", "rerank")
STRICT = "strict"
PRECISIONS = (STRICT, "fast")


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
class SearchSpec:
    """How documents are ranked."""

    kind: str = "exact"
    """`exact`: every query with every document; `plaid`: with those an index finds; `rerank`: with those of a run."""
    depth: int = 100
    """Documents kept per query; those of the run that `rerank` scores anew."""
    run: str | None = None
    """The run to rerank, a TREC file of any tool; `{language}` stands for the dataset's language."""
    plaid: PlaidSpec | None = None
    """The index, for `plaid`."""

    def __post_init__(self) -> None:
        """Refuse a search that cannot be run."""
        choose("search", self.kind, SEARCHES)
        if self.depth < 1:
            raise ConfigError("search.depth", got=self.depth, expected="1 or more")
        if self.kind == "rerank" and not self.run:
            raise ConfigError("search.run is missing", expected="the run to rerank, as in search.run=bm25.trec")
        if self.kind != "rerank" and self.run is not None:
            remedy = "Write search=rerank, or leave it out"
            raise ConfigError("search.run is for search=rerank alone", got=short(self.run), remedy=remedy)
        if (self.plaid is None) is (self.kind == "plaid"):
            got, remedy = f"search.kind={self.kind}", "Write search=plaid, or leave search.plaid out"
            raise ConfigError("search.plaid is for search=plaid, and for nothing else", got=got, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One job: one model over one dataset at any number of dimensions, all from one pass over the corpus."""

    dataset: DatasetSpec
    model: ModelSpec
    dims: tuple[int | None, ...]
    """The dimensions to search with; (None,) for a model without vectors; () for all that the checkpoint offers."""
    search: SearchSpec = field(default_factory=SearchSpec)
    engine: EngineSpec = field(default_factory=EngineSpec)
    precision: str = STRICT
    """`strict`: the checkpoint's own type, summed in float32; `fast`: bfloat16, where the machine multiplies it."""
    out: str = "runs"
    """The folder that results, shard tables and tables are written under."""
    force: bool = False
    """Run again what has a finished result."""

    def __post_init__(self) -> None:
        """Refuse dimensions that the model does not offer, a search or a precision that it cannot do, and a URL."""
        self._check_search()
        self._check_precision()
        if "://" in self.out:
            expected = "a folder: for a cluster one that all its hosts share"
            raise ConfigError("out is no URL", got=short(self.out), expected=expected)
        offered: tuple[int | None, ...] = self.model.dims if isinstance(self.model, EncoderSpec) else (None,)
        if not offered:
            # Which widths there are is known when the checkpoint has been looked at (`settled`).
            return
        unknown = [dim for dim in self.dims if dim not in offered]
        if unknown or not self.dims or len(set(self.dims)) != len(self.dims):
            widths = ", ".join(str(dim) for dim in offered if dim is not None) or "none: it has no vectors"
            got, expected = short(list(unknown or self.dims)), f"different ones of {widths}, or dim=all"
            raise ConfigError(f"dim is not one that {self.model.name} offers", got=got, expected=expected)

    def _check_precision(self) -> None:
        choose("precision", self.precision, PRECISIONS)
        if self.precision != STRICT and not isinstance(self.model, EncoderSpec):
            got, remedy = f"model {self.model.name}", "Leave precision out"
            raise ConfigError(f"precision={self.precision} is for encoders alone", got=got, remedy=remedy)

    def _check_search(self) -> None:
        reranks = isinstance(self.model, CrossEncoderSpec)
        if reranks and self.search.kind != "rerank":
            expected = "search=rerank search.run=FILE: a cross-encoder scores the documents of a run anew"
            raise ConfigError(f"model {self.model.name}", got=f"search={self.search.kind}", expected=expected)
        if not reranks and self.search.kind == "rerank":
            remedy = "Write model=jina-reranker-v2, or leave search=rerank out"
            raise ConfigError("only cross-encoders rerank", got=f"model {self.model.name}", remedy=remedy)
        if self.search.kind == "plaid":
            self._check_plaid()
        if "{language}" in (self.search.run or "") and self.dataset.language is None:
            remedy = "Write the name of the file"
            raise ConfigError("search.run", got=f"{{language}}, and {self.dataset.name} has none", remedy=remedy)

    def _check_plaid(self) -> None:
        model = self.model
        if not isinstance(model, EncoderSpec) or (model.pooling, model.similarity) != ("none", "cosine"):
            got, expected = f"model {model.name}", "an encoder with a vector of unit norm for each token"
            raise ConfigError("search=plaid", got=got, expected=expected, remedy="Write search=exact")
        if self.engine.kind != "local":
            raise ConfigError("search=plaid", got=f"engine={self.engine.kind}", remedy="Write engine=local")
        if odd := [dim for dim in self.dims if dim is not None and dim % 8]:
            raise ConfigError("search=plaid", got=f"dim={odd[0]}", expected="a multiple of 8: residuals fill bytes")
