"""The ways to score on CUDA, as far as this machine can go them; the fused kernel also in Triton's interpreter.

Triton decides when it is imported whether kernels are compiled or interpreted, for the whole process. So the
interpreter runs in a process of its own, `python -m tests.retrieve.paths`: it is sent files of vectors and answers with
files of scores.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from harness.encode.vectors import TokenVectors
from harness.retrieve.fused import fused_maxsim
from harness.retrieve.fused_layout import query_rows
from harness.retrieve.tiles_cuda import tiles_maxsim

ROOT = Path(__file__).resolve().parents[2]
Scores = dict[int, Tensor]


@dataclass(frozen=True)
class Case:
    """What is scored: vectors on both sides, the cuts that queries are laid out for, the dimensions asked for."""

    queries: TokenVectors
    documents: TokenVectors
    cuts: tuple[int, ...]
    dims: tuple[int, ...] = ()
    unit: bool = True

    def to(self, device: str) -> Case:
        """Return the case with its vectors on a device."""
        queries, documents = (TokenVectors(side.vectors_ND.to(device), side.offsets) for side in self.sides)
        return Case(queries, documents, self.cuts, self.dims, self.unit)

    @property
    def sides(self) -> tuple[TokenVectors, TokenVectors]:
        return self.queries, self.documents


Score = Callable[[Case], Scores]


def fused(case: Case) -> Scores:
    return fused_maxsim(query_rows(case.queries, case.cuts, unit=case.unit), case.documents, case.dims)


def tiles(case: Case) -> Scores:
    return tiles_maxsim(query_rows(case.queries, case.cuts, unit=case.unit), case.documents, case.dims)


def on_cuda(path: Score) -> Score:
    return lambda case: {dim: scores_QP.cpu() for dim, scores_QP in path(case.to("cuda")).items()}


class Interpreter:
    """The fused kernel in a process whose Triton interprets; one case after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.retrieve.paths"],
            cwd=ROOT,
            env={**os.environ, "TRITON_INTERPRET": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, case: Case) -> Scores:
        asked, answered = self.folder / "case.safetensors", self.folder / "scores.safetensors"
        tensors = {}
        for name, side in zip(("queries", "documents"), case.sides, strict=True):
            tensors |= {f"{name} vectors": side.vectors_ND.contiguous(), f"{name} offsets": side.offsets}
        said = {name: json.dumps(getattr(case, name)) for name in ("cuts", "dims", "unit")}
        save_file(tensors, asked, said)
        stdin, stdout = self._pipes()
        stdin.write(f"{asked}\t{answered}\n")
        stdin.flush()
        assert stdout.readline() == "done\n", "the interpreter's process ended; its error is above"
        # The file has them in the order of their names.
        return dict(sorted((int(dim), scores_QP) for dim, scores_QP in load_file(answered).items()))

    def close(self) -> None:
        self._pipes()[0].close()
        self.process.wait(timeout=60)
        self._pipes()[1].close()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        return self.process.stdin, self.process.stdout


def read_case(path: str) -> Case:
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        said = {name: json.loads(value) for name, value in file.metadata().items()}
    queries, documents = (
        TokenVectors(tensors[f"{name} vectors"], tensors[f"{name} offsets"]) for name in ("queries", "documents")
    )
    return Case(queries, documents, tuple(said["cuts"]), tuple(said["dims"]), said["unit"])


def main(lines: Sequence[str] | IO[str]) -> None:
    for line in lines:
        asked, answered = line.rstrip("\n").split("\t")
        scores = fused(read_case(asked))
        save_file({str(dim): scores_QP.contiguous() for dim, scores_QP in scores.items()}, answered)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.stdin)
