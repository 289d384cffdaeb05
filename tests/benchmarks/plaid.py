"""An evaluation without an index beside one with: fast-plaid builds and searches the same vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from tests.benchmarks import ours, peers, serve
from tests.benchmarks.checkpoint import minilm
from tests.benchmarks.names import BUILD, EXACT, INDEX, LEFT_OUT, PLAID, SEARCH, exact_share
from tests.benchmarks.record import Record, Value, Variant
from tests.benchmarks.serve import Ragged
from tests.benchmarks.setting import Setting
from tests.benchmarks.text import mixed, scifact
from tests.benchmarks.vectors import Vectors, float64_scores
from tests.benchmarks.worker import Worker

DEPTH = 100
CHECKED = 32
"""Queries whose ranking is held against float64."""


def run(setting: Setting) -> tuple[Record, ...]:
    """Return the seconds of ranking every document for every query from given vectors."""
    torch.set_num_threads(setting.threads)
    queries, documents = _encoded(setting)
    depth = min(DEPTH, len(documents.lengths))
    packed_queries, packed = ours.from_ragged(queries), ours.from_ragged(documents)
    seconds: dict[str, list[float]] = {EXACT: [], INDEX: [], BUILD: [], SEARCH: []}
    log = setting.folder("logs") / "fast-plaid.log"
    python = peers.python(peers.fast_plaid(), setting.work / "peers")
    with Worker(python, "tests.benchmarks.workers.index_fast_plaid", setting.threads, log) as worker:
        said = worker.ask("load", {name: str(_path(setting, name)) for name in ("queries", "documents")})
        request = {"folder": str(setting.work / "plaid-index"), "depth": depth}
        for _ in range(setting.turns(2)):
            taken = worker.ask("evaluate", request)
            for name, key in ((INDEX, "seconds"), (BUILD, "build"), (SEARCH, "search")):
                seconds[name].append(taken[key])
            clock = serve.Clock.start()
            best_QK = ours.best(ours.tiles(packed_queries, (128,)), packed, 128, depth)
            seconds[EXACT].append(clock.taken()["seconds"])
        approximate = worker.ask("found_ids")["found"]
    versions = ", ".join(f"{name} {version}" for name, version in said["versions"].items())
    return (
        Record(
            name=PLAID,
            what=f"{len(queries.lengths)} queries over {len(documents.lengths):,} documents, "
            f"{len(documents.rows):,} vectors of 128, best {depth} of each; encoding is not counted; "
            f"threads: {setting.threads}",
            variants={name: Variant(seconds=tuple(rounds)) for name, rounds in seconds.items()},
            values=_agreement(queries, documents, best_QK, approximate),
            notes=(
                f"{versions}, its own defaults: 4 bits, 8 probes, 4,096 documents scored in full.",
                "The projection is random, which is harder on an index than a trained one: its overlap is no figure "
                "of PLAID in general.",
            ),
        ),
    )


def _path(setting: Setting, name: str) -> Path:
    return setting.folder("vectors") / f"plaid-{setting.size('full', 'small')}-{name}.npz"


def _encoded(setting: Setting) -> tuple[Ragged, Ragged]:
    """Return the vectors of queries and documents, encoded once and kept."""
    if not _path(setting, "queries").is_file():
        model = ours.encoder(minilm(setting.work / "minilm-head"))
        documents = mixed(scifact(), setting.size(5000, 200))
        asked = [row["text"] for row in scifact().queries()][: setting.size(300, 10)]
        serve.save(_path(setting, "documents"), ours.ragged(ours.documents(model, documents)))
        serve.save(_path(setting, "queries"), ours.ragged(ours.queries(model, asked)))
    return serve.load(_path(setting, "queries")), serve.load(_path(setting, "documents"))


def _agreement(
    queries: Ragged, documents: Ragged, best_QK: torch.Tensor, approximate: Sequence[Sequence[int]]
) -> dict[str, Value]:
    """Return how much of the float64 ranking the harness has, and how much of the harness's the index."""
    whole = Vectors(
        [torch.from_numpy(one) for one in queries.split()], [torch.from_numpy(one) for one in documents.split()]
    )
    depth = best_QK.shape[1]
    truth_QP = float64_scores(whole, CHECKED, documents.rows.shape[1])
    truth = truth_QP.topk(depth, dim=1).indices.tolist()
    found = best_QK.tolist()
    return {
        LEFT_OUT: _left_out(truth_QP, best_QK[:CHECKED]),
        exact_share(depth): _overlap(found, truth, depth),
        **{f"fast-plaid: share of the exact top {top}": _overlap(approximate, found, top) for top in (10, depth)},
    }


def _left_out(truth_QP: torch.Tensor, best_QK: torch.Tensor) -> float:
    """Return by how much the best document that was left out is better than the last one that was kept, at most."""
    kept_Q = truth_QP.gather(1, best_QK).amin(1)
    rest_Q = truth_QP.scatter(1, best_QK, -torch.inf).amax(1)
    return max(0.0, float((rest_Q - kept_Q).max()))


def _overlap(found: Sequence[Sequence[int]], truth: Sequence[Sequence[int]], top: int) -> float:
    pairs = list(zip(found, truth, strict=False))
    return sum(len(set(one[:top]) & set(other[:top])) for one, other in pairs) / (top * len(pairs))
