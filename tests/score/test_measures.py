import subprocess
import sys

import ir_measures
import pytest

from harness.errors import ConfigError
from harness.score.measures import ALIASES, CUTOFF, measure, measure_name


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("nDCG@10", "nDCG@10"),
        ("NDCG@10", "nDCG@10"),
        ("ndcg_cut_10", "nDCG@10"),
        ("ndcg_cut.10", "nDCG@10"),
        ("ndcg_at_10", "nDCG@10"),
        ("ndcg@10", "nDCG@10"),
        ("ndcg", "nDCG"),
        ("RR@10", "RR@10"),
        ("MRR@10", "RR@10"),
        ("mrr_at_10", "RR@10"),
        ("recip_rank", "RR"),
        ("RR(rel=2)@10", "RR(rel=2)@10"),
        ("RR(rel=1)@10", "RR@10"),
        ("R@100", "R@100"),
        ("Recall@100", "R@100"),
        ("recall_100", "R@100"),
        ("recall_at_100", "R@100"),
        ("P_5", "P@5"),
        ("precision_at_5", "P@5"),
        ("AP", "AP"),
        ("map", "AP"),
        ("map_cut_100", "AP@100"),
        ("MAP@100", "AP@100"),
        ("success_5", "Success@5"),
        ("Success@5", "Success@5"),
        ("set_map", "SetAP"),
        ("iprec_at_recall_0.10", "IPrec@0.1"),
    ],
)
def test_a_measure_has_one_name_whatever_it_is_called(name: str, canonical: str) -> None:
    assert measure_name(name) == canonical
    assert measure_name(canonical) == canonical


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="ir_measures' own parser warns from Python 3.12 on")
@pytest.mark.parametrize("name", ["nDCG@10", "RR@10", "RR(rel=2)@10", "R@100", "P@5", "AP", "IPrec@0.1", "Judged@10"])
def test_a_measure_is_the_one_ir_measures_parses_from_its_name(name: str) -> None:
    parsed = ir_measures.parse_measure(name)
    assert measure(name) == parsed
    assert measure(name).params == parsed.params


def test_every_alias_names_a_measure_that_ir_measures_has() -> None:
    assert set(ALIASES.values()) == set(CUTOFF)
    assert set(CUTOFF) <= set(ir_measures.measures.registry)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("nCDG@20", "nDCG@20"),
        ("NDCG10", "nDCG@10"),
        ("recal@100", "R@100"),
        ("mmr@10", "RR@10"),
        ("sucess@5", "Success@5"),
        ("R@1e3", "R@1"),
        ("nDCG@10\n", "nDCG@10"),
    ],
)
def test_an_unknown_measure_is_refused_with_the_nearest_one(name: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match="unknown measure") as caught:
        measure(name)
    assert str(caught.value).endswith(f"Did you mean {nearest!r}?")


@pytest.mark.parametrize(
    "name", ["", "@10", "10", "__import__('os')", "nDCG@10; RR", "nDCG(gains={0:1})@10", "alpha_nDCG@5"]
)
def test_what_is_no_name_of_a_measure_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown measure"):
        measure(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("P", "a rank from 1"),
        ("AP@0", "a rank from 1"),
        ("R@0.5", "a rank from 1"),
        ("Rprec@3", "without a rank"),
        ("IPrec", "a recall between 0 and 1"),
        ("IPrec@2", "a recall between 0 and 1"),
        ("nDCG(rel=2)@10", "no grade to start from"),
    ],
)
def test_a_known_measure_with_a_number_it_cannot_have_is_refused(name: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        measure(name)


def test_reading_scores_does_not_import_the_scorer() -> None:
    code = "import sys, harness.score.scores; print([m for m in ('ir_measures', 'numpy', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_scoring_does_not_import_torch_or_pandas() -> None:
    code = "import sys, harness.score.evaluate; print([m for m in ('torch', 'pandas', 'beir') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
