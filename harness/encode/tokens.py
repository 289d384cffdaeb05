"""Texts to token ids as a late-interaction model wants them: markers, query expansion, truncation, skiplists.

Query (ColBERT, PyLate): `[CLS] marker t1 .. tn [SEP]`, cut to `query_length`, then filled with mask tokens where the
model expands queries; every token scores. Document: `[CLS] marker t1 .. tn [SEP]`, cut to `document_length`; tokens on
the skiplist are attended to but get no vector. The marker is put in as an id, never as text.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import ModelError
from harness.model_spec import EncoderSpec

CHARACTERS_PER_TOKEN = 64
"""Texts are cut to this many characters per token before tokenising: a megabyte costs what a page costs."""


@dataclass(frozen=True)
class Tokens:
    """One text as token ids; no ids for a text without any character."""

    ids: tuple[int, ...]
    truncated: bool
    """Whether some of the text is in none of the tokens."""
    attended: int | None = None
    """How many leading ids are attended to, where not all are: those before an expansion that is not looked at."""


@dataclass(frozen=True)
class TextTokenizer:
    """Turns queries and documents into token ids by the rules of one `EncoderSpec`."""

    tokenizer: Any
    """The checkpoint's own fast tokenizer."""
    query_length: int
    document_length: int
    query_marker: int | None
    document_marker: int | None
    expansion: int | None
    """The mask token's id where queries are expanded."""
    attend_to_expansion: bool
    """Whether the mask tokens are attended to."""
    skiplist: frozenset[int]
    """Ids whose document vectors are dropped after encoding."""

    def queries(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the token ids of each query, expanded to `query_length` where the model expands."""
        found = self._tokens(texts, self.query_length, self.query_marker)
        if self.expansion is None:
            return found
        fill = (self.expansion,) * self.query_length
        return [
            Tokens(
                (tokens.ids + fill)[: self.query_length],
                tokens.truncated,
                None if self.attend_to_expansion else len(tokens.ids),
            )
            for tokens in found
        ]

    def documents(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the token ids of each document; a document without characters has none."""
        return self._tokens(texts, self.document_length, self.document_marker)

    def _tokens(self, texts: Sequence[str], length: int, marker: int | None) -> list[Tokens]:
        room = length - (marker is not None)
        stripped = [text.strip() for text in texts]
        kept = [text[: room * CHARACTERS_PER_TOKEN] for text in stripped if text]
        # A tokenizer cannot take an empty list.
        encoded = self.tokenizer(kept, truncation=True, max_length=room)["input_ids"] if kept else []
        shortened = self._shortened(kept, [len(ids) for ids in encoded], room)
        rows = iter(zip(kept, encoded, shortened, strict=True))
        found = []
        for text in stripped:
            cut, ids, truncated = next(rows) if text else ("", (), False)
            found.append(Tokens(self._marked(ids, marker), truncated or len(cut) < len(text)))
        return found

    def _shortened(self, texts: Sequence[str], lengths: Sequence[int], room: int) -> list[bool]:
        """Return which texts lost tokens: only those at full length can have, and only they are looked at again."""
        full = [text for text, length in zip(texts, lengths, strict=True) if length >= room]
        longer = iter(self.tokenizer(full, truncation=True, max_length=room + 1)["input_ids"]) if full else iter(())
        return [length >= room and len(next(longer)) > room for length in lengths]

    @staticmethod
    def _marked(ids: Sequence[int], marker: int | None) -> tuple[int, ...]:
        if marker is None or not ids:
            return tuple(ids)
        return (ids[0], marker, *ids[1:])


def text_tokenizer(tokenizer: Any, spec: EncoderSpec) -> TextTokenizer:
    """Return the tokenizer of `spec`.

    Raises:
        ModelError: the tokenizer has no such marker, or no mask token to expand queries with.
    """
    if spec.expand_queries and tokenizer.mask_token_id is None:
        raise ModelError(f"{spec.path} has no mask token", expected="one, since expand_queries is on")
    if spec.query_length is None or spec.document_length is None:
        raise ValueError("the spec is not settled: it has no lengths")
    vocabulary = tokenizer.get_vocab()
    return TextTokenizer(
        tokenizer=tokenizer,
        query_length=spec.query_length,
        document_length=spec.document_length,
        query_marker=_marker(vocabulary, spec.query_marker, spec.path),
        document_marker=_marker(vocabulary, spec.document_marker, spec.path),
        expansion=tokenizer.mask_token_id if spec.expand_queries else None,
        attend_to_expansion=spec.attend_to_expansion is not False,
        skiplist=skiplist(tokenizer, spec.skiplist or "none"),
    )


def skiplist(tokenizer: Any, rule: str) -> frozenset[int]:
    """Return the token ids that `rule` drops from documents.

    `stanford`: the first piece of each punctuation character encoded as a text (ColBERT, modeling/colbert.py).
    `words`: the vocabulary entry that is the character itself (PyLate, models/colbert.py). On XLM-R's vocabulary the
    two rules share no id; on BERT's they agree. `none`: nothing.
    """
    if rule == "none":
        return frozenset()
    if rule == "stanford":
        pieces = [tokenizer.encode(sign, add_special_tokens=False) for sign in string.punctuation]
        return frozenset(ids[0] for ids in pieces if ids)
    known = tokenizer.get_vocab()
    return frozenset(known[sign] for sign in string.punctuation if sign in known)


def _marker(vocabulary: Mapping[str, int], marker: str | None, path: str) -> int | None:
    if not marker:
        return None
    found = vocabulary.get(marker)
    if found is None:
        remedy = "The checkpoint's tokenizer and the model's config do not belong together"
        raise ModelError(f"{path} has no token for the marker", got=repr(marker), remedy=remedy)
    return int(found)
