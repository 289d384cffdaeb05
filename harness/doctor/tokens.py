"""What the tokenizer makes of a text, and whether the backbone has a row for every id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from harness.doctor.check import Check, failed, left_out, passed
from harness.encode.encoder import Encoder

TEXT = "Hello World"


def check_markers(encoder: Encoder) -> Check:
    """Return the ids of the markers and of the mask token; a failure where the backbone has no row for one."""
    tokens, spec = encoder.tokens, encoder.spec
    named = {
        f"query {spec.query_marker}": tokens.query_marker,
        f"document {spec.document_marker}": tokens.document_marker,
        "mask": tokens.expansion,
    }
    ids = {name: number for name, number in named.items() if number is not None}
    if not ids:
        return left_out("markers", "texts get no marker and queries are not expanded")
    return _judged("markers", ", ".join(f"{name} = {number}" for name, number in ids.items()), [*ids.values()], encoder)


def check_token_ids(encoder: Encoder) -> Check:
    """Return the ids of a sample text; a failure where one is the unknown token or has no row in the backbone."""
    (tokens,) = encoder.tokens.documents([TEXT])
    text = f"{TEXT!r} as a document = {' '.join(map(str, tokens.ids))}"
    unknown = encoder.tokens.tokenizer.unk_token_id
    if unknown in tokens.ids and unknown != encoder.tokens.document_marker:
        return failed("token ids", f"{text}: got the unknown token {unknown}, expected words it knows")
    return _judged("token ids", text, tokens.ids, encoder)


def _judged(name: str, text: str, ids: Sequence[int], encoder: Encoder) -> Check:
    rows = _rows(encoder.checkpoint.backbone)
    if max(ids) < rows:
        return passed(name, text)
    return failed(name, f"{text}: got id {max(ids)}, expected less than the backbone's {rows} rows")


def _rows(backbone: nn.Module) -> int:
    config: Any = backbone.config
    return int(config.vocab_size)
