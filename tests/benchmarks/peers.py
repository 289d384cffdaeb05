"""Environments of the peers, whose pins exclude the harness's: `python -m tests.benchmarks.peers [--work DIR]`.

PyLate gets its own pins of transformers and sentence-transformers, and the harness's torch, so that two libraries are
compared and not two versions of torch. Its index library, which encoding does not need, would pin torch to another
version and is left out. fast-plaid is built for one version of torch and gets that one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

WORK = Path(__file__).resolve().parents[2] / "build" / "benchmarks" / "peers"
MADE = "made.json"


@dataclass(frozen=True)
class Peer:
    """One environment: what pip is asked for, first with dependencies, then without."""

    name: str
    packages: tuple[str, ...]
    alone: tuple[str, ...] = ()


def _torch() -> str:
    return metadata.version("torch").partition("+")[0]


def pylate() -> Peer:
    """Return PyLate's environment."""
    pins = ("transformers==5.3.0", "sentence-transformers==5.3.0", "datasets>=2.20", "accelerate>=0.31")
    return Peer("pylate", (f"torch=={_torch()}", *pins), ("pylate==1.6.0",))


def fast_plaid() -> Peer:
    """Return fast-plaid's environment."""
    return Peer("fast-plaid", ("torch==2.11.0", "fast-plaid==1.7.0.2110"))


def python(peer: Peer, work: Path = WORK) -> Path:
    """Return the interpreter of a peer's environment, which is made if it is not there or asks for other packages."""
    folder = work / peer.name
    wanted = json.loads(json.dumps(asdict(peer)))
    made = folder / MADE
    if not made.is_file() or json.loads(made.read_text(encoding="utf-8")) != wanted:
        _make(folder, peer)
        made.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    return folder / "bin" / "python"


def _make(folder: Path, peer: Peer) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *peer.packages], check=True)
    if peer.alone:
        subprocess.run([*pip, "--no-deps", *peer.alone], check=True)


def main() -> None:
    """Make every environment that is not there."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=WORK, help="the folder of the environments (build/benchmarks/peers)"
    )
    work = parser.parse_args().work
    for peer in (pylate(), fast_plaid()):
        sys.stdout.write(f"{python(peer, work)}\n")


if __name__ == "__main__":
    main()
