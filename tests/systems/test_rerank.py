"""`search=rerank`: a run of the embedded collection scored anew by a cross-encoder, from settings to result."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.config import run_specs
from harness.data.load import load
from harness.encode.pairs import open_scorer
from harness.errors import ConfigError, DataError
from harness.job import RUN
from harness.model_spec import CrossEncoderSpec, LexicalSpec
from harness.pipeline import evaluate
from harness.report.place import label_of
from harness.report.record import Result
from harness.report.registered import Registered, differences
from harness.retrieve.run import Run, ranking
from harness.retrieve.trec import read_run, write_run
from harness.spec import DatasetSpec, EngineSpec, RunSpec, SearchSpec
from harness.watch import Watch
from tests.fixtures.published import WRITERS

MINI = DatasetSpec(name="mini", source="beir", path="{package}/data/mini/en", language="en", documents=72)
DEPTH = 12
QUERIES = 8
ENGINE = EngineSpec(device="cpu", batch_tokens=256, block_documents=50)
Rerank = Callable[..., Result]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reranker") / "checkpoint"
    WRITERS["jina-reranker-v2-base-multilingual"](folder)
    return folder


@pytest.fixture(scope="module")
def bm25(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return BM25's run of some queries of the embedded collection in English, 20 documents deep."""
    out = tmp_path_factory.mktemp("bm25")
    model, search = LexicalSpec(name="bm25"), SearchSpec(depth=20)
    evaluate(RunSpec(dataset=MINI, model=model, dims=(None,), search=search, out=str(out)))
    (path,) = out.glob(f"**/{RUN}")
    some = dict(list(read_run(path).rankings.items())[:QUERIES])
    write_run(out / "bm25.trec", Run("bm25", some), 20)
    return out / "bm25.trec"


@pytest.fixture
def spec_of(checkpoint: Path, tmp_path: Path) -> Callable[..., RunSpec]:
    def give(run: Path | str, depth: int = DEPTH, **changes: Any) -> RunSpec:
        model = CrossEncoderSpec(name="reranker", path=str(checkpoint))
        search = SearchSpec(kind="rerank", run=str(run), depth=depth)
        settings: dict[str, Any] = {"dataset": MINI, "engine": ENGINE, "out": str(tmp_path / "runs")}
        return RunSpec(model=model, search=search, dims=(None,), **(settings | changes))

    return give


def read(spec: RunSpec, key: str) -> Run:
    (path,) = Path(spec.out).glob(f"results/reranker/**/*{key}/{RUN}")
    return read_run(path)


def reranked(spec: RunSpec) -> tuple[Result, Run]:
    (result,) = evaluate(spec)
    return result, read(spec, result.key)


def written(path: Path, found: Mapping[str, Any]) -> Path:
    write_run(path, Run("hand", {query: ranking(pairs) for query, pairs in found.items()}), 100)
    return path


def test_a_run_is_scored_anew_and_nothing_but_its_first_documents(
    spec_of: Callable[..., RunSpec], bm25: Path, checkpoint: Path
) -> None:
    spec = spec_of(bm25)
    result, run = reranked(spec)
    before = read_run(bm25)
    assert {query: set(one.doc_ids) for query, one in run.rankings.items() if len(one)} == {
        query: set(one.doc_ids[:DEPTH]) for query, one in before.rankings.items()
    }
    pairs = sum(min(len(one), DEPTH) for one in before.rankings.values())
    assert pairs > ENGINE.block_documents, "the work has to take several blocks"
    assert any(one.doc_ids[:DEPTH] != run.rankings[query].doc_ids for query, one in before.rankings.items())
    assert (result.search["pairs"], result.search["empty"], result.search["dropped_self"]) == (pairs, 0, 0)
    assert result.dim is None
    assert 0 < result.scores.mean("nDCG@10") < 1
    _check_scores(run, checkpoint)


def _check_scores(run: Run, checkpoint: Path) -> None:
    """See that a query's documents have, to the last bit, the scores of their pairs one at a time."""
    collection = load(MINI)
    scorer = open_scorer(CrossEncoderSpec(name="reranker", path=str(checkpoint)), ENGINE)
    texts = {document.doc_id: document.text for document in collection.corpus.documents(0, 72)}
    for query in [query for query in collection.queries if len(run.rankings[query.query_id])][:3]:
        one = run.rankings[query.query_id]
        tokens = scorer.tokens.queries([query.text])
        alone = [scorer.scores(scorer.tokens.pairs(tokens, [texts[doc_id]])).item() for doc_id in one.doc_ids]
        assert one.scores.tolist() == alone == sorted(alone, reverse=True)


def test_block_and_shards_change_no_byte_of_the_run(spec_of: Callable[..., RunSpec], bm25: Path) -> None:
    spec = spec_of(bm25)
    _, run = reranked(spec)
    for engine in (replace(ENGINE, block_documents=7), replace(ENGINE, shards=5)):
        _, other = reranked(replace(spec, engine=engine, force=True))
        assert other.rankings == run.rankings


def test_a_finished_result_is_read_back_and_another_run_or_depth_is_another_result(
    spec_of: Callable[..., RunSpec], bm25: Path, tmp_path: Path
) -> None:
    first, _ = reranked(spec_of(bm25))
    copy = tmp_path / "copy.trec"
    copy.write_bytes(bm25.read_bytes())
    watch = Watch()
    (again,) = evaluate(spec_of(copy), watch)
    assert again == first
    assert [stage.name for stage in watch.stages] == ["read"], "the same run by another name is scored already"
    copy.write_bytes(b"".join(line for line in bm25.read_bytes().splitlines(keepends=True)[:-1]))
    assert evaluate(spec_of(copy))[0].key != first.key
    assert evaluate(spec_of(bm25, depth=10))[0].key != first.key
    assert len(str(first.provenance["fingerprints"]["run"])) == 64  # type: ignore[index]


def test_a_query_that_the_run_does_not_have_finds_nothing_and_counts(
    spec_of: Callable[..., RunSpec], tmp_path: Path
) -> None:
    result, run = reranked(spec_of(_small(tmp_path)))
    found = {query: one.doc_ids for query, one in run.rankings.items() if len(one)}
    assert len(run.rankings) == result.counts["queries"] == 36
    assert {query: set(doc_ids) for query, doc_ids in found.items()} == {_query(): {"m001", "m002"}}


def _query() -> str:
    return load(MINI).queries[0].query_id


def _small(folder: Path, **more: Any) -> Path:
    doc_ids = [document.doc_id for document in load(MINI).corpus.documents(0, 2)]
    assert doc_ids == ["m001", "m002"]
    return written(folder / "small.trec", {_query(): [("m001", 2.0), ("m002", 1.0)], **more})


def test_the_run_may_be_of_another_tool_gzipped_and_named_by_language(
    spec_of: Callable[..., RunSpec], tmp_path: Path
) -> None:
    query = _query()
    text = f"{query}\tQ0\tm002 1 1e-3 Other/Tool\n{query} Q0 m001 1 -7 x\n"
    with gzip.open(tmp_path / "other-en.trec.gz", "wt") as file:
        file.write(text)
    _, run = reranked(spec_of(tmp_path / "other-{language}.trec.gz", depth=10))
    assert set(run.rankings[query].doc_ids) == {"m001", "m002"}


def test_documents_and_queries_without_text_and_the_query_itself_are_left_out(
    spec_of: Callable[..., RunSpec], tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": "d1", "text": "a river"}, {"_id": "d2", "text": " "}, {"_id": "q1", "text": "a drug"}]
    rows.append({"_id": "d3", "text": "a bridge"})
    (folder / "corpus.jsonl").write_text("".join(json.dumps({**row, "title": ""}) + "\n" for row in rows))
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "river"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    run = written(tmp_path / "run.trec", {"q1": [("q1", 9.0), ("d2", 8.0), ("d1", 7.0), ("d3", 6.0)]})
    dataset = DatasetSpec(name="own", source="beir", path=str(folder), drop_self=True, measure="nDCG@2")
    result, found = reranked(spec_of(run, depth=2, dataset=dataset))
    assert found.rankings["q1"].doc_ids == ("d1",)
    assert {name: result.search[name] for name in ("pairs", "empty", "dropped_self")} == {
        "pairs": 1,
        "empty": 1,
        "dropped_self": 1,
    }


def test_another_run_or_depth_is_told_apart_in_tables(spec_of: Callable[..., RunSpec], tmp_path: Path) -> None:
    path = _small(tmp_path)
    (one,), (other,) = evaluate(spec_of(path, depth=100)), evaluate(spec_of(path, depth=50))
    said = {difference.name: difference.value for difference in differences(one, Registered())}
    assert said == {"search.kind": '"rerank"', "search.run": json.dumps(str(path))}
    assert label_of(other, Registered()) == f"{label_of(one, Registered())} search.depth=50"


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"nobody": [("m001", 1.0)]}, "queries that are not judged in mini: got 1, 'nobody' the first"),
        ({"FIRST": [("m001", 1.0), ("m999", 0.5)]}, "documents that are not in mini: got 1, 'm999' the first"),
    ],
)
def test_a_run_of_another_collection_is_refused(
    found: dict[str, Any], message: str, spec_of: Callable[..., RunSpec], tmp_path: Path
) -> None:
    found = {query.replace("FIRST", _query()): pairs for query, pairs in found.items()}
    with pytest.raises(DataError) as caught:
        evaluate(spec_of(written(tmp_path / "strange.trec", found)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_run_that_is_not_there_is_refused(spec_of: Callable[..., RunSpec], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing.trec cannot be read: got No such file"):
        evaluate(spec_of(tmp_path / "nothing.trec"))


def test_a_run_that_changes_while_a_job_is_at_work_is_refused(spec_of: Callable[..., RunSpec], tmp_path: Path) -> None:
    path = _small(tmp_path)

    class Late(Watch):
        def stage(self, name: str, total: int | None = None, unit: str = "documents") -> Any:
            if name == "read the run":
                path.write_text(path.read_text().replace("m002", "m003"))
            return super().stage(name, total, unit)

    with pytest.raises(DataError, match="has changed since this job began"):
        evaluate(spec_of(path), Late())


DATASET: dict[str, Any] = {"name": "hand", "source": "beir", "id": None, "path": "some/folder"}
DATASET |= {"default_languages": None, "languages": None}
LANGUAGES: dict[str, Any] = {**DATASET, "languages": {"en": {}, "de": {}}}
CROSS: dict[str, Any] = {"kind": "cross-encoder", "name": "reranker", "path": "checkpoint"}
ENCODER: dict[str, Any] = {"kind": "late-interaction", "name": "tiny", "path": "checkpoint", "dims": [8]}
RERANK: dict[str, Any] = {"kind": "rerank", "run": "first.trec"}
ROOT: dict[str, Any] = {"dataset": DATASET, "model": CROSS, "search": RERANK, "engine": {}, "language": None}
ROOT |= {"dim": "all", "precision": "strict", "out": "runs", "force": False}


def test_a_sound_configuration_gives_one_job_a_language() -> None:
    (spec,) = run_specs(ROOT)
    assert (spec.dims, spec.model) == ((None,), CrossEncoderSpec(name="reranker", path="checkpoint"))
    several = {**ROOT, "dataset": LANGUAGES, "language": "all", "search": {**RERANK, "run": "{language}.trec"}}
    assert [spec.dataset.language for spec in run_specs(several)] == ["en", "de"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"search": {"kind": "exact"}}, "model reranker: got search=exact, expected search=rerank search.run=FILE"),
        ({"search": {"kind": "rerank"}}, "search.run is missing: expected the run to rerank"),
        ({"search": {**RERANK, "run": ""}}, "search.run is missing: expected the run to rerank"),
        ({"search": {**RERANK, "kind": "exact"}}, "search.run is for search=rerank alone: got 'first.trec'"),
        ({"search": {**RERANK, "kind": "rerun"}}, "Did you mean 'rerank'?"),
        ({"search": {**RERANK, "run": 7}}, "search.run: got 7 (int), expected text or null"),
        ({"search": {**RERANK, "depth": 0}}, "search.depth: got 0"),
        ({"model": ENCODER}, "only cross-encoders rerank: got model tiny"),
        ({"model": {"kind": "bm25", "name": "bm25"}}, "only cross-encoders rerank: got model bm25"),
        ({"dim": 128}, "model reranker has no vectors: got dim=128"),
        ({"model": {**CROSS, "length": 7}}, "model.length is too small: got 7"),
        ({"model": {**CROSS, "length": 20, "query_length": 16}}, "model.query_length: got 16, expected 1 to 15"),
        ({"model": {**CROSS, "query_length": 0}}, "model.query_length: got 0"),
        ({"model": {**CROSS, "dims": [8]}}, "unknown key of model"),
        ({"search": {**RERANK, "run": "{language}.trec"}}, "search.run: got {language}, and hand has none"),
        ({"dataset": LANGUAGES, "language": "all"}, "search.run for 2 languages: got 'first.trec'"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run_specs({**ROOT, **changes})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
