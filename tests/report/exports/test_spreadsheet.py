"""CSV: a line per result and measure, a line per query, every digit kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from harness.report.exports.formats import Exported
from harness.report.record import Result
from harness.report.registered import Registered
from tests.report.exports.conftest import content, with_values

Make = Callable[..., Result]


def lines(done: Exported, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(done)[name].decode())))


def test_means_and_values_read_back_equal_to_the_last_digit(
    exported: Callable[..., Exported], make_result: Make, registered: Registered
) -> None:
    values = {"q0": 1 / 3, "q1": 0.1 + 0.2, "q2": 1e-7, "q3": 1.0}
    result = with_values(make_result(0.5, dim=128, dim_kind="full"), values, "nDCG@10", "R@100")
    done = exported("csv", [result], registered)
    means = {line["measure"]: float(line["value"]) for line in lines(done, "results.csv")}
    assert means == result.scores.means
    found = {line["query"]: float(line["value"]) for line in lines(done, "queries.csv") if line["measure"] == "R@100"}
    assert found == values


def test_every_line_names_precision_dim_and_dim_kind(
    exported: Callable[..., Exported], make_result: Make, registered: Registered
) -> None:
    strict = make_result(0.5, dim=64, dim_kind="prefix", key="k1")
    fast = make_result(0.5, dim=128, dim_kind="full", key="k2", overrides={"precision": "fast"})
    done = exported("csv", [strict, fast], registered)
    for name in ("results.csv", "queries.csv"):
        found = {(line["key"], line["precision"], line["dim"], line["dim_kind"]) for line in lines(done, name)}
        assert found == {("k1", "strict", "64", "prefix"), ("k2", "fast", "128", "full")}


def test_a_result_with_other_settings_says_so_on_its_line(
    exported: Callable[..., Exported], make_result: Make, registered: Registered
) -> None:
    own = make_result(0.5, dim=128, dim_kind="full", key="k1")
    other = make_result(0.5, dim=128, dim_kind="full", key="k2", overrides={"model.document_length": 150})
    short, long = (line["standing"] for line in lines(exported("csv", [own, other], registered), "results.csv"))
    assert short == "registered settings"
    assert long == "not the registered settings: model.document_length is 150, registered 300"
