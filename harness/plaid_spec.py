"""What an approximate search with a PLAID index is asked for: every setting of fast-plaid that can change its runs."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import ConfigError, choose

BITS = (1, 2, 4, 8)
PLACES = ("cpu", "cuda")
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class PlaidSpec:
    """An index of centroids and coded residuals; the defaults are those of fast-plaid 1.7."""

    nbits: int = 4
    """Bits that a residual has for each dimension."""
    kmeans_niters: int = 4
    """Rounds of k-means."""
    max_points_per_centroid: int = 256
    """Vectors for each centroid that k-means looks at, at most."""
    n_samples_kmeans: int | None = None
    """Documents whose vectors k-means looks at; None takes 16 times the root of 120 times their number."""
    n_ivf_probe: int = 8
    """Centroids that are looked up for each vector of a query."""
    n_full_scores: int = 4096
    """Documents that are scored by their centroids; the best quarter of them is scored by its residuals too."""
    seed: int = 42
    """Of the choice of documents for k-means, and of where it begins."""
    device: str = "cpu"
    """Where the index is built and searched, `cpu` or `cuda`: sums differ, and so do the centroids."""

    def __post_init__(self) -> None:
        """Refuse an index that cannot be built."""
        if self.nbits not in BITS:
            raise ConfigError("search.plaid.nbits", got=self.nbits, expected=f"one of {', '.join(map(str, BITS))}")
        choose("search.plaid.device", self.device, PLACES)
        for name in ("kmeans_niters", "max_points_per_centroid", "n_samples_kmeans", "n_ivf_probe", "n_full_scores"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"search.plaid.{name}", got=value, expected="1 or more")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise ConfigError("search.plaid.seed", got=self.seed, expected=f"0 to {LARGEST_SEED}")
