"""What a figure was measured on: processor, memory, load, versions, commit. Facts alone, no guesses."""

from __future__ import annotations

import os
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from harness.report.provenance import environment

FLAGS = ("avx512f", "avx512_bf16", "amx_tile", "amx_bf16")
"""What decides the speed of matrix products, as the kernel names it."""
LIBRARIES = ("torch", "transformers", "tokenizers", "sentence-transformers", "numpy", "triton")


def machine() -> dict[str, Any]:
    """Return processor, instruction sets, cores, memory, the load of the last minute, and accelerators."""
    known = _cpuinfo()
    flags = known.get("flags", "").split()
    return {
        "processor": known.get("model name", "unknown"),
        "instructions": [flag for flag in FLAGS if flag in flags],
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load": round(os.getloadavg()[0], 2),
        "accelerator": _accelerator(),
    }


def versions() -> dict[str, str]:
    """Return the versions of the harness, Python, the system and the libraries that run here."""
    found = environment()
    here = {"harness": found["harness"], "python": found["python"], "system": found["platform"]}
    return here | {name: version for name in LIBRARIES if (version := _version(name))}


def commit() -> dict[str, Any]:
    """Return the commit of the checkout, whether what is measured differs from it, and the time."""
    found = environment()
    return {"commit": found["commit"], "dirty": found["dirty"], "finished": found["finished"]}


def _cpuinfo() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _accelerator() -> str | None:
    try:
        found = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],  # noqa: S607
            capture_output=True, text=True, check=True, timeout=30,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
