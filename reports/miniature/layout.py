"""Writes a student as jina-colbert-v2 is published: one folder with backbone and head, one more for each other head."""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import JinaEmbeddingsV3Model

from harness.encode.heads import backbone_fingerprint
from reports.miniature.student import (
    DIMS,
    DOCUMENT_LENGTH,
    HEADS,
    HIDDEN,
    INTERMEDIATE,
    LAYERS,
    POSITIONS,
    QUERY_LENGTH,
    Reader,
    Student,
)  # fmt: skip
from reports.miniature.vocabulary import MARKERS
from tests.fixtures.e5 import tokenizer_config

HEAD = "linear.weight"
NAMES = {
    "embeddings.LayerNorm.": "emb_ln.",
    "embeddings.": "embeddings.",
    "layers.": "encoder.layers.",
    "pooler.": "pooler.",
}
LAYER_NAMES = {"self_attn.o_proj": "mixer.out_proj", "post_attention_layernorm": "norm1", "post_mlp_layernorm": "norm2"}
FUSED = re.compile(r"(layers\.\d+\.)self_attn\.q_proj\.(weight|bias)")


def published_names(student: Student) -> dict[str, Tensor]:
    """Return the backbone's tensors in bfloat16 under the published names, query, key and value fused."""
    found: dict[str, Tensor] = {}
    state = student.backbone.state_dict()
    for name, value in state.items():
        fused = FUSED.fullmatch(name)
        if fused:
            parts = [state[name.replace("q_proj", f"{part}_proj")] for part in "qkv"]
            found[f"roberta.encoder.{fused[1]}mixer.Wqkv.{fused[2]}"] = torch.cat(parts)
        elif "self_attn.k_proj" not in name and "self_attn.v_proj" not in name and "position_ids" not in name:
            found[f"roberta.{_published(name)}"] = value
    return {name: value.to(torch.bfloat16).contiguous() for name, value in found.items()}


def write(student: Student, tokenizer: Tokenizer, folder: Path) -> list[Path]:
    """Write the checkpoint to `folder` and its other heads to the folders `folder-96` and `folder-64`; return them."""
    folder.mkdir(parents=True, exist_ok=True)
    heads = {dim: head.weight.detach().to(torch.bfloat16) for dim, head in zip(DIMS, student.heads, strict=True)}
    tensors = {**published_names(student), HEAD: heads[DIMS[0]].contiguous()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    _write_json(folder / "config.json", config(tokenizer.get_vocab_size()))
    _write_json(folder / "tokenizer_config.json", tokenizer_config(POSITIONS))
    _write_json(folder / "special_tokens_map.json", _special_tokens())
    _write_json(folder / "artifact.metadata", METADATA)
    metadata = {"format": "pt", "backbone": backbone_fingerprint(folder)}
    written = [folder]
    for dim in DIMS[1:]:
        other = folder.with_name(f"{folder.name}-{dim}")
        other.mkdir(exist_ok=True)
        (other / "model.safetensors").write_bytes(_one_tensor(heads[dim], metadata))
        written.append(other)
    return written


def config(vocabulary: int) -> dict[str, object]:
    """Return the published config's keys with the miniature's sizes."""
    return {
        "_name_or_path": "mini",
        "architectures": ["HF_ColBERT"],
        "attention_probs_dropout_prob": 0.1,
        "bos_token_id": 0,
        "classifier_dropout": None,
        "emb_pooler": None,
        "eos_token_id": 2,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": HIDDEN,
        "initializer_range": 0.02,
        "intermediate_size": INTERMEDIATE,
        "layer_norm_eps": 1e-05,
        "load_trained_adapters": False,
        "lora_adaptations": None,
        "lora_alpha": None,
        "lora_dropout_p": None,
        "lora_main_params_trainable": False,
        "lora_rank": None,
        "matryoshka_dimensions": None,
        "max_position_embeddings": POSITIONS,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "output_past": True,
        "pad_token_id": 1,
        "position_embedding_type": "rotary",
        "rotary_emb_base": 10000.0,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.43.2",
        "truncate_dim": None,
        "type_vocab_size": 1,
        "use_cache": True,
        "use_flash_attn": True,
        "use_reentrant": False,
        "vocab_size": vocabulary,
    }


METADATA: dict[str, object] = {
    "query_token_id": MARKERS[0],
    "doc_token_id": MARKERS[1],
    "query_token": MARKERS[0],
    "doc_token": MARKERS[1],
    "ncells": None,
    "centroid_score_threshold": None,
    "ndocs": None,
    "load_index_with_mmap": False,
    "index_path": None,
    "nbits": 2,
    "kmeans_niters": 20,
    "resume": False,
    "similarity": "cosine",
    "bsize": 32,
    "accumsteps": 1,
    "lr": None,
    "maxsteps": None,
    "save_every": None,
    "warmup": None,
    "warmup_bert": None,
    "relu": False,
    "nway": 7,
    "use_ib_negatives": False,
    "reranker": False,
    "distillation_alpha": 1.0,
    "ignore_scores": True,
    "model_name": "mini",
    "query_maxlen": QUERY_LENGTH,
    "attend_to_mask_tokens": True,
    "interaction": "colbert",
    "doc_maxlen": DOCUMENT_LENGTH,
    "mask_punctuation": True,
    "checkpoint": None,
    "triples": None,
    "collection": None,
    "amp": False,
    "gpus": None,
}
"""The published `artifact.metadata`, without a dimension as there."""


def _one_tensor(head_DH: Tensor, metadata: dict[str, str]) -> bytes:
    """Return a safetensors file of one head; the library itself writes several metadata in an order of chance."""
    content = head_DH.contiguous().view(torch.uint8).numpy().tobytes()
    entry = {"dtype": "BF16", "shape": list(head_DH.shape), "data_offsets": [0, len(content)]}
    header = json.dumps({"__metadata__": metadata, HEAD: entry}, sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content


def _published(name: str) -> str:
    for own, published in NAMES.items():
        if name.startswith(own):
            name = published + name.removeprefix(own)
            break
    for own, published in LAYER_NAMES.items():
        name = name.replace(own, published)
    return name


def _special_tokens() -> dict[str, object]:
    names = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>"}
    mask = {"content": "<mask>", "lstrip": True, "normalized": False, "rstrip": False, "single_word": False}
    return {**{f"{name}_token": token for name, token in names.items()}, "mask_token": mask}


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load(folder: Path) -> tuple[Student, Reader]:
    """Return a written checkpoint with all its heads as a student in float32, and its reader of texts."""
    reader = Reader(Tokenizer.from_file(str(folder / "tokenizer.json")))
    student = Student(reader.tokenizer.get_vocab_size(), seed=0)
    settings = {"config": student.backbone.config, "dtype": torch.float32, "attn_implementation": "sdpa"}
    student.backbone = JinaEmbeddingsV3Model.from_pretrained(folder, **settings)
    for dim, head in zip(DIMS, student.heads, strict=True):
        place = folder if dim == DIMS[0] else folder.with_name(f"{folder.name}-{dim}")
        head.weight.data = load_file(place / "model.safetensors")[HEAD].float()
    return student.eval(), reader
