"""fast-plaid in its own environment: build an index over given vectors, search it, both with its default settings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from fast_plaid import search

from tests.benchmarks import serve
from tests.benchmarks.serve import Clock, Reply, Request


class Plaid:
    """One index, and the vectors that it is made of."""

    def __init__(self) -> None:
        self.queries: list[torch.Tensor] = []
        self.documents: list[torch.Tensor] = []
        self.found: list[list[tuple[int, float]]] = []

    def load(self, request: Request) -> Reply:
        """Take the vectors of queries and documents from files, as float32."""
        self.queries = [torch.from_numpy(one).float() for one in serve.load(request["queries"]).split()]
        self.documents = [torch.from_numpy(one).float() for one in serve.load(request["documents"]).split()]
        return {"versions": serve.versions(("fast-plaid", "torch")), "threads": torch.get_num_threads()}

    def evaluate(self, request: Request) -> Reply:
        """Build the index and search it for every query, timed apart."""
        folder = Path(request["folder"])
        shutil.rmtree(folder, ignore_errors=True)
        clock = Clock.start()
        index = search.FastPlaid(str(folder), device="cpu")
        index.create(documents_embeddings=self.documents)
        built = clock.taken()
        clock = Clock.start()
        self.found = index.search(torch.stack(self.queries), top_k=request["depth"], show_progress=False)
        searched = clock.taken()
        return _both(built, searched)

    def found_ids(self, _: Request) -> Reply:
        """Return the documents found last, best first, of every query."""
        return {"found": [[int(document) for document, _ in ranking] for ranking in self.found]}


def _both(built: dict[str, float], searched: dict[str, float]) -> dict[str, Any]:
    total = {name: built[name] + searched[name] for name in built}
    return {**total, "build": built["seconds"], "search": searched["seconds"]}


if __name__ == "__main__":
    plaid = Plaid()
    serve.serve({"load": plaid.load, "evaluate": plaid.evaluate, "found_ids": plaid.found_ids})
