"""A cross-encoder as a system: the first documents of any run, scored anew.

Its work is queries x depth pairs, whatever the size of the corpus, which is read once for the texts of those documents.
So it has no shards and starts afresh when it was broken off. The run it starts from is in its key by its content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from harness.data.collection import Collection
from harness.encode.files import fingerprint
from harness.encode.hub import checkpoint_folder
from harness.encode.pairs import PairScorer, QueryTokens, open_scorer
from harness.errors import DataError, short
from harness.keys import Weights
from harness.model_spec import CrossEncoderSpec
from harness.placeholders import located
from harness.retrieve.run import Run, ranking
from harness.retrieve.trec import read_foreign_run, run_sha256
from harness.spec import RunSpec
from harness.systems.base import Found
from harness.watch import Stage, Watch

Candidates = Mapping[str, tuple[str, ...]]
"""Query id -> ids of the documents to score."""


@dataclass(frozen=True)
class Work:
    """One reranking: what is to be scored, and with which texts."""

    candidates: Candidates
    queries: Mapping[str, QueryTokens]
    """The queries that have any text."""
    texts: Mapping[str, str]
    """Document id -> its text, for every document of `candidates`."""

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield (query id, document id) where both have text: there is nothing to score in the others."""
        for query_id, doc_ids in self.candidates.items():
            if query_id in self.queries:
                yield from ((query_id, doc_id) for doc_id in doc_ids if self.texts[doc_id].strip())


class Reranker:
    """Scores the first documents of a run with a cross-encoder, which is opened when there is something to score."""

    def __init__(self, model: CrossEncoderSpec) -> None:
        self.model = model
        self.folder = checkpoint_folder(model.path, model.revision)
        self.details: dict[str, object] = {}
        self._fingerprint = fingerprint(self.folder)
        self._hashes: dict[Path, str] = {}
        self._scorer: PairScorer | None = None

    def settled(self, spec: RunSpec) -> RunSpec:
        """Return `spec`: it leaves nothing open."""
        return spec

    def weights(self, spec: RunSpec, dim: int | None) -> Weights:
        """Return the checkpoint and the content of the run it starts from.

        Raises:
            DataError: the run cannot be read.
        """
        path = first_run(spec)
        if path not in self._hashes:
            # Once: what is asked for at the end of a job must be what was asked for at its start.
            self._hashes[path] = run_sha256(path, "a TREC run: search.run")
        return Weights(self._fingerprint, run=self._hashes[path])

    def runs(
        self, spec: RunSpec, collection: Collection, dims: Sequence[int | None], watch: Watch
    ) -> dict[int | None, Found]:
        """Return the one run that the cross-encoder gives.

        Raises:
            DataError: the run is damaged, of another collection, or no longer the one that the key is made of.
            ModelError: the checkpoint cannot be used.
        """
        with watch.stage("read the run", unit="queries") as stage:
            candidates, dropped = self._candidates(spec, collection)
            stage.advance(len(candidates))
        with watch.stage("look up documents", collection.counts.documents) as stage:
            texts = look_up(collection, {doc_id for found in candidates.values() for doc_id in found}, stage)
        scorer = self._open(spec, watch)
        queries = [query for query in collection.queries if query.text.strip()]
        tokens = scorer.tokens.queries([query.text.strip() for query in queries])
        work = Work(candidates, {query.query_id: one for query, one in zip(queries, tokens, strict=True)}, texts)
        scores, met = _scored(work, scorer, spec.engine.block_size(scorer.device.type), watch)
        rankings = {query.query_id: ranking(scores.get(query.query_id, ())) for query in collection.queries}
        met["truncated_queries"] = sum(one.truncated for one in tokens)
        met["dropped_self"] = dropped
        return {dim: Found(Run(self.model.name, rankings), met) for dim in dims}

    def _candidates(self, spec: RunSpec, collection: Collection) -> tuple[Candidates, int]:
        """Return the first documents of each query, and how many were left out since they are the query itself."""
        path = first_run(spec)
        run = read_foreign_run(path)
        if run_sha256(path, "a TREC run: search.run") != self.weights(spec, None).run:
            raise DataError(f"{path} has changed since this job began", remedy="Start again once it is finished")
        known = {query.query_id for query in collection.queries}
        strange = [query_id for query_id in run.rankings if query_id not in known]
        if strange:
            got = f"{len(strange):,}, {short(strange[0])} the first"
            remedy = "Check that the run is of this dataset and language"
            raise DataError(f"{path} has queries that are not judged in {spec.dataset.name}", got=got, remedy=remedy)
        found, dropped = {}, 0
        for query_id, one in run.rankings.items():
            own = spec.dataset.drop_self and query_id in one.doc_ids
            others = (doc_id for doc_id in one.doc_ids if not own or doc_id != query_id)
            found[query_id] = tuple(islice(others, spec.search.depth))
            dropped += own
        return found, dropped

    def _open(self, spec: RunSpec, watch: Watch) -> PairScorer:
        if self._scorer is None:
            with watch.stage("load model"):
                self._scorer = open_scorer(self.model, spec.engine)
            self.details.update(self._scorer.details)
        return self._scorer


def first_run(spec: RunSpec) -> Path:
    """Return where the run to rerank lies."""
    return located((spec.search.run or "").replace("{language}", spec.dataset.language or ""))


def look_up(collection: Collection, wanted: set[str], stage: Stage) -> dict[str, str]:
    """Return the texts of the documents in `wanted`, from one reading of the corpus.

    Raises:
        DataError: one is not in the corpus.
    """
    texts = {}
    for document in collection.corpus.documents(0, collection.counts.documents):
        if document.doc_id in wanted:
            texts[document.doc_id] = document.text
        stage.advance(1)
    if missing := sorted(wanted - texts.keys()):
        got = f"{len(missing):,}, {short(missing[0])} the first"
        remedy = "Check that search.run is of this dataset and language"
        raise DataError(f"the run has documents that are not in {collection.spec.name}", got=got, remedy=remedy)
    return texts


def _scored(
    work: Work, scorer: PairScorer, block: int, watch: Watch
) -> tuple[dict[str, list[tuple[str, float]]], dict[str, int]]:
    """Return the scores of every pair by query, block after block, and what was met."""
    asked = sum(map(len, work.candidates.values()))
    scores: dict[str, list[tuple[str, float]]] = {}
    met = {"pairs": 0, "tokens": 0, "truncated": 0}
    source = work.pairs()
    with watch.stage("score pairs", asked, "pairs") as stage:
        while names := list(islice(source, block)):
            queries = [work.queries[query_id] for query_id, _ in names]
            pairs = scorer.tokens.pairs(queries, [work.texts[doc_id].strip() for _, doc_id in names])
            for (query_id, doc_id), score in zip(names, scorer.scores(pairs, stage.advance).tolist(), strict=True):
                scores.setdefault(query_id, []).append((doc_id, score))
            met["pairs"] += len(pairs)
            met["tokens"] += sum(len(pair.ids) for pair in pairs)
            met["truncated"] += sum(pair.truncated for pair in pairs)
        met["empty"] = asked - met["pairs"]
        stage.advance(met["empty"])
    return scores, met
