"""The harness in a process of its own, on as many threads as it was started with."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.benchmarks import ours, serve
from tests.benchmarks.serve import Clock, Reply, Request


class Harness:
    """Encoders of one checkpoint by precision."""

    def __init__(self) -> None:
        self.models: dict[str, ours.Encoder] = {}

    def open(self, request: Request) -> Reply:
        """Open the checkpoint in `folder` at each of `precisions`."""
        self.models = {name: ours.encoder(Path(request["folder"]), name) for name in request["precisions"]}
        return {"threads": torch.get_num_threads()}

    def encode(self, request: Request) -> Reply:
        """Encode the texts in a file at `precision`, timed."""
        found = serve.texts(request["texts"])
        clock = Clock.start()
        ours.documents(self.models[request["precision"]], found)
        return clock.taken()


if __name__ == "__main__":
    harness = Harness()
    serve.serve({"open": harness.open, "encode": harness.encode})
