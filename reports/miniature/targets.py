"""The teacher's vectors as targets of the student's tokens: centred by language, in the student's width."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Encoding
from torch import Tensor
from torch.nn.functional import normalize

from reports.miniature.teacher import Seen, Teacher

FEW = 50
"""Scripts of fewer pieces are centred with all others."""


class Space(NamedTuple):
    """The directions in which the teacher's vectors differ most."""

    basis_HD: Tensor

    def project(self, vectors_NH: NDArray[np.float16], centre_H: Tensor) -> Tensor:
        """Return unit vectors (N, D)."""
        return normalize((torch.from_numpy(vectors_NH).float() - centre_H) @ self.basis_HD, dim=-1)


class Aligned(NamedTuple):
    """A text as the student's token ids, each with the teacher's vector of the same characters."""

    ids: list[int]
    targets_TD: Tensor


def principal(rows_NH: Tensor, width: int) -> Tensor:
    """Return the `width` principal directions (hidden, width) of centred rows."""
    _, directions_HH = torch.linalg.eigh(rows_NH.double().T @ rows_NH.double())
    return directions_HH[:, -width:].flip(1).float()


def centre(seen: Seen) -> Tensor:
    """Return the mean of all tokens' vectors."""
    return torch.from_numpy(seen.vectors_NH).float().mean(dim=0)


def space(parts: Sequence[Seen], width: int, sample: int) -> Space:
    """Return the space of the teacher's vectors, each part less its own mean, `sample` rows of each."""
    rows = []
    for part in parts:
        every = max(1, len(part.vectors_NH) // sample)
        rows.append(torch.from_numpy(part.vectors_NH[::every]).float() - centre(part))
    return Space(principal(normalize(torch.cat(rows), dim=-1), width))


def aligned(encodings: Sequence[Encoding], seen: Seen, known: Space) -> list[Aligned]:
    """Return each text's tokens with their targets: the mean over the characters that a token covers."""
    middle = centre(seen)
    return [_aligned(encoding, *seen.text(number), known, middle) for number, encoding in enumerate(encodings)]


def whole(encodings: Sequence[Encoding], seen: Seen, known: Space) -> list[Aligned]:
    """Return each text's tokens, all with the mean vector of the text: for words on their own."""
    middle = centre(seen)
    means = np.stack([seen.text(number)[0].astype(np.float32).mean(axis=0) for number in range(len(encodings))])
    targets_ND = known.project(means, middle)
    return [
        Aligned(encoding.ids, target_D.expand(len(encoding.ids), -1))
        for encoding, target_D in zip(encodings, targets_ND, strict=True)
    ]


def piece_vectors(pieces: Sequence[str], teacher: Teacher, known: Space) -> Tensor:
    """Return what the teacher makes of each piece on its own (pieces, D), less the mean of the piece's script."""
    texts = [piece.replace("▁", " ").strip() or piece for piece in pieces]
    seen = teacher.seen(texts, "query")
    found = [seen.text(number)[0].astype(np.float32) for number in range(len(texts))]
    # The mark of a word's beginning has no characters of its own.
    means_VH = np.stack([rows.mean(axis=0) if len(rows) else centre(seen).numpy() for rows in found])
    scripts = np.array([unicodedata.name(text[0], "?").split()[0] for text in texts])
    rows_VD = torch.zeros(len(texts), known.basis_HD.shape[1])
    for script in sorted(set(scripts)):
        own = np.flatnonzero(scripts == script)
        few = len(own) < FEW
        middle_H = torch.from_numpy((means_VH if few else means_VH[own]).mean(axis=0))
        rows_VD[own] = known.project(means_VH[own], middle_H)
    return rows_VD


def _aligned(
    encoding: Encoding, vectors_SH: NDArray[np.float16], spans_S2: NDArray[np.int32], known: Space, middle_H: Tensor
) -> Aligned:
    """The teacher may have seen less of a long text; what it has not seen is left out here too."""
    end = int(spans_S2[-1, 1])
    owner = np.zeros(end, np.int64)
    for number, (first, last) in enumerate(spans_S2):
        owner[first:last] = number
    targets_SD = known.project(vectors_SH, middle_H)
    ids, rows = [], []
    for token, (first, last) in zip(encoding.ids, encoding.offsets, strict=True):
        if last > end:
            break
        own = np.unique(owner[first : max(last, first + 1)]) if first < end else np.array([len(spans_S2) - 1])
        ids.append(token)
        rows.append(normalize(targets_SD[own].mean(dim=0), dim=-1))
    return Aligned(ids, torch.stack(rows))
