"""What the configurations register, and where a result differs from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from harness import paths
from harness.config import dataset_specs
from harness.errors import ConfigError, DataError
from harness.report.place import label_of
from harness.report.published import PublishedTable
from harness.report.record import Result, read_result, write_result
from harness.report.registered import Registered, differences, told
from harness.report.registered import registered as read_registered

Make = Callable[..., Result]
Register = Callable[..., Registered]


def test_naming_the_benchmarks_own_k1_is_no_difference(make_result: Make, register: Register) -> None:
    bm25 = register(["bm25"], [("scifact", None)])
    same = {"model.k1": 0.9, "model.b": 0.4}
    assert differences(make_result(0.6, model="bm25", dataset="scifact", overrides=same), bm25) == ()
    moved = {"model.k1": 2.0, "dataset.bm25_k1": 2.0}
    found = differences(make_result(0.6, model="bm25", dataset="scifact", overrides=moved), bm25)
    assert told(found) == "dataset.bm25_k1 is 2.0, registered 0.9"


def test_a_setting_that_was_not_recorded_is_a_difference(make_result: Make, registered: Registered) -> None:
    result = make_result(0.5)
    del result.spec["model"]["skiplist"]
    assert told(differences(result, registered)) == 'model.skiplist is not recorded, registered "none"'


def test_every_dataset_of_the_card_is_registered_with_its_counts(card: tuple[PublishedTable, ...]) -> None:
    known = read_registered(paths.configs())
    for row in (row for table in card for row in table.rows):
        spec = known.datasets[row.dataset, row.language]
        assert spec.documents is not None
        assert spec.queries is not None
    assert known.datasets["miracl", "ar"].text_language == "ar"
    assert known.datasets["msmarco", None].bm25_k1 == 0.82


def test_settings_left_to_the_command_line_register_nothing() -> None:
    known = read_registered(paths.configs())
    assert {"bm25", "minilm"} <= set(known.models)
    assert "folder" not in known.models
    assert {name for name, _ in known.datasets}.isdisjoint({"folder", "irds", "None"})


def test_a_folder_in_beirs_layout_has_the_registered_settings_of_scifact(make_result: Make) -> None:
    data = yaml.safe_load((paths.configs() / "dataset" / "folder.yaml").read_text())
    (folder,) = dataset_specs({**data, "path": "data/scifact"}, None)
    result = make_result(0.6, model="bm25", dataset=folder.name)
    spec = {**result.spec, "dataset": vars(folder)}
    assert folder.name == "scifact"
    assert differences(Result(**{**vars(result), "spec": spec}), read_registered(paths.configs())) == ()


def test_models_are_registered_whether_or_not_their_weights_are_there(tmp_path: Path) -> None:
    shipped = (paths.configs() / "model" / "minilm.yaml").read_text()
    (tmp_path / "model").mkdir()
    for name, path in {"a": '"{package:no_such_package}/x"', "b": "???"}.items():
        lines = [f"path: {path}" if line.startswith("path:") else line for line in shipped.splitlines()]
        text = "\n".join(lines).replace("name: minilm", f"name: {name}")
        (tmp_path / "model" / f"{name}.yaml").write_text(text)
    assert set(read_registered(tmp_path).models) == {"a"}, "b leaves its path to the command line"


@pytest.mark.parametrize("text", ["- 1\n", "a: [\n", ""])
def test_a_file_that_is_no_configuration_is_one_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"a\.yaml"):
        read_registered(tmp_path)


def test_two_configurations_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    for name in ("a", "b"):
        (tmp_path / "model" / f"{name}.yaml").write_text("kind: bm25\nname: bm25\nk1: null\nb: null\n")
    with pytest.raises(ConfigError, match="two configurations have one name: got 'model bm25'"):
        read_registered(tmp_path)


def test_a_label_holds_every_setting_that_differs(make_result: Make, registered: Registered) -> None:
    result = make_result(0.5, dim=64, dim_kind="prefix", overrides={"dataset.join": " | ", "model.dims": [128]})
    assert label_of(result, registered) == 'alpha dim=64 prefix model.dims=[128] dataset.join=" | "'


@pytest.mark.parametrize("spec", [{}, {"dataset": {}}, {"dataset": {}, "model": []}, None])
def test_a_result_that_does_not_say_how_it_was_made_is_no_result(
    tmp_path: Path, make_result: Make, spec: object
) -> None:
    path = tmp_path / "result.json"
    write_result(path, Result(**{**vars(make_result(0.5)), "spec": spec}))
    with pytest.raises(DataError, match="is no result"):
        read_result(path)
