"""Where and in which numbers a model runs on this machine."""

from __future__ import annotations

import torch
from torch import nn

from harness.errors import ModelError, choose
from harness.spec import PRECISIONS, STRICT


def pick_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the accelerator where there is one.

    Raises:
        ModelError: `cuda` was asked for and is not there.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ModelError("engine.device", got="cuda, which torch does not see here", expected="cpu or auto")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def running_on(device: torch.device, dtype: torch.dtype, attention: str) -> dict[str, object]:
    """Return how a model runs here, for the record: device, dtype of its weights, attention, threads."""
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "dtype": str(dtype).removeprefix("torch."),
        "attention": attention,
        "threads": torch.get_num_threads(),
    }


def threads_for(device: torch.device) -> int:
    """Return how many batches are run at once on `device`: one a thread of the CPU's, one on a GPU."""
    return 1 if device.type == "cuda" else torch.get_num_threads()


def weights_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """Return what weights are rounded to: None for the dtype they are stored in, bfloat16 for `fast`.

    A CPU has to multiply bfloat16 itself. With AMX that is several times as fast as float32; with AVX512-BF16 alone it
    depends on the processor, and can be slower.

    Raises:
        ConfigError: there is no such precision.
        ModelError: this CPU would only imitate bfloat16.
    """
    if choose("precision", precision, PRECISIONS) == STRICT:
        return None
    # torch has names with an underscore alone for these, the same ones since 2.6.
    if device.type == "cpu" and not (torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()):
        got, expected = "a CPU without AMX and AVX512-BF16", "one that multiplies bfloat16"
        raise ModelError(f"precision={precision}", got=got, expected=expected, remedy=f"Write precision={STRICT}")
    return torch.bfloat16


def cast(model: nn.Module, dtype: torch.dtype | None) -> nn.Module:
    """Return `model` with its weights in `dtype`; None leaves them.

    Buffers stay as they are: rotary frequencies in bfloat16 would turn by other angles.
    """
    if dtype is not None:
        for parameter in model.parameters():
            parameter.data = parameter.data.to(dtype)
    return model


def sum_in_float32(device: torch.device) -> None:
    """Let products on CUDA add up in float32: torch lets 16-bit ones add up in 16 bits where that is faster."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
