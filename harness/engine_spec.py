"""How the work of a job is laid out: on one machine or on a cluster. Nothing here enters a key."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from harness.errors import ConfigError, choose, short

ENGINES = ("local", "ray")
DEVICES = ("auto", "cpu", "cuda")
MAXSIMS = ("auto", "fused", "plain")
ADDRESS = re.compile(r"auto|\[?[A-Za-z0-9._:-]+\]?:\d{1,5}")
"""Of a cluster: the one that this host belongs to, or host and port of its head."""


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """How the work is laid out, on this machine or on a cluster; nothing here can change a result."""

    kind: str = "local"
    """`local`: processes of this machine; `ray`: workers of Ray, which is started here or is there already."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto` for the accelerator where there is one."""
    shards: int | None = None
    """Into how many shards the corpus is cut; None takes `shard_documents`."""
    shard_documents: int | None = None
    """Documents of a shard; None takes a twentieth of the corpus, at least 500, at most 200,000."""
    batch_tokens: int | None = None
    """Tokens of one forward pass; None takes 1,024 on a CPU (2,048 at precision=fast), and what fits into a GPU."""
    block_documents: int | None = None
    """Documents that are encoded, scored and dropped together; None takes 512 on a CPU, 4,096 on a GPU."""
    maxsim: str = "auto"
    """On CUDA: `fused` (one kernel, needs Triton) or `plain` (products of torch); `auto`: the first that is there."""
    workers: int | None = None
    """Processes that work side by side, each on shards of its own; None takes one a GPU, or one a core."""
    address: str | None = None
    """For `ray`, the cluster: `auto` for the one that this host belongs to, or host:port; None starts Ray here."""
    threads: int | None = None
    """For a cluster of Ray, the cores of a worker; None takes one, or a GPU's share of its host's."""
    patience: int = 900
    """For `ray`, seconds without a sign of life after which a worker is given up, and its shard given to another."""

    def __post_init__(self) -> None:
        """Refuse a layout that cannot work."""
        choose("engine.kind", self.kind, ENGINES)
        choose("engine.device", self.device, DEVICES)
        choose("engine.maxsim", self.maxsim, MAXSIMS)
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int) and value < 1:
                raise ConfigError(f"engine.{item.name}", got=value, expected="1 or more")
        self._check_address()

    def _check_address(self) -> None:
        if self.address is not None and self.kind != "ray":
            remedy = "Write engine=ray"
            raise ConfigError("engine.address is for engine=ray alone", got=short(self.address), remedy=remedy)
        if self.address is not None and not ADDRESS.fullmatch(self.address):
            expected = "auto, or host:port of the head of a cluster, as in engine.address=10.0.0.1:6379"
            raise ConfigError("engine.address", got=short(self.address), expected=expected)
        if self.threads is not None and self.address is None:
            remedy = "On one machine OMP_NUM_THREADS says how many threads there are"
            raise ConfigError("engine.threads is for engine.address alone", got=self.threads, remedy=remedy)

    def shard_size(self, documents: int) -> int:
        """Return the documents of each shard but the last, for a corpus of `documents`; workers play no part in it."""
        if self.shards is not None:
            return max(1, -(-documents // self.shards))
        if self.shard_documents is not None:
            return self.shard_documents
        return min(200_000, max(500, -(-documents // 20)))

    def block_size(self, device: str) -> int:
        """Return the documents of each block but a shard's last, on a device of the type `cpu` or `cuda`."""
        return self.block_documents or (4096 if device == "cuda" else 512)
