"""How a result came about: code, libraries, machine. Facts for the record; none of them enters a key."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import harness
from harness.paths import PACKAGE
from harness.redact import command_words

LIBRARIES = (
    "torch", "transformers", "tokenizers", "safetensors", "numpy", "einops", "ir-datasets", "ir-measures",
    "pytrec-eval-terrier", "bm25s", "PyStemmer", "flash-attn",
)  # fmt: skip


def environment() -> dict[str, Any]:
    """Return the harness' version and commit, the libraries' versions and the machine, as plain values."""
    return {
        "harness": harness.__version__,
        **_commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
        "finished": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "command": ["python", *command_words()[1:]],
    }


def peak_memory_mib() -> int:
    """Return the most memory this process has held so far (resident set), in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _commit() -> dict[str, Any]:
    """Return the commit of the checkout this package lies in and whether it is dirty; nothing for a wheel."""
    if not (PACKAGE.parent / ".git").exists():
        return {"commit": None, "dirty": None}
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--", "harness", "configs", "pyproject.toml")
    return {"commit": commit or None, "dirty": None if changes is None else bool(changes)}


def _git(*words: str) -> str | None:
    try:
        found = subprocess.run(
            ["git", "-C", str(PACKAGE.parent), *words],  # noqa: S607 - git is where the user's PATH says
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        # No git, or no repository that may be read: the record says null.
        return None
    return found.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123 - a device of the kernel
            names = (line.partition(":")[2].strip() for line in file if line.startswith("model name"))
            return next(names, platform.processor())
    except OSError:
        return platform.processor()
