"""The shape of the package: what imports what, how fast the light commands start, what no file may hold."""

from __future__ import annotations

import ast
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "harness"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("torch", "transformers", "beir", "hydra", "omegaconf")
LIGHT = ("harness.report.card", "harness.score.evaluate", "harness.data.load", "harness.retrieve.bm25")
FORBIDDEN_CALLS = {"print", "eval", "exec", "compile", "instantiate", "__import__", "breakpoint", "input"}
FORBIDDEN_MODULES = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("module", LIGHT)
def test_a_light_stage_imports_nothing_heavy(module: str) -> None:
    loaded = python(f"import sys, {module}; print(*(name for name in {HEAVY} if name in sys.modules))").split()
    assert loaded == []


@pytest.mark.parametrize(
    "module",
    [
        "harness.__main__",
        *(f"harness.{name}.__main__" for name in ("score", "report", "doctor", "plan", "status", "audit", "why")),
    ],
)
def test_no_command_imports_torch_before_it_knows_its_settings(module: str) -> None:
    loaded = python(f"import sys, {module}; print(*(name for name in {HEAVY[:3]} if name in sys.modules))").split()
    assert loaded == []


def test_the_report_starts_at_once() -> None:
    taken = []
    for _ in range(3):
        started = time.monotonic()
        python("import harness.report.__main__")
        taken.append(time.monotonic() - started)
    # Alone on a machine it is well under a second; the bound leaves room for neighbours.
    assert statistics.median(taken) < float(os.environ.get("HARNESS_START_SECONDS", "1.5"))


def test_hydra_is_known_to_one_module() -> None:
    found = {path.name for path in MODULES for name in imported(tree(path)) if re.match(r"(hydra|omegaconf)\b", name)}
    assert found == {"cli.py"}


def test_no_file_is_above_two_hundred_lines_and_half_of_them_are_under_ninety() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path: length for path, length in lengths.items() if length > 200} == {}
    assert statistics.median(lengths.values()) <= 90


def test_no_function_is_above_sixty_lines() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [(path, node) for path in MODULES for node in ast.walk(tree(path)) if isinstance(node, kinds)]
    lengths = {f"{path.name}:{node.name}": (node.end_lineno or 0) - node.lineno + 1 for path, node in functions}
    assert {name: length for name, length in lengths.items() if length > 60} == {}


def forbidden(module: ast.Module) -> Iterator[str]:
    """Yield what no file may hold: printing, running text as code, loading objects from files, code of checkpoints."""
    yield from (name for name in imported(module) if name.split(".")[0] in FORBIDDEN_MODULES)
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in FORBIDDEN_CALLS | {"torch.load", "hydra.utils.instantiate"}:
                yield name
            yield from (f"{word.arg}={ast.unparse(word.value)}" for word in node.keywords if bad_keyword(word))
        elif isinstance(node, ast.Constant) and node.value == "_target_":
            yield "_target_"


def bad_keyword(word: ast.keyword) -> bool:
    truthy = not (isinstance(word.value, ast.Constant) and not word.value.value)
    return truthy and (word.arg in {"trust_remote_code", "allow_pickle", "shell"})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_file_prints_runs_text_or_loads_objects(path: Path) -> None:
    assert list(forbidden(tree(path))) == []


@pytest.mark.parametrize(
    "text",
    [
        "print(1)",
        "eval('1')",
        "import pickle",
        "from pickle import loads",
        "torch.load(path)",
        "load(x, trust_remote_code=True)",
        "np.load(x, allow_pickle=flag)",
        "name = '_target_'",
        "instantiate(x)",
    ],
)
def test_what_is_forbidden_is_found(text: str) -> None:
    assert list(forbidden(ast.parse(text)))


def test_what_only_looks_forbidden_is_not() -> None:
    assert (
        list(forbidden(ast.parse("console.print(1)\nmodel.eval()\nload(x, trust_remote_code=False)\nre.compile(x)")))
        == []
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_what_a_module_says_it_offers_is_there(path: Path) -> None:
    module = tree(path)
    offered: list[str] = []
    bound: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            offered = ast.literal_eval(node.value) if "__all__" in names else offered
            bound |= names
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            bound.add(node.target.id)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    assert set(offered) <= bound
    assert len(set(offered)) == len(offered)
