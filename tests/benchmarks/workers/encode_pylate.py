"""PyLate in its own environment: `models.ColBERT.encode`, and `scores.colbert_scores` over blocks of documents."""

from __future__ import annotations

import numpy as np
import torch
from pylate import models, scores

from tests.benchmarks.workers.peer import Library, run


class PyLate(Library):
    """PyLate as its documentation uses it: batches of 32, its own order of lengths."""

    packages = ("pylate", "torch", "transformers", "sentence-transformers")

    def open(self, folder: str, dtype: torch.dtype) -> None:
        """Load the checkpoint, on the CPU."""
        self.model = models.ColBERT(folder, device="cpu").to(dtype)

    def encode(self, texts: list[str], *, queries: bool) -> list[np.ndarray]:
        """Return (tokens, D) float32 of every text."""
        return self.model.encode(texts, is_query=queries, show_progress_bar=False)

    def score(self, queries: list[torch.Tensor], documents: list[torch.Tensor]) -> torch.Tensor:
        """Return (Q, P) scores of documents that fit in one padded block."""
        lengths = torch.tensor([len(one) for one in documents])
        padded = torch.nn.utils.rnn.pad_sequence(documents, batch_first=True)
        mask = torch.arange(padded.shape[1])[None] < lengths[:, None]
        return scores.colbert_scores(torch.stack(queries), padded, documents_mask=mask.float())


if __name__ == "__main__":
    run(PyLate())
