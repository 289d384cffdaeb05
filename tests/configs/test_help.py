"""What `--help` of every command says, to the letter: golden files, written anew by hand when a help changes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import harness

OTHERS = ("score", "report", "doctor", "plan", "status", "audit", "why")
COMMANDS = {"harness": "harness", **{name: f"harness.{name}" for name in OTHERS}}


def shown(module: str, folder: Path) -> str:
    """Return what `python -m MODULE --help` prints, without blanks at the ends of lines."""
    environment = {**os.environ, "PYTHONPATH": str(Path(harness.__file__).parents[1]), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.rstrip().splitlines())


@pytest.mark.parametrize(("name", "module"), COMMANDS.items())
def test_help_is_as_written_and_leaves_nothing_behind(name: str, module: str, root: Path, tmp_path: Path) -> None:
    golden = root / "tests" / "golden" / f"help_{name}.txt"
    assert shown(module, tmp_path) == golden.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_gives_three_examples_and_fits_a_terminal(name: str, root: Path) -> None:
    lines = (root / "tests" / "golden" / f"help_{name}.txt").read_text(encoding="utf-8").splitlines()
    examples = [line for line in lines if line.startswith(("  python -m harness", "  harness"))]
    assert len(examples) >= 3
    # Hydra writes the choices of a group on one line, however many there are.
    assert [line for line in lines if len(line) > 150 and not re.match(r"[a-z/]+: ", line)] == []


def test_help_names_every_key_and_every_choice(root: Path) -> None:
    text = (root / "tests" / "golden" / "help_harness.txt").read_text(encoding="utf-8")
    for path in (root / "configs").rglob("*.yaml"):
        group = path.relative_to(root / "configs").parts[0]
        if path.parent != root / "configs" and group != "hydra":
            assert path.stem in text
    for key in (
        "language",
        "dim",
        "precision",
        "out",
        "force",
        "default_languages",
        "expand_queries",
        "batch_tokens",
        "depth",
        "k1",
    ):
        assert key in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_in_help_composes(name: str, root: Path, builds: Callable[[str], int]) -> None:
    lines = (root / "tests" / "golden" / f"help_{name}.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith(("  python -m harness", "  harness")):
            assert builds(re.split(r" {3,}", line.strip())[0]) >= 1, line
