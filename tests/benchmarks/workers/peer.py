"""What a peer that encodes and scores is asked for, whichever library it is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch

from tests.benchmarks import serve
from tests.benchmarks.serve import Clock, Reply, Request

BLOCK = 32
"""Documents that are padded and scored together, ordered by length: more of them pad more."""


class Library(ABC):
    """A library: how it opens a checkpoint, encodes texts, scores documents."""

    packages: tuple[str, ...]

    @abstractmethod
    def open(self, folder: str, dtype: torch.dtype) -> None:
        """Load the checkpoint, on the CPU."""

    @abstractmethod
    def encode(self, texts: list[str], *, queries: bool) -> list[np.ndarray]:
        """Return (tokens, D) float32 of every text."""

    @abstractmethod
    def score(self, queries: list[torch.Tensor], documents: list[torch.Tensor]) -> torch.Tensor:
        """Return (Q, P) scores of documents of about one length."""


class Peer:
    """The requests that a library answers, and what they leave for the next."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.encoded: list[np.ndarray] = []
        self.queries: list[torch.Tensor] = []
        self.documents: list[torch.Tensor] = []
        self.scores = torch.empty(0)

    def open(self, request: Request) -> Reply:
        """Load the checkpoint in `folder`, its weights as `dtype`; return the versions that run."""
        self.library.open(request["folder"], getattr(torch, request["dtype"]))
        return {"versions": serve.versions(self.library.packages), "threads": torch.get_num_threads()}

    def encode(self, request: Request) -> Reply:
        """Encode the texts in a file, timed."""
        found = serve.texts(request["texts"])
        clock = Clock.start()
        self.encoded = self.library.encode(found, queries=request.get("queries", False))
        return clock.taken()

    def save(self, request: Request) -> Reply:
        """Write what was encoded last."""
        serve.save(request["path"], serve.pack(self.encoded))
        return {}

    def load(self, request: Request) -> Reply:
        """Take the vectors of queries and documents from files, as float32."""
        self.queries = _tensors(serve.load(request["queries"]).split())
        self.documents = _tensors(serve.load(request["documents"]).split())
        return {}

    def score(self, _: Request) -> Reply:
        """Score every query with every document, timed."""
        clock = Clock.start()
        self.scores = self._all()
        return clock.taken()

    def save_scores(self, request: Request) -> Reply:
        """Write the scores of last time."""
        np.save(request["path"], self.scores.numpy())
        return {}

    def evaluate(self, request: Request) -> Reply:
        """Encode documents and queries, score them all, keep the best of every query: all of it timed."""
        documents, queries = serve.texts(request["documents"]), serve.texts(request["queries"])
        clock = Clock.start()
        self.documents = _tensors(self.library.encode(documents, queries=False))
        self.queries = _tensors(self.library.encode(queries, queries=True))
        self.scores = self._all()
        self.scores.topk(min(request["depth"], len(documents)), dim=1)
        return clock.taken()

    def _all(self) -> torch.Tensor:
        lengths = torch.tensor([len(one) for one in self.documents])
        order = lengths.argsort(stable=True)
        scores = torch.empty(len(self.queries), len(self.documents))
        with torch.inference_mode():
            for places in order.split(BLOCK):
                scores[:, places] = self.library.score(self.queries, [self.documents[place] for place in places])
        return scores


def _tensors(matrices: list[np.ndarray]) -> list[torch.Tensor]:
    return [torch.from_numpy(np.ascontiguousarray(one, dtype=np.float32)) for one in matrices]


def run(library: Library) -> None:
    """Serve a library's requests until there are no more."""
    peer = Peer(library)
    serve.serve(
        {
            "open": peer.open,
            "encode": peer.encode,
            "save": peer.save,
            "load": peer.load,
            "score": peer.score,
            "save_scores": peer.save_scores,
            "evaluate": peer.evaluate,
        }
    )
