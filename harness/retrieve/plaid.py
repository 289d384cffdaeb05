"""A PLAID index, built and searched by fast-plaid, and what stands in memory and on the disk for it.

PLAID (Santhanam et al., CIKM 2022) keeps of every vector its nearest centroid and a coded residual. It is approximate:
documents far from all centroids that a query looks up are never scored, and scores are those of decoded vectors.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from harness.encode.vectors import TokenVectors, unit
from harness.errors import ConfigError, DataError, ModelError, StorageError, short
from harness.json_text import parse_json
from harness.plaid_spec import PlaidSpec

GIB = 2**30
CODE_BYTES = 24
"""Of a vector in an index, beside its residual: its centroid, twice while both copies are there, and its document."""

Found = Sequence[Sequence[tuple[int, float]]]
"""For each query (document, score) pairs, in any order; a document is its place in the list that was indexed."""


class Index(Protocol):
    """An index in one folder."""

    def build(self, documents: Sequence[Tensor]) -> None:
        """Index the (tokens, D) float16 vectors of each document; each has one at least."""
        ...

    def search(self, queries: Sequence[Tensor], depth: int) -> Found:
        """Return up to `depth` documents for each query, given as (tokens, D) float16 vectors."""
        ...


class FastPlaidIndex:
    """fast-plaid's index in a folder."""

    def __init__(self, folder: Path, settings: PlaidSpec) -> None:
        self._folder = folder
        self._settings = settings
        # Only here: an extra, which loads a library of its own.
        self._index: Any = import_module("fast_plaid.search").FastPlaid(str(folder), device=settings.device)

    def build(self, documents: Sequence[Tensor]) -> None:
        """Index the vectors of each document.

        Raises:
            ConfigError: it has fewer centroids than a search would look up.
            ModelError: fast-plaid cannot build it.
        """
        settings = self._settings
        with _told("build its index"):
            # Without Triton, whose k-means is another on every card; and without the copy kept for later additions.
            self._index.create(
                documents_embeddings=list(documents),
                nbits=settings.nbits,
                kmeans_niters=settings.kmeans_niters,
                max_points_per_centroid=settings.max_points_per_centroid,
                n_samples_kmeans=settings.n_samples_kmeans,
                seed=settings.seed,
                use_triton_kmeans=False,
                start_from_scratch=0,
            )
        centroids = parse_json((self._folder / "metadata.json").read_bytes())["num_partitions"]
        if settings.n_ivf_probe > centroids:
            expected = f"at most the centroids of its index, {centroids:,}"
            raise ConfigError("search.plaid.n_ivf_probe", got=settings.n_ivf_probe, expected=expected)

    def search(self, queries: Sequence[Tensor], depth: int) -> Found:
        """Return up to `depth` documents for each query with the scores that fast-plaid gives them.

        Raises:
            ModelError: fast-plaid cannot search.
        """
        settings = self._settings
        with _told("search its index"):
            found: Found = self._index.search(
                list(queries),
                top_k=depth,
                n_full_scores=settings.n_full_scores,
                n_ivf_probe=settings.n_ivf_probe,
                show_progress=False,
            )
        return found


def open_index(folder: Path, settings: PlaidSpec) -> Index:
    """Return an empty index in `folder`, which is made.

    Raises:
        ModelError: its device is not there.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ModelError("search.plaid.device", got="cuda", expected="a GPU", remedy="Write search.plaid.device=cpu")
    return FastPlaidIndex(folder, settings)


def pieces(vectors: TokenVectors) -> list[Tensor]:
    """Return the (tokens, D) float16 vectors of every text, on the CPU and one behind the other in memory."""
    return list(torch.split(vectors.vectors_ND.cpu(), vectors.lengths.tolist()))


def cut(texts: Sequence[Tensor], dim: int) -> list[Tensor]:
    """Return the (tokens, D) float16 vectors of texts cut to `dim` and of unit norm again; as they are where D is that.

    Raises:
        ModelError: a vector is zero where it is cut to.
    """
    # One by one: all of them in float32 would take twice what they take themselves.
    return [one if one.shape[1] == dim else unit(one[:, :dim]) for one in texts]


def refuse_too_many_vectors(name: str, held: int, done: int, documents: int, free: int) -> None:
    """Return where the float16 vectors of a collection fit into half of the memory.

    Args:
        name: the collection.
        held: bytes of the vectors of the first `done` documents.
        done: documents that are encoded.
        documents: all documents.
        free: bytes of memory that there were before.

    Raises:
        DataError: they do not: those held alone, or all of them twice over if the others are like the first.
    """
    whole = held * documents // max(1, done)
    if held > free // 2 or whole > free:
        got = f"about {whole / GIB:,.1f} GiB: tokens x dimensions x 2 bytes for {documents:,} documents"
        raise DataError(
            f"the vectors of {short(name)} do not fit in memory, and PLAID needs all of them at once",
            got=got,
            expected=f"at most {free / 2 / GIB:,.1f} GiB, half of what is free",
            remedy="search=exact holds none of them",
        )


def refuse_small_disk(folder: Path, tokens: int, dim: int, settings: PlaidSpec) -> None:
    """Return where an index of `tokens` vectors fits on the disk of `folder`.

    Raises:
        StorageError: it does not.
    """
    # Residuals stand there twice while parts are put together.
    needed = tokens * (2 * dim * settings.nbits // 8 + CODE_BYTES)
    free = shutil.disk_usage(folder).free
    if needed > free:
        got, expected = f"{free / GIB:,.1f} GiB free in {folder}", f"{needed / GIB:,.1f} GiB"
        raise StorageError("there is no room for the index", got=got, expected=expected, remedy="Write out=FOLDER")


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what fast-plaid raises into one line."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        # A panic of Rust is no Exception.
        got = short(str(error).partition("\n")[0], 160)
        remedy = "It fails on very small collections; search=exact takes any"
        raise ModelError(f"fast-plaid cannot {what}", got=got, remedy=remedy) from error
