"""Files that are larger, deeper or other than they look: refused in one line, without memory or time to match."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.errors import ConfigError, DataError
from harness.report import record
from harness.report.record import read_result
from harness.retrieve import about
from harness.storage import read_capped
from harness.yaml_file import ALIASES, LARGEST, read_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""430 million nodes in 450 bytes."""
BAD = {
    "a bomb": BOMB,
    "aliases of aliases": "a: &a0 [x]\n" + "".join(f"b{n}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(ALIASES)),
    "a merge bomb": "a: &a {x: 1}\n" + "".join(f"b{n}: {{<<: *a}}\n" for n in range(ALIASES + 1)),
    "an object": "a: !!python/object/apply:os.getcwd []",
    "a name": "a: !!python/name:os.system",
    "a tag of its own": "a: !x 1",
    "two documents": "a: 1\n---\nb: 2\n",
    "depth": "[" * 50_000,
    "a key twice": "a: {b: 1, b: 2}",
    "a key twice below a list": "a:\n  - - b: 1\n      b: 2\n",
    "a long file": "a: " + "x" * LARGEST,
    "a long comment": "#" * (LARGEST + 1),
    "a NUL": "a: \0",
    "a date that is none": "a: 2020-99-99",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_yaml_that_is_more_than_it_looks_is_one_error_at_once(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(content)
    begun = time.monotonic()
    with pytest.raises(ConfigError, match=r"x\.yaml is (no YAML|too large): got ") as caught:
        read_yaml(path, ConfigError)
    assert time.monotonic() - begun < 10
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError):
        read_yaml(path)


def test_yaml_of_plain_values_and_a_few_aliases_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: &a [1, 0.5, null, true, é]\nb: *a\n")
    assert read_yaml(path) == {"a": [1, 0.5, None, True, "é"], "b": [1, 0.5, None, True, "é"]}
    path.write_text("")
    assert read_yaml(path) is None
    with pytest.raises(DataError, match=r"none\.yaml cannot be read: got No such file"):
        read_yaml(tmp_path / "none.yaml")


def test_no_more_of_a_file_is_read_than_it_may_have(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_capped(path, 5) == b"12345"
    with pytest.raises(DataError, match="x is too large: got more than 4 bytes, expected 4 at most"):
        read_capped(path, 4)
    with pytest.raises(DataError, match="zero is too large"):
        read_capped(Path("/dev/zero"), 1000)


@pytest.mark.parametrize("content", ["[" * 100_000, '{"schema":' * 20_000, "[1]", '{"schema": 1, "spec": []}', "1e999"])
def test_a_result_of_any_shape_is_read_or_is_one_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"result\.json is no result"):
        read_result(path)


def test_a_result_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "LARGEST", 100)
    path = tmp_path / "result.json"
    path.write_text(" " * 101)
    with pytest.raises(DataError, match=r"result\.json is too large: got more than 100 bytes"):
        read_result(path)


@pytest.mark.parametrize(
    "content", ["[" * 100_000, " " * 1001, '[{"a": ' * 20_000, "[1]", '[{"shards": [], "command": {}}]']
)
def test_a_record_of_a_pass_of_any_shape_is_read_or_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(about, "LARGEST", 1000 if content.isspace() else 10**6)
    (tmp_path / about.ABOUT).write_text(content)
    with pytest.raises(DataError, match=r"pass\.json cannot be read: got .*\. Move it away") as caught:
        about.read_about(tmp_path)
    assert "\n" not in str(caught.value)
