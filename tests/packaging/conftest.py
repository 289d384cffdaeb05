"""A wheel and an sdist of the working tree, and the wheel installed where the checkout cannot be seen."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel, an empty HOME and an empty folder to work in."""

    python: Path
    home: Path
    work: Path

    def run(self, *words: str, code: int = 0) -> str:
        """Return what a command prints on both streams; `python` is the environment's, others are its scripts."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HYDRA", "HARNESS"))
        }
        program = self.python if words[0] == "python" else self.python.parent / words[0]
        done = subprocess.run(
            [str(program), *words[1:]],
            cwd=self.work,
            env={**kept, "HOME": str(self.home), "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout[-3000:]
        return done.stdout


def build(target: str, tree: Path, folder: Path) -> Path:
    """Return the distribution that the build backend of pyproject.toml makes of `tree`, as pip and build call it."""
    code = (
        "import sys, hatchling.build as backend; "
        f"print(backend.build_{target}(sys.argv[1]), file=open(sys.argv[1] + '/name', 'w'))"
    )
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=tree, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / (folder / "name").read_text(encoding="utf-8").strip()


@pytest.fixture(scope="session")
def builds() -> Callable[[str, Path, Path], Path]:
    return build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel") / "dist")


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist") / "dist")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", symlinks=True)
    found = Installed(folder / "venv" / "bin" / "python", folder / "home", folder / "work")
    found.home.mkdir()
    found.work.mkdir()
    pip = [sys.executable, "-m", "pip", "--python", str(found.python), "--disable-pip-version-check", "install"]
    done = subprocess.run(
        [*pip, "--no-deps", "--no-index", str(wheel)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # Dependencies come from the environment that runs the tests; its own .pth files, which an editable install is
    # made of, are not followed from here, so that the checkout stays out of sight.
    purelib = Path(sysconfig.get_path("purelib"))
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(f"{purelib}\n", encoding="utf-8")
    return found
