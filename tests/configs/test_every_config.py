"""Every file under configs/: it composes, it builds its spec, it says how it is run, and every field can be set."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.spec import CrossEncoderSpec, DatasetSpec, EncoderSpec, EngineSpec, LexicalSpec, RunSpec, SearchSpec

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
PATHS = sorted(path.relative_to(CONFIGS) for path in CONFIGS.rglob("*.yaml"))
GROUPS = ("dataset", "model", "search", "engine")
NEEDED = {"dataset=folder": ["dataset.path=DIR"], "dataset=irds": ["dataset.id=beir/nq"]}
NEEDED |= {"model=folder": ["model.path=DIR"], "model=jina-reranker-v2": ["search=rerank", "search.run=FILE"]}
NEEDED |= {"search=plaid": ["model=mini"]}
NEEDED |= {"search=rerank": ["search.run=FILE", "model=jina-reranker-v2", "language=en"]}
MODELS = {"bm25": LexicalSpec, "cross-encoder": CrossEncoderSpec}
EXPERIMENTS = {"beir": 13, "matryoshka": 6, "miracl": 18, "mmarco": 13, "msmarco": 1}

Specs = Callable[[str], list[RunSpec]]


def choices(group: str) -> list[str]:
    return [path.relative_to(group).with_suffix("").as_posix() for path in PATHS if path.parts[0] == group]


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CONFIGS / path).read_text(encoding="utf-8"))
    return found


def line_of(path: Path) -> str:
    """Return the command line in the comment of a file; behind it may stand ": " and what it does."""
    lines = (CONFIGS / path).read_text(encoding="utf-8").splitlines()
    comment = lines[1] if path.parts[0] == "experiment" else lines[0]
    assert comment.startswith("# python -m harness"), comment
    return comment.removeprefix("# ").split(": ", 1)[0].replace(" [key=value ...]", "")


def test_there_are_the_groups_and_primaries_that_are_tested_here() -> None:
    tops = {path.parts[0] for path in PATHS}
    names = {"score", "report", "doctor", "plan", "status", "audit", "why"}
    assert tops == {*GROUPS, "experiment", "hydra", *(f"{name}.yaml" for name in {*names, "evaluate"})}
    assert {path.as_posix() for path in PATHS if path.parts[0] == "hydra"} == {
        f"hydra/help/{name}.yaml" for name in {*names, "harness"}
    }


@pytest.mark.parametrize("choice", [f"{group}={name}" for group in GROUPS for name in choices(group)])
def test_every_choice_of_every_group_builds_its_spec(choice: str, specs: Specs) -> None:
    needed = NEEDED.get(choice, [])
    model = "" if choice.startswith("model=") or "model=" in " ".join(needed) else "model=bm25"
    language = "language=en" if choice == "model=jina-reranker-v2" else ""
    line = f"harness {choice} {model} {language} {' '.join(needed)}"
    several = choice in {"dataset=miracl", "dataset=mmarco"}
    assert specs(f"{line} language=all" if several else line)


@pytest.mark.parametrize(("name", "number"), EXPERIMENTS.items())
def test_every_experiment_builds_the_jobs_of_its_table(name: str, number: int, specs: Specs) -> None:
    cards = {choice for choice in choices("experiment") if choice.startswith("card/")}
    assert cards == {f"card/{experiment}" for experiment in EXPERIMENTS}
    found = specs(f"harness -m +experiment=card/{name}")
    assert all(spec.dataset.source == "irds" and spec.dataset.documents for spec in found)
    tables = sorted((CONFIGS.parent / "reports" / "published").glob(f"{name}*.yaml"))
    rows = [row for table in tables for row in yaml.safe_load(table.read_text(encoding="utf-8"))["rows"]]
    assert len(found) == number == len(rows)
    assert {(spec.dataset.name, spec.dataset.language) for spec in found} == {
        (row["dataset"], row.get("language")) for row in rows
    }


def test_the_matryoshka_experiment_asks_for_every_dimension_in_one_pass(specs: Specs) -> None:
    assert {spec.dims for spec in specs("harness +experiment=card/matryoshka")} == {(128, 96, 64)}


def test_the_plain_command_runs_every_language_of_mini_at_every_dimension(specs: Specs) -> None:
    found = specs("python -m harness")
    assert [spec.dataset.language for spec in found] == ["en", "ar", "de", "es", "fr", "hi", "ja", "ko", "ru", "zh"]
    assert {(spec.model.name, spec.dims, spec.precision, spec.out, spec.force) for spec in found} == {
        ("mini", (128, 96, 64), "strict", "runs", False)
    }


@pytest.mark.parametrize("path", [path for path in PATHS if path.parts[0] != "hydra"], ids=str)
def test_the_command_in_the_head_of_every_file_composes(path: Path, builds: Callable[[str], int]) -> None:
    line = line_of(path)
    assert "-m" in line.split()[3:] or "," not in "".join(re.split(r"\[.*?\]", line)), "a sweep needs -m"
    assert builds(line) >= 1
    group, _, name = path.with_suffix("").as_posix().partition("/")
    if name and group != "engine":
        assert f"{group}={name}" in line


@pytest.mark.parametrize("group", GROUPS)
def test_every_field_of_a_spec_stands_in_its_files(group: str) -> None:
    kinds = {"dataset": DatasetSpec, "search": SearchSpec, "engine": EngineSpec}
    for path in (path for path in PATHS if path.parts[0] == group):
        found = read(path)
        kind = MODELS.get(str(found.get("kind")), kinds.get(group, EncoderSpec))
        extra = {"dataset": {"languages", "default_languages"}, "model": {"kind"}}.get(group, set())
        names = {item.name for item in fields(kind)} - ({"language"} if group == "dataset" else set())
        assert set(found) == names | extra, path


@pytest.mark.parametrize("group", ["dataset", "model"])
def test_files_of_one_kind_have_the_same_keys_in_the_same_order(group: str) -> None:
    files = [read(path) for path in PATHS if path.parts[0] == group]
    orders = {(found.get("kind"), tuple(found)) for found in files}
    assert len(orders) == len({kind for kind, _ in orders})


def test_the_defaults_in_files_are_those_of_the_specs() -> None:
    """A spec made in Python and one composed from files mean the same."""
    assert read(Path("engine/local.yaml")) == vars(EngineSpec())
    assert read(Path("search/exact.yaml")) == vars(SearchSpec())
    folder = read(Path("dataset/folder.yaml"))
    plain = vars(DatasetSpec(name="x", source="beir", path="x"))
    differing = {key for key in plain.keys() & folder.keys() if list_of(plain[key]) != folder[key]}
    assert differing <= {"name", "path", "description", "also"}, differing


def list_of(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def test_a_plan_takes_the_keys_and_defaults_of_what_it_plans() -> None:
    plan, evaluate = read(Path("plan.yaml")), read(Path("evaluate.yaml"))
    groups = [next(iter(one.items())) for one in evaluate["defaults"] if one != "_self_" and "override" not in str(one)]
    assert [next(iter(one.items())) for one in plan["defaults"][: len(groups)]] == groups
    own = {"defaults", "hydra"}
    assert {key: value for key, value in plan.items() if key not in own | {"machines"}} == {
        key: value for key, value in evaluate.items() if key not in own
    }


def test_no_file_names_code_to_be_run() -> None:
    for path in PATHS:
        text = (CONFIGS / path).read_text(encoding="utf-8")
        assert not [word for word in ("_target_", "instantiate", "trust_remote_code", "!!python") if word in text], path
