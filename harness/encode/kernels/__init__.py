"""Which kernel attends inside the texts of a batch: chosen once, when a model is opened.

Kernels for texts of any length are CUDA's and take 16-bit numbers; all else is done in groups of equally long texts,
which is the reference for them.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from harness.encode.kernels.flash import flash_attention
from harness.encode.kernels.groups import GROUPS
from harness.encode.kernels.torch_varlen import VARLEN
from harness.encode.packing import Kernel

LONGEST_HEAD = 256
"""The dimensions of a head that the kernels take, in steps of 8."""
OLDEST_GPU = (8, 0)
"""The compute capability that they are built for."""


def choose_kernel(backbone: nn.Module, device: torch.device, *, partly: bool) -> Kernel:
    """Return the fastest kernel there is for a backbone.

    Args:
        backbone: on `device`, in the dtype that it runs in.
        device: where it runs.
        partly: whether there are texts of which not all tokens are attended to. A kernel that is given fewer keys than
            queries counts places from the end, so that windows and ALiBi would be shifted.

    Raises:
        ModelError: flash-attn is installed and cannot be loaded.
    """
    alibi = bool(getattr(backbone, "alibi", False))
    local = any(getattr(layer, "sliding_window", None) is not None for layer in backbone.modules())
    if device.type != "cuda" or not _takes(backbone, device) or (partly and (alibi or local)):
        return GROUPS
    if find_spec("flash_attn") is not None:
        return flash_attention()
    # torch's own kernel knows no slopes.
    return GROUPS if alibi else VARLEN


def _takes(backbone: nn.Module, device: torch.device) -> bool:
    config: Any = backbone.config
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    narrow = next(backbone.parameters()).dtype in (torch.float16, torch.bfloat16)
    return narrow and head <= LONGEST_HEAD and head % 8 == 0 and torch.cuda.get_device_capability(device) >= OLDEST_GPU
