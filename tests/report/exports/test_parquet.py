"""Parquet: the values of every query as a data frame, with ids and digits as they are."""

from __future__ import annotations

import io
from collections.abc import Callable

import pandas as pd
import pytest

from harness.errors import ConfigError
from harness.report.exports import parquet
from harness.report.exports.formats import Exported, export
from harness.report.record import Result
from harness.report.registered import Registered
from tests.report.exports.conftest import content, with_values

Make = Callable[..., Result]


def frame(done: Exported) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(content(done)["queries.parquet"]))


def test_ids_and_values_read_back_equal(
    exported: Callable[..., Exported], make_result: Make, registered: Registered
) -> None:
    values = {"=1+1": 1 / 3, "00": 0.1 + 0.2, "документ": 1.0, "a\x1b[31m": 0.0}
    result = with_values(make_result(0.5, dim=128, dim_kind="full"), values)
    found = frame(exported("parquet", [result, make_result(0.2, model="bm25", key="k2")], registered))
    mine = found[found["key"] == "k1"]
    assert dict(zip(mine["query"], mine["value"], strict=True)) == values
    assert found["value"].dtype == "float64"
    assert list(found["dim"].dropna().unique()) == [128]
    assert found[found["key"] == "k2"]["dim"].isna().all()


def test_every_line_names_precision_dim_and_dim_kind(
    exported: Callable[..., Exported], make_result: Make, registered: Registered
) -> None:
    result = make_result(0.5, dim=64, dim_kind="prefix", overrides={"precision": "fast"})
    found = frame(exported("parquet", [result], registered))
    assert set(zip(found["precision"], found["dim"], found["dim_kind"], strict=True)) == {("fast", 64, "prefix")}
    assert found["standing"].str.startswith("not the registered settings: precision is fast").all()


def test_without_pyarrow_there_is_one_error_that_says_what_to_install(
    put: Callable[..., object], make_result: Make, registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = put([make_result(0.5)])
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs pyarrow: got it is not installed.*harness\[parquet\]"):
        export(["parquet"], out, (), registered)
