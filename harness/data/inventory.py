"""One reading of a whole corpus: its fingerprint, its size, its repeated documents, the judged ones it lacks.

Memory is 8 bytes a document: ids are compared by 8 bytes of BLAKE2b first, and only documents whose hash comes twice
are looked at again, in a second reading that most corpora never need.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np

from harness.data.checks import check_id, check_text
from harness.data.collection import Document, Inventory
from harness.data.source import Source
from harness.errors import DataError, short


class Fingerprint:
    """A SHA-256 over rows of texts, every text preceded by its length so that no two contents look alike."""

    def __init__(self) -> None:
        """Start with no rows."""
        self._hash = hashlib.sha256()

    def add(self, *parts: bytes) -> None:
        """Add one row."""
        self._hash.update(b"".join(struct.pack("<Q", len(part)) + part for part in parts))

    def __str__(self) -> str:
        """Return the fingerprint of the rows so far in hexadecimal."""
        return self._hash.hexdigest()


class StreamedCorpus:
    """A `Corpus` read from its source each time, without its repeated documents."""

    def __init__(self, source: Source, repeated: list[int]) -> None:
        """Keep the source and the records (rising, the first is 0) that are left out."""
        self._source = source
        self._repeated = frozenset(repeated)
        self._kept_before = [record - earlier for earlier, record in enumerate(repeated)]

    def documents(self, start: int, stop: int) -> Iterator[Document]:
        """Yield documents start to stop (exclusive) of the corpus.

        Raises:
            DataError: the source cannot be read any more.
        """
        first = start + bisect_right(self._kept_before, start)
        records = enumerate(self._source.documents(first), first)
        kept = (document for record, document in records if record not in self._repeated)
        yield from islice(kept, max(0, stop - start))


def silent(_: int) -> None:
    """Return nothing: the progress that nobody watches."""


def take_inventory(
    source: Source, unseen: set[str], progress: Callable[[int], None] = silent
) -> tuple[Inventory, StreamedCorpus]:
    """Return what is in the corpus, and the corpus; ids that are in it are taken out of `unseen`.

    `progress` is told the documents read so far, now and then.

    Raises:
        DataError: the corpus is empty, an id cannot stand in a run, or one id has two texts.
    """
    hashes, fingerprint = array("Q"), Fingerprint()
    for number, document in enumerate(source.documents(0), 1):
        where = source.place("corpus", number)
        doc_id = check_id(document.doc_id, "document", where).encode()
        fingerprint.add(doc_id, check_text(document.text, where))
        hashes.frombytes(_hash(doc_id))
        unseen.discard(document.doc_id)
        if number % 1024 == 0:
            progress(number)
    progress(len(hashes))
    if not hashes:
        raise DataError(f"{source.place('corpus', 1)}: no documents", remedy=source.remedy)
    suspects = _twice(hashes)
    if not suspects:
        return Inventory(len(hashes), 0, str(fingerprint)), StreamedCorpus(source, [])
    repeated, fingerprint = _confirm(source, suspects)
    inventory = Inventory(len(hashes) - len(repeated), len(repeated), str(fingerprint))
    return inventory, StreamedCorpus(source, repeated)


def _hash(doc_id: bytes) -> bytes:
    return hashlib.blake2b(doc_id, digest_size=8).digest()


def _twice(hashes: array[int]) -> frozenset[bytes]:
    """Return the hashes that come more than once; `hashes` is sorted in place, no second copy of it is made."""
    values = np.frombuffer(hashes, dtype=np.uint64)
    values.sort()
    return frozenset(value.tobytes() for value in np.unique(values[1:][values[1:] == values[:-1]]))


def _confirm(source: Source, suspects: frozenset[bytes]) -> tuple[list[int], Fingerprint]:
    """Return the records that repeat an earlier document, and the fingerprint of the others."""
    seen: dict[str, tuple[int, bytes]] = {}
    repeated: list[int] = []
    fingerprint = Fingerprint()
    for record, (doc_id, text) in enumerate(source.documents(0)):
        if _hash(doc_id.encode()) in suspects:
            digest = hashlib.sha256(text.encode()).digest()
            earlier, same = seen.setdefault(doc_id, (record, digest))
            if same != digest:
                places = f"{source.place('corpus', earlier + 1)} and {source.place('corpus', record + 1)}"
                raise DataError(f"document id {short(doc_id)} comes twice with different texts", got=places)
            if earlier != record:
                repeated.append(record)
                continue
        fingerprint.add(doc_id.encode(), text.encode())
    return repeated, fingerprint
