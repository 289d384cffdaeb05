"""The dataset files: one set of keys, ids that ir_datasets knows, the counts that it and the package beir publish."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.spec import DatasetSpec

KEYS = ["name", "description", "source", "id", "path", "split", "text_language", "fields", "join", "query_field"]
KEYS += ["measure", "also", "documents", "queries", "qrels", "missing_judged", "drop_self", "bm25_k1", "bm25_b"]
KEYS += ["default_languages", "languages"]
COUNTS = ("documents", "queries", "qrels")

SCRIPT = """
import json, sys, ir_datasets
found = {}
for name in json.load(sys.stdin):
    data = ir_datasets.load(name)
    known = [getattr(data, f"{part}_metadata")()["count"] for part in ("docs", "queries", "qrels")]
    found[name] = [*known, [*data.docs_cls()._fields]]
print(json.dumps(found))
"""


@pytest.fixture
def configs(root: Path) -> dict[str, dict[str, Any]]:
    folder = root / "configs" / "dataset"
    return {
        path.relative_to(folder).with_suffix("").as_posix(): yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.yaml"))
    }


def written_out(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one mapping per language, as `harness.config` would make it, of a dataset of ir_datasets."""
    languages = config["languages"] or {"": {}}
    values = [{**config, "code": code, "language": code, **(entry or {})} for code, entry in languages.items()]
    return [{**item, "id": item["id"].format(language=item["language"], code=item["code"])} for item in values]


def test_every_file_has_the_same_keys_in_the_same_order(configs: dict[str, dict[str, Any]]) -> None:
    assert len(configs) == 13 + 6
    assert {name: list(config) for name, config in configs.items()} == dict.fromkeys(configs, KEYS)
    assert {item.name for item in fields(DatasetSpec)} - {"language"} == set(KEYS) - {"default_languages", "languages"}


def test_every_file_begins_with_the_command_that_runs_it(root: Path) -> None:
    folder = root / "configs" / "dataset"
    for path in folder.rglob("*.yaml"):
        name = path.relative_to(folder).with_suffix("").as_posix()
        assert path.read_text(encoding="utf-8").startswith(f"# python -m harness dataset={name} ")


def test_every_value_is_one_that_a_spec_takes(configs: dict[str, dict[str, Any]]) -> None:
    for name, config in configs.items():
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
        del values["languages"], values["default_languages"]
        assert DatasetSpec(**{**values, "name": values["name"] or name}).measure in {"nDCG@10", "RR@10"}


def test_the_cards_languages_are_there(configs: dict[str, dict[str, Any]]) -> None:
    assert len(configs["miracl"]["languages"]) == 18
    assert len(configs["mmarco"]["languages"]) == 13
    assert configs["mmarco"]["languages"]["nl"] == {"code": "dt"}
    assert [name for name, config in configs.items() if config["drop_self"]] == ["beir/arguana"]


def test_ir_datasets_knows_every_id_with_these_counts_and_fields(
    configs: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    real = [config for config in configs.values() if config["source"] == "irds" and config["id"] != "???"]
    sets = {item["id"]: item for config in real for item in written_out(config)}
    assert len(sets) == 13 + 1 + 18 + 13
    command = [sys.executable, "-c", SCRIPT]
    environment = {**os.environ, "IR_DATASETS_HOME": str(tmp_path)}
    done = subprocess.run(
        command, input=json.dumps(list(sets)), env=environment, text=True, capture_output=True, check=True
    )
    known = json.loads(done.stdout)
    assert {name: [item[part] for part in COUNTS] for name, item in sets.items()} == {
        name: counts[:3] for name, counts in known.items()
    }
    offered = {name: set(counts[3]) for name, counts in known.items()}
    for name, item in sets.items():
        assert set(item["fields"]) == {"title", "text"} & offered[name]


def test_the_package_beir_knows_the_thirteen_sets_by_these_names(configs: dict[str, dict[str, Any]]) -> None:
    text = str(metadata("beir").get_payload() or metadata("beir")["Description"])
    table = re.findall(r"\| ``([\w-]+)``\s*\|.*?``test``\s*\|\s*([\d,]+)\s*\|.*?datasets/([\w-]+)\.zip", text)
    queries = {name: int(count.replace(",", "")) for name, count, _ in table}
    assert all(name == file for name, _, file in table)
    ours = {name.split("/")[1]: config for name, config in configs.items() if name.startswith("beir/")}
    ours["webis-touche2020"] = ours.pop("webis-touche")
    assert ours.keys() <= queries.keys()
    assert {name: config["queries"] for name, config in ours.items()} == {name: queries[name] for name in ours}
