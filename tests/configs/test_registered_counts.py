"""The numbers of documents and judged queries that the configurations register, written out once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.report.registered import registered

Counts = dict[tuple[str, str | None], tuple[int | None, int | None]]


@pytest.fixture
def counts(root: Path) -> Counts:
    found = registered(root / "configs").datasets
    return {key: (spec.documents, spec.queries) for key, spec in found.items()}


def test_every_collection_of_the_card_is_registered_and_mini(counts: Counts) -> None:
    assert len(counts) == 13 + 1 + 18 + 13 + 10
    assert {name for name, language in counts if language is None} == BEIR.keys() | {"msmarco"}


def test_the_thirteen_sets_of_beir_have_their_numbers(counts: Counts) -> None:
    assert {name: counts[name, None] for name in BEIR} == BEIR


def test_the_eighteen_languages_of_miracl_have_their_numbers(counts: Counts) -> None:
    assert {language: found for (name, language), found in counts.items() if name == "miracl"} == MIRACL


def test_the_thirteen_languages_of_mmarco_have_the_numbers_of_msmarco(counts: Counts) -> None:
    found = [counts[key] for key in counts if key[0] in {"mmarco", "msmarco"}]
    assert found == [(8_841_823, 6_980)] * 14


def test_the_ten_languages_of_mini_have_one_size(counts: Counts, root: Path) -> None:
    found = {language: numbers for (name, language), numbers in counts.items() if name == "mini"}
    assert {str(language) for language in found} == {path.name for path in (root / "harness/data/mini").iterdir()}
    for language, numbers in found.items():
        folder = root / "harness/data/mini" / str(language)
        documents = (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
        judged = {
            line.split("\t")[0] for line in (folder / "qrels/test.tsv").read_text(encoding="utf-8").split("\n")[1:]
        }
        assert numbers == (len(documents), len(judged - {""}))


# The benchmarks' own numbers of documents and of judged queries (BEIR's table of datasets, MIRACL's and MS MARCO's).
BEIR = {
    "arguana": (8_674, 1_406),
    "climate-fever": (5_416_593, 1_535),
    "dbpedia-entity": (4_635_922, 400),
    "fever": (5_416_568, 6_666),
    "fiqa": (57_638, 648),
    "hotpotqa": (5_233_329, 7_405),
    "nfcorpus": (3_633, 323),
    "nq": (2_681_468, 3_452),
    "quora": (522_931, 10_000),
    "scidocs": (25_657, 1_000),
    "scifact": (5_183, 300),
    "trec-covid": (171_332, 50),
    "webis-touche": (382_545, 49),
}
MIRACL = {
    "ar": (2_061_414, 2_896),
    "bn": (297_265, 411),
    "de": (15_866_222, 305),
    "en": (32_893_221, 799),
    "es": (10_373_953, 648),
    "fa": (2_207_172, 632),
    "fi": (1_883_509, 1_271),
    "fr": (14_636_953, 343),
    "hi": (506_264, 350),
    "id": (1_446_315, 960),
    "ja": (6_953_614, 860),
    "ko": (1_486_752, 213),
    "ru": (9_543_918, 1_252),
    "sw": (131_924, 482),
    "te": (518_079, 828),
    "th": (542_166, 733),
    "yo": (49_043, 119),
    "zh": (4_934_368, 393),
}
