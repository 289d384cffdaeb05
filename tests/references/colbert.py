"""Late interaction as Stanford's ColBERT defines it, from a folder and a text to a score; PyLate's settings too.

Query: `[CLS] marker t1 .. tn [SEP]`, tokens cut so that it fits, filled with mask tokens; all tokens are attended to
where the checkpoint says so, otherwise the real ones alone; every token keeps its vector. Document: the same without
filling; tokens on the skiplist are attended to but lose their vector.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor

from tests.references import bert, flash_xlmr, jina_bert
from tests.references.blocks import read_json, read_weights
from tests.references.pooling import unit

Backbone = Callable[[Path, list[int], list[bool] | None], Tensor]


@dataclass(frozen=True)
class Settings:
    """What a checkpoint says about its texts."""

    query_marker: str
    document_marker: str
    query_length: int
    document_length: int
    expand: bool
    """Whether queries are filled with mask tokens."""
    attend: bool
    """Whether mask tokens are looked at."""
    words: tuple[str, ...]
    """The signs whose vectors documents lose."""


def settings(folder: Path) -> Settings:
    """Return the settings in artifact.metadata, or in PyLate's config_sentence_transformers.json."""
    if (folder / "artifact.metadata").is_file():
        found = read_json(folder / "artifact.metadata")
        return Settings(
            query_marker=found["query_token_id"],
            document_marker=found["doc_token_id"],
            query_length=found["query_maxlen"],
            document_length=found["doc_maxlen"],
            expand=True,
            attend=found["attend_to_mask_tokens"],
            words=tuple(string.punctuation) if found["mask_punctuation"] else (),
        )
    found = read_json(folder / "config_sentence_transformers.json")
    return Settings(
        query_marker=found["query_prefix"],
        document_marker=found["document_prefix"],
        query_length=found["query_length"],
        document_length=found["document_length"],
        expand=found["do_query_expansion"],
        attend=found["attend_to_expansion_tokens"],
        words=tuple(found["skiplist_words"]),
    )


def query_ids(folder: Path, text: str) -> tuple[list[int], list[bool]]:
    """Return a query's token ids, and which of them are looked at."""
    said = settings(folder)
    ids = _marked(_tokenizer(folder), text, said.query_marker, said.query_length)
    missing = said.query_length - len(ids) if said.expand else 0
    attended = [True] * len(ids) + [said.attend] * missing
    return ids + [_mask(_tokenizer(folder))] * missing, attended


def document_ids(folder: Path, text: str) -> list[int]:
    """Return a document's token ids."""
    said = settings(folder)
    return _marked(_tokenizer(folder), text, said.document_marker, said.document_length)


def skiplist(folder: Path, rule: str) -> set[int]:
    """Return the ids that documents lose.

    `stanford`: the first id of each sign tokenised as a text. `words`: the id of the token that is the sign, where
    there is one. `none`: nothing.
    """
    tokenizer, words = _tokenizer(folder), settings(folder).words
    if rule == "none":
        return set()
    if rule == "stanford":
        return {tokenizer.encode(word, add_special_tokens=False).ids[0] for word in words}
    return {number for word in words if (number := tokenizer.token_to_id(word)) is not None}


def query_vectors(folder: Path, text: str, backbone: Backbone | None = None) -> Tensor:
    """Return a query's unit vectors, (T, D) float32; `backbone` is the one the config names if None."""
    ids, attended = query_ids(folder, text)
    return _projected(folder, (backbone or backbone_of(folder))(folder, ids, attended))


def document_vectors(folder: Path, text: str, rule: str = "stanford", backbone: Backbone | None = None) -> Tensor:
    """Return a document's unit vectors without those of skipped tokens, (T, D) float32."""
    ids = document_ids(folder, text)
    vectors_TD = _projected(folder, (backbone or backbone_of(folder))(folder, ids, None))
    dropped = skiplist(folder, rule)
    return vectors_TD[[place for place, number in enumerate(ids) if number not in dropped]]


def maxsim(query_TD: Tensor, document_TD: Tensor) -> float:
    """Return the sum, over the query's vectors, of the largest product with any vector of the document."""
    total = 0.0
    for query_D in query_TD.double():
        total += max(float(query_D @ document_D) for document_D in document_TD.double())
    return total


def backbone_of(folder: Path) -> Backbone:
    """Return the reference that a checkpoint's config asks for."""
    config = read_json(folder / "config.json")
    if config["position_embedding_type"] == "rotary":
        return flash_xlmr.hidden_states
    return jina_bert.hidden_states if config["position_embedding_type"] == "alibi" else bert.hidden_states


def _projected(folder: Path, hidden_TH: Tensor) -> Tensor:
    inside = (folder / "1_Dense").is_dir()
    head = read_weights(folder / "1_Dense" if inside else folder, "")["linear.weight"]
    return unit(hidden_TH.double() @ head.T)


def _tokenizer(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _marked(tokenizer: Tokenizer, text: str, marker: str, length: int) -> list[int]:
    first, last = tokenizer.encode("").ids
    number = tokenizer.token_to_id(marker)
    if number is None:  # Stanford's code asks for the id of a token that is not there and gets the unknown one's.
        number = next(found for name in ("<unk>", "[UNK]") if (found := tokenizer.token_to_id(name)) is not None)
    content = tokenizer.encode(text, add_special_tokens=False).ids[: length - 3]
    return [first, number, *content, last]


def _mask(tokenizer: Tokenizer) -> int:
    return int(next(found for name in ("<mask>", "[MASK]") if (found := tokenizer.token_to_id(name)) is not None))
