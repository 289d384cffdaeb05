"""What no file of the package may do, whoever calls it: load objects, unpack archives, start shells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "harness"
MODULES = sorted(PACKAGE.rglob("*.py"))
LOADS = {"yaml": {"load", "load_all", "unsafe_load", "full_load", "safe_load", "Loader", "UnsafeLoader", "FullLoader"}}
LOADS |= {"torch": {"load", "hub"}, "np": {"load"}, "numpy": {"load"}, "pd": {"read_pickle"}, "os": {"system", "popen"}}
UNPACKS = {"extractall", "extract", "unpack_archive", "ZipFile", "TarFile"}
ONE_LOADER = "yaml_file.py"
"""YAML is read by one file; all others go through it."""


def found(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr in LOADS.get(owner, ()) or node.attr in UNPACKS or (owner, node.attr) == ("tarfile", "open"):
                yield f"{owner}.{node.attr}"
        elif isinstance(node, ast.keyword) and node.arg in {"allow_pickle", "use_safetensors", "weights_only"}:
            value = ast.unparse(node.value)
            if value != ("False" if node.arg == "allow_pickle" else "True"):
                yield f"{node.arg}={value}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_file_loads_objects_unpacks_an_archive_or_starts_a_shell(path: Path) -> None:
    assert list(found(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_yaml_is_read_by_one_file() -> None:
    readers = {path.name for path in MODULES if "\nimport yaml\n" in path.read_text(encoding="utf-8")}
    assert readers == {ONE_LOADER, "texts.py"}
    (writer,) = (path for path in MODULES if path.name == "texts.py")
    used = {
        node.attr for node in ast.walk(ast.parse(writer.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)
    }
    assert not [name for name in used if "load" in name.lower()], "it only writes"


FORBIDDEN = ["yaml.safe_load(x)", "torch.load(x)", "torch.hub.load(x)", "np.load(x)", "os.system(x)"]
FORBIDDEN += ["tarfile.open(x)", "x.extractall()", "shutil.unpack_archive(x)", "zipfile.ZipFile(x)"]
FORBIDDEN += ["f(allow_pickle=flag)", "f(weights_only=False)", "f(use_safetensors=None)"]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_what_is_forbidden_is_found(text: str) -> None:
    assert list(found(ast.parse(text)))
