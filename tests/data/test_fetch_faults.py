"""What ir_datasets raises while it fetches and reads becomes one line with a remedy."""

from __future__ import annotations

import errno
import zipfile
import zlib

import pytest

from harness.data import fetch
from harness.errors import ConfigError, DataError, HarnessError, StorageError


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "home", lambda: "/there")


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageError, "no space left under /there"),
        (OSError("Expected md5 hash to be 1 but got 2"), DataError, "Expected md5 hash to be 1 but got 2"),
        (FileNotFoundError("/there/beir/x"), DataError, "got FileNotFoundError"),
        (RuntimeError("expected 2 fields,\ngot 3"), DataError, "expected 2 fields,"),
        (ValueError("Insufficient disk space"), DataError, "Insufficient disk space"),
        (KeyError("metadata"), DataError, "KeyError"),
        (zipfile.BadZipFile("File is not a zip file"), DataError, "remove what is damaged"),
        (zlib.error("invalid block"), DataError, "invalid block"),
        (EOFError("ended early"), DataError, "Look under /there/beir"),
        (ImportError("This dataset requires pyarrow"), ConfigError, "requires pyarrow"),
    ],
)
def test_a_fault_becomes_one_line(error: Exception, kind: type[HarnessError], told: str) -> None:
    with pytest.raises(kind) as caught, fetch.told("beir/nq"):
        raise error
    assert told in str(caught.value)
    assert str(caught.value).startswith("beir/nq")
    assert "\n" not in str(caught.value)


def test_an_error_of_the_harness_passes_as_it_is() -> None:
    error = ConfigError("dataset.fields")
    with pytest.raises(ConfigError) as caught, fetch.told("beir/nq"):
        raise error
    assert caught.value is error


def test_a_fault_of_the_harness_keeps_its_traceback() -> None:
    with pytest.raises(TypeError), fetch.told("beir/nq"):
        raise TypeError
