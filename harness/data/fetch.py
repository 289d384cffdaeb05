"""Faults of fetching and reading as ir_datasets raises them, told on one line with their remedy."""

from __future__ import annotations

import importlib
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from harness.errors import ConfigError, DataError, HarnessError, StorageError, short
from harness.storage import FULL

BROKEN = (
    RuntimeError,
    ValueError,
    KeyError,
    AssertionError,
    EOFError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
)
"""What ir_datasets and the readers below it raise at a file that is not what they expect."""


@contextmanager
def told(name: str) -> Iterator[None]:
    """Turn what ir_datasets raises into one line that names the dataset, the cause and the remedy.

    Raises:
        DataError: a download failed or a file is not what was expected.
        StorageError: the disk is full.
        ConfigError: the dataset needs a package that is not installed.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageError(f"{name}: no space left under {home()}", remedy="Free space, start again") from error
        raise _unread(name, error) from error
    except BROKEN as error:
        raise _unread(name, error) from error
    except ImportError as error:
        raise ConfigError(f"{name} needs a package that is not installed", got=str(error)) from error


def _unread(name: str, error: Exception) -> HarnessError:
    """Return the error to raise: `requests` keeps the address it asked for, a changed file is told by its md5."""
    address = getattr(getattr(error, "request", None), "url", None)
    got = f"{type(error).__name__}: {short(str(error), 200)}"
    if address:
        remedy = f"Try again later, or fetch {address} elsewhere and put it at {_cache(address)}"
    else:
        remedy = f"Look under {home()}/{name.partition('/')[0]} (IR_DATASETS_HOME): remove what is damaged, start again"
    return DataError(f"{name}: ir_datasets could not read it", got=got, remedy=remedy)


def home() -> str:
    """Return the folder in which ir_datasets keeps everything (IR_DATASETS_HOME, read when it is imported)."""
    return str(importlib.import_module("ir_datasets").util.home_path())


def _cache(address: str) -> str:
    """Return where ir_datasets would keep the file from `address`."""
    contents = importlib.import_module("ir_datasets").util.DownloadConfig.contents()
    for group, files in contents.items():
        for file in files.values():
            if file.get("url") == address and "cache_path" in file:
                return f"{home()}/{group}/{file['cache_path']}"
    return f"its place under {home()}"
