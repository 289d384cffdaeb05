"""The miniature while it is trained: transformers' own module for this architecture, and three heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import JinaEmbeddingsV3Config, JinaEmbeddingsV3Model

HIDDEN = 128
LAYERS = 3
HEADS = 4
INTERMEDIATE = 512
DIMS = (128, 96, 64)
QUERY_LENGTH = 32
DOCUMENT_LENGTH = 300
POSITIONS = 8194
PAD = 1


class Ids(NamedTuple):
    """Token ids of texts, padded: `ids_BT` and where tokens are."""

    ids_BT: Tensor
    mask_BT: Tensor


class Student(nn.Module):
    """A backbone and a projection for each dimension."""

    def __init__(self, vocabulary: int, seed: int) -> None:
        """Start from the architecture's own random initialisation under `seed`."""
        super().__init__()
        torch.manual_seed(seed)
        config = JinaEmbeddingsV3Config(
            vocab_size=vocabulary,
            hidden_size=HIDDEN,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            intermediate_size=INTERMEDIATE,
            max_position_embeddings=POSITIONS,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            hidden_act="gelu",
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=PAD,
            bos_token_id=0,
            eos_token_id=2,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
            attn_implementation="sdpa",
        )
        self.backbone = JinaEmbeddingsV3Model(config)
        self.heads = nn.ModuleList(nn.Linear(HIDDEN, dim, bias=False) for dim in DIMS)
        for head in self.heads:
            nn.init.normal_(head.weight, std=config.initializer_range)

    def hidden(self, ids: Ids) -> Tensor:
        """Return the last hidden states (B, T, hidden)."""
        found: Tensor = self.backbone(input_ids=ids.ids_BT, attention_mask=ids.mask_BT).last_hidden_state
        return found

    def vectors(self, hidden_BTH: Tensor) -> list[Tensor]:
        """Return the unit vectors (B, T, D) of every dimension."""
        return [normalize(head(hidden_BTH), dim=-1) for head in self.heads]


class Reader(NamedTuple):
    """Texts to ids as the published model reads them."""

    tokenizer: Tokenizer

    def queries(self, texts: Sequence[str]) -> Ids:
        """Return `<s> [QueryMarker] t .. </s> <mask> ..`, 32 tokens that are all attended to."""
        mark, fill = self._id("[QueryMarker]"), self._id("<mask>")
        rows = []
        for encoding in self.tokenizer.encode_batch(list(texts)):
            ids = [0, mark, *encoding.ids[1:-1][: QUERY_LENGTH - 3], 2]
            rows.append(ids + [fill] * (QUERY_LENGTH - len(ids)))
        ids_BT = torch.tensor(rows)
        return Ids(ids_BT, torch.ones_like(ids_BT))

    def documents(self, texts: Sequence[str], length: int = DOCUMENT_LENGTH) -> Ids:
        """Return `<s> [DocumentMarker] t .. </s>`, `length` tokens at most, padded to the longest."""
        mark = self._id("[DocumentMarker]")
        rows = [
            [0, mark, *encoding.ids[1:-1][: length - 3], 2] for encoding in self.tokenizer.encode_batch(list(texts))
        ]
        longest = max(len(row) for row in rows)
        ids_BT = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
        return Ids(ids_BT, (ids_BT != PAD).long())

    def _id(self, token: str) -> int:
        return int(self.tokenizer.token_to_id(token))


def maxsim(queries_QTD: Tensor, documents_PTD: Tensor, mask_PT: Tensor) -> Tensor:
    """Return the scores (Q, P): for each query token its best document token, added up."""
    similar_QPTU = torch.einsum("qtd,pud->qptu", queries_QTD, documents_PTD)
    similar_QPTU = similar_QPTU.masked_fill(~mask_PT.bool()[None, :, None, :], -1e4)
    return similar_QPTU.amax(dim=-1).sum(dim=-1)
