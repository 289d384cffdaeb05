"""sentence-transformers' MultiVectorEncoder: `encode_document`, `encode_query` and its `similarity`."""

from __future__ import annotations

import numpy as np
import torch
from sentence_transformers import MultiVectorEncoder

from tests.benchmarks.workers.peer import Library, run


class SentenceTransformers(Library):
    """The library as its documentation uses it: batches of 32, its own order of lengths."""

    packages = ("sentence-transformers", "torch", "transformers")

    def open(self, folder: str, dtype: torch.dtype) -> None:
        """Load the checkpoint, on the CPU."""
        self.model = MultiVectorEncoder(folder, device="cpu", local_files_only=True, model_kwargs={"dtype": dtype})

    def encode(self, texts: list[str], *, queries: bool) -> list[np.ndarray]:
        """Return (tokens, D) float32 of every text."""
        encode = self.model.encode_query if queries else self.model.encode_document
        return [one.float().numpy() for one in encode(texts, show_progress_bar=False)]

    def score(self, queries: list[torch.Tensor], documents: list[torch.Tensor]) -> torch.Tensor:
        """Return (Q, P) scores of documents of about one length."""
        return self.model.similarity(queries, documents)


if __name__ == "__main__":
    run(SentenceTransformers())
