"""Command lines composed as Hydra would compose them, sweeps written out: without running anything."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from harness.config import dataset_specs, model_spec, run_specs
from harness.spec import RunSpec

Composed = list[tuple[str, dict[str, Any]]]
"""(primary configuration, plain values) of every job of a command line."""
OTHERS = ("score", "report", "doctor", "plan", "status", "audit", "why")
PRIMARIES = {"harness": "evaluate", **{f"harness.{name}": name for name in OTHERS}}
FLAGS = {"-m", "--multirun", "--help", "--hydra-help", "--cfg", "job", "--resolve"}


def read_line(line: str) -> tuple[str, list[str]]:
    """Return primary configuration and overrides of a command line; flags of Hydra are left out."""
    words = shlex.split(line, comments=True)
    words[0] = words[0].rpartition("/")[2]
    if re.fullmatch(r"python3?", words[0]):
        assert words.pop(1) == "-m", line
        words.pop(0)
    if words[0] == "harness" and words[1:2] and words[1] in OTHERS:
        words[:2] = [f"harness.{words[1]}"]
    return PRIMARIES[words[0]], [word for word in words[1:] if word not in FLAGS]


def jobs(primary: str, overrides: list[str]) -> Iterator[DictConfig]:
    """Yield the configuration of every job: the command line's sweeps times the experiment's."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    swept = {one.get_key_element(): list(one.sweep_string_iterator()) for one in parsed if one.is_sweep_override()}
    given = [str(one.input_line) for one in parsed if not one.is_sweep_override()]
    first = compose(primary, given, return_hydra_config=True)
    params = {str(key): str(value).split(",") for key, value in (first.hydra.sweeper.params or {}).items()}
    axes = {key: values for key, values in params.items() if key not in {one.split("=")[0] for one in given}} | swept
    if not axes:
        yield OmegaConf.masked_copy(first, [str(key) for key in first if key != "hydra"])
        return
    for values in product(*axes.values()):
        yield compose(primary, [*given, *(f"{key}={value}" for key, value in zip(axes, values, strict=True))])


@pytest.fixture(scope="session")
def configs() -> Path:
    return Path(__file__).resolve().parents[2] / "configs"


@pytest.fixture
def composed(configs: Path) -> Iterator[Callable[[str], Composed]]:
    def make(line: str) -> Composed:
        primary, overrides = read_line(line)
        found = []
        for job in jobs(primary, overrides):
            plain = OmegaConf.to_container(job, resolve=True, throw_on_missing=True)
            assert isinstance(plain, dict)
            found.append((primary, {str(key): value for key, value in plain.items()}))
        return found

    with initialize_config_dir(config_dir=str(configs), version_base="1.3"):
        yield make


@pytest.fixture
def specs(composed: Callable[[str], Composed]) -> Callable[[str], list[RunSpec]]:
    """Return the jobs of an evaluating command line."""
    return lambda line: [spec for _, plain in composed(line) for spec in run_specs(plain)]


@pytest.fixture
def builds(composed: Callable[[str], Composed]) -> Callable[[str], int]:
    """Return into how many jobs a command line of any command goes; their specs are built."""

    def build(line: str) -> int:
        number = 0
        for primary, plain in composed(line):
            if primary == "evaluate":
                number += len(run_specs(plain))
            elif primary == "plan":
                assert plain.pop("machines") >= 1
                number += len(run_specs(plain))
            elif primary == "doctor":
                assert plain.keys() == {"dataset", "model", "engine", "language"}, plain
                assert model_spec(plain["model"]).name
                number += len(dataset_specs(plain["dataset"], plain["language"]))
            elif primary == "why":
                own = {"fields", "values", "target", "budget"}
                assert own <= plain.keys(), plain
                number += len(run_specs({key: value for key, value in plain.items() if key not in own}))
            elif primary == "audit":
                assert plain.keys() == {"card", "fail", "yaml", "url", "measure"}, plain
                number += 1
            elif primary == "score":
                number += len(dataset_specs(plain["dataset"], plain["language"]))
            else:
                own = {"margin", "export"} if primary == "report" else set[str]()
                assert plain.keys() == {"out", *own}, plain
                number += 1
        return number

    return build
