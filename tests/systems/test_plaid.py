"""`search=plaid` from settings to result, with an index in place of fast-plaid's that misses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from harness.encode.vectors import pack
from harness.errors import ConfigError, DataError, HarnessError, ModelError, StorageError
from harness.job import RUN
from harness.pipeline import evaluate
from harness.plaid_spec import PlaidSpec
from harness.report.record import Result
from harness.retrieve import plaid, plaid_package
from harness.retrieve.plaid import Found, cut, open_index, pieces
from harness.retrieve.run import Run
from harness.retrieve.trec import read_run
from harness.spec import CrossEncoderSpec, DatasetSpec, EncoderSpec, EngineSpec, LexicalSpec, RunSpec, SearchSpec
from harness.systems import plaid as system

MINI = DatasetSpec(name="mini", source="beir", path="{package}/data/mini/en", language="en", documents=72)
MODEL = EncoderSpec(name="mini", path="{package}/encode/mini", dims=(128, 64), head="linear.weight")
ENGINE = EngineSpec(device="cpu", workers=1, block_documents=50)
PLAID = SearchSpec(kind="plaid", depth=20, plaid=PlaidSpec())
Evaluate = Callable[..., dict[int, tuple[Result, Run]]]


@dataclass
class WholeIndex:
    """Scores every document for every query: an index that misses nothing."""

    documents: list[Tensor] = field(default_factory=list)

    def build(self, documents: Sequence[Tensor]) -> None:
        self.documents = [vectors.float() for vectors in documents]

    def search(self, queries: Sequence[Tensor], depth: int) -> Found:
        found = []
        for query in queries:
            scores = [float((query.float() @ one.T).amax(1).sum()) for one in self.documents]
            best = sorted(range(len(scores)), key=lambda place: -scores[place])[:depth]
            # In no order: that of the run is the harness's.
            found.append([(place, scores[place]) for place in sorted(best)])
        return found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Path, PlaidSpec]]]:
    """Put the index that misses nothing in place of fast-plaid's; tells where, and with which settings."""
    told: list[tuple[Path, PlaidSpec]] = []

    def give(folder: Path, settings: PlaidSpec) -> WholeIndex:
        assert folder.is_dir()
        told.append((folder, settings))
        return WholeIndex()

    monkeypatch.setattr(system, "open_index", give)
    monkeypatch.setattr(plaid_package, "version", lambda: "1.7.0")
    return told


@pytest.fixture
def run(tmp_path: Path, opened: list[Any]) -> Evaluate:
    def give(search: SearchSpec = PLAID, **changes: Any) -> dict[int, tuple[Result, Run]]:
        settings = {"dataset": MINI, "model": MODEL, "dims": (128, 64), "engine": ENGINE, "out": str(tmp_path / "runs")}
        spec = RunSpec(search=search, **(settings | changes))
        found = {}
        for result in evaluate(spec):
            (path,) = Path(spec.out).glob(f"results/**/dim-*{result.key}/{RUN}")
            found[result.dim] = result, read_run(path)
        return found

    return give


def collection(folder: Path, documents: dict[str, str], queries: dict[str, str]) -> DatasetSpec:
    (folder / "qrels").mkdir(parents=True)
    for name, texts in (("corpus", documents), ("queries", queries)):
        lines = [json.dumps({"_id": key, "title": "", "text": text}) for key, text in texts.items()]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = [f"{query}\t{next(iter(documents))}\t1" for query in queries]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]), encoding="utf-8")
    return DatasetSpec(name="hand", source="beir", path=str(folder))


def test_an_index_that_misses_nothing_gives_the_run_of_exact_search(run: Evaluate, opened: list[Any]) -> None:
    exact, indexed = run(SearchSpec(depth=20)), run()
    assert len(opened) == 2, "an index for each dimension"
    for dim in (128, 64):
        (one, truth), (other, found) = exact[dim], indexed[dim]
        assert one.key != other.key
        assert found.name == f"mini-dim{dim}-plaid"
        for query, ranking in truth.rankings.items():
            assert set(ranking.doc_ids) == set(found.rankings[query].doc_ids)
            assert found.rankings[query].scores == pytest.approx(ranking.scores, abs=2e-2)
        assert {name: other.search[name] for name in one.search} == dict(one.search)
        assert other.value == pytest.approx(one.value, abs=0.02)
        assert other.spec["search"] == {"kind": "plaid", "depth": 20, "run": None, "plaid": vars(PlaidSpec())}
        assert other.provenance["fast-plaid"] == "1.7.0"


def test_the_folder_of_an_index_is_under_out_and_gone_afterwards(
    run: Evaluate, opened: list[Any], tmp_path: Path
) -> None:
    run()
    assert all(folder.parent == tmp_path / "runs" and not folder.exists() for folder, _ in opened)
    assert not list((tmp_path / "runs").glob(".plaid*"))


def test_a_finished_index_is_not_built_again_and_another_setting_is_another_result(
    run: Evaluate, opened: list[Any]
) -> None:
    run(dims=(64,))
    run(dims=(64,))
    assert len(opened) == 1
    changes = {"nbits": 2, "seed": 1, "n_ivf_probe": 4, "n_full_scores": 64, "kmeans_niters": 2, "device": "cuda"}
    changes |= {"n_samples_kmeans": 9, "max_points_per_centroid": 8}
    assert set(changes) == set(vars(PlaidSpec()))
    keys = {
        run(replace(PLAID, plaid=replace(PlaidSpec(), **{name: value})), dims=(64,))[64][0].key
        for name, value in changes.items()
    }
    assert len(keys) == len(changes) == len(opened) - 1


def test_a_querys_own_document_is_dropped_and_another_takes_its_place(run: Evaluate, tmp_path: Path) -> None:
    texts = {f"d{number}": f"the river {number} and the sea" for number in range(6)}
    hand = collection(tmp_path / "hand", texts, {"d3": texts["d3"], "q": "the sea"})
    search = replace(PLAID, depth=4)
    measures = {"measure": "nDCG@4"}
    (result, found) = run(search, dataset=replace(hand, drop_self=True, **measures), dims=(64,))[64]
    assert {query: len(one) for query, one in found.rankings.items()} == {"d3": 4, "q": 4}
    assert "d3" not in found.rankings["d3"].doc_ids
    assert result.search["dropped_self"] == 1
    assert "d3" in run(search, dataset=replace(hand, **measures), dims=(64,))[64][1].rankings["d3"].doc_ids


def test_equal_scores_are_in_the_order_of_ids_and_what_has_no_text_is_never_found(
    run: Evaluate, tmp_path: Path
) -> None:
    hand = collection(
        tmp_path / "hand", {"d1": "a river", "d9": "a river", "d5": "", "d2": "a river"}, {"q": "a river"}
    )
    (result, found) = run(dataset=replace(hand, measure="nDCG@10"), dims=(64,))[64]
    assert found.rankings["q"].doc_ids == ("d9", "d2", "d1")
    assert (result.search["documents"], result.search["empty"]) == (4, 1)


def test_of_a_collection_without_any_text_there_is_no_index(run: Evaluate, tmp_path: Path, opened: list[Any]) -> None:
    hand = collection(tmp_path / "hand", {"d1": "", "d2": ""}, {"q": "a river"})
    with pytest.raises(DataError, match="found no document for any judged query"):
        run(dataset=hand, dims=(64,))
    assert opened == []


def test_vectors_that_do_not_fit_in_memory_are_told_with_their_size(
    run: Evaluate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(system, "available_memory", lambda: 2**20)
    with pytest.raises(DataError, match=r"vectors of 'mini' do not fit in memory.* GiB: tokens x dim.*search=exact"):
        run()
    assert not list((tmp_path / "runs").glob(".plaid*"))


@pytest.mark.parametrize(
    ("held", "done", "fits"), [(500, 10, True), (501, 10, False), (110, 1, False), (90, 1, True), (0, 0, True)]
)
def test_what_is_held_is_certain_and_what_is_to_come_only_twice_over(held: int, done: int, fits: bool) -> None:
    """Documents at the beginning may be longer than the others."""
    if fits:
        plaid.refuse_too_many_vectors("hand", held, done, 10, 1000)
    else:
        with pytest.raises(DataError, match="do not fit"):
            plaid.refuse_too_many_vectors("hand", held, done, 10, 1000)


def test_an_index_that_the_disk_cannot_take_is_not_begun(
    run: Evaluate, monkeypatch: pytest.MonkeyPatch, opened: list[Any]
) -> None:
    monkeypatch.setattr(plaid.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(StorageError, match="no room for the index"):
        run()
    assert opened == []


def test_without_fast_plaid_one_line_says_so_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plaid_package.importlib.util, "find_spec", lambda _: None)
    nowhere = replace(MINI, path=str(tmp_path / "nowhere"))
    spec = RunSpec(dataset=nowhere, model=MODEL, dims=(64,), search=PLAID, out=str(tmp_path / "runs"))
    with pytest.raises(ModelError) as told:
        evaluate(spec)
    assert str(told.value) == (
        "search=plaid needs fast-plaid: got it is not installed. Install it: pip install -e '.[plaid]' (it pins torch, "
        "so give it an environment of its own)"
    )
    assert not plaid_package.is_there()


@pytest.mark.parametrize(("wanted", "fits"), [("torch==2.11.0", True), ("torch==2.12.0", False), ("torch>=2", True)])
def test_fast_plaid_for_another_torch_is_refused_for_it_would_crash(
    wanted: str, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plaid_package.importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(plaid_package.metadata, "requires", lambda _: ["numpy>=1", wanted])
    monkeypatch.setattr(plaid_package.metadata, "version", {"torch": "2.11.0+cpu", "fast-plaid": "1.7"}.get)
    assert plaid_package.is_there() is fits
    if not fits:
        with pytest.raises(ModelError, match=r"got torch 2\.11\.0, expected the torch that it is made for, 2\.12\.0"):
            plaid_package.version()


def test_every_setting_is_handed_to_fast_plaid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes keywords that it does not know, and drops them."""
    told: dict[str, Any] = {}

    class FastPlaid:
        def __init__(self, index: str, device: str) -> None:
            told.update(index=index, device=device)

        def create(self, documents_embeddings: list[Tensor], **settings: Any) -> None:
            told.update(settings, documents=len(documents_embeddings))
            (Path(told["index"]) / "metadata.json").write_text(json.dumps({"num_partitions": 7}), encoding="utf-8")

        def search(self, queries_embeddings: list[Tensor], **settings: Any) -> list[list[tuple[int, float]]]:
            told.update(settings)
            return [[(0, 1.0)]] * len(queries_embeddings)

    monkeypatch.setattr(plaid, "import_module", lambda name: SimpleNamespace(FastPlaid=FastPlaid))
    settings = PlaidSpec(
        nbits=2, kmeans_niters=3, max_points_per_centroid=5, n_samples_kmeans=6, n_ivf_probe=7, n_full_scores=8, seed=9
    )
    index = open_index(tmp_path, settings)
    index.build([torch.ones(2, 4).half()])
    assert index.search([torch.ones(1, 4).half()] * 2, 11) == [[(0, 1.0)]] * 2
    assert {name: told[name] for name in vars(settings)} == vars(settings)
    assert (told["top_k"], told["use_triton_kmeans"], told["documents"]) == (11, False, 1)


def test_an_index_on_a_gpu_needs_one(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(ModelError, match=r"search\.plaid\.device: got cuda, expected a GPU"):
        open_index(tmp_path, PlaidSpec(device="cuda"))


def test_vectors_are_cut_and_of_unit_norm_again() -> None:
    vectors = pack([torch.tensor([[0.6, 0.0, 0.8]]).half(), torch.empty(0, 3).half()], 3)
    texts = pieces(vectors)
    assert [one.tolist() for one in cut(texts, 2)] == [[[1.0, 0.0]], []]
    assert torch.equal(cut(texts, 3)[0], vectors.vectors_ND)
    with pytest.raises(ModelError, match="a token vector is zero"):
        cut([torch.tensor([[0.0, 1.0]]).half()], 1)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: PlaidSpec(nbits=3), r"search\.plaid\.nbits: got 3, expected one of 1, 2, 4, 8"),
        (lambda: PlaidSpec(n_ivf_probe=0), r"search\.plaid\.n_ivf_probe: got 0"),
        (lambda: PlaidSpec(n_samples_kmeans=0), "n_samples_kmeans: got 0"),
        (lambda: PlaidSpec(seed=-1), "seed: got -1"),
        (lambda: PlaidSpec(device="tpu"), r"unknown search\.plaid\.device"),
        (lambda: SearchSpec(kind="plaid"), r"search\.plaid is for search=plaid, and for nothing else: got .*=plaid"),
        (lambda: SearchSpec(plaid=PlaidSpec()), r"search\.plaid is for search=plaid, and for nothing else"),
        (lambda: job(model=LexicalSpec(name="bm25"), dims=(None,)), "search=plaid: got model bm25"),
        (lambda: job(model=replace(MODEL, similarity="dot")), "search=plaid: got model mini"),
        (lambda: job(model=replace(MODEL, pooling="mean")), "a vector of unit norm for each token"),
        (lambda: job(model=replace(MODEL, dims=(128, 12)), dims=(12,)), "got dim=12, expected a multiple of 8"),
        (lambda: job(engine=EngineSpec(kind="ray")), "search=plaid: got engine=ray"),
        (lambda: job(model=CrossEncoderSpec(name="pairs", path="x"), dims=(None,)), "a cross-encoder scores"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_line(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as error:
        make()
    assert isinstance(error.value, HarnessError)
    assert "\n" not in str(error.value)


def job(**changes: Any) -> RunSpec:
    return RunSpec(**({"dataset": MINI, "model": MODEL, "dims": (64,), "search": PLAID} | changes))
