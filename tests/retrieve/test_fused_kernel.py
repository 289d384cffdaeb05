"""What Triton's compiler makes of the fused kernel, which it tells without a GPU."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from harness.retrieve.fused import fused_maxsim, importable, shape
from harness.retrieve.fused_layout import query_rows
from tests.retrieve.oracle import texts

POINTERS = {"torch.float16": "*fp16", "torch.float32": "*fp32", "torch.int32": "*i32"}


class Recorder:
    """Stands in the kernel's place and keeps what it is launched with."""

    def __init__(self) -> None:
        self.given: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        assert len(grid) == 1
        assert grid[0] > 0
        return self.keep

    def keep(self, *given: Any, **options: Any) -> None:
        self.given, self.options = given, options


def launched(monkeypatch: pytest.MonkeyPatch, width: int, cuts: tuple[int, ...]) -> tuple[Recorder, Any]:
    """Return what a launch for these vectors gives the kernel, and the kernel."""
    from harness.retrieve import fused_kernel  # noqa: PLC0415 - imports Triton

    source, recorder, kernel = torch.Generator().manual_seed(0), Recorder(), fused_kernel.maxsim
    monkeypatch.setattr(fused_kernel, "maxsim", recorder)
    fused_maxsim(query_rows(texts(source, [32], width), cuts), texts(source, [5], width))
    return recorder, kernel


def compiled(recorder: Recorder, kernel: Any, capability: int) -> Any:
    import triton  # noqa: PLC0415
    from triton.backends.compiler import GPUTarget  # noqa: PLC0415
    from triton.compiler import ASTSource  # noqa: PLC0415

    names = kernel.arg_names
    constants = {name: value for name, value in recorder.options.items() if name in names}
    signature = dict.fromkeys(constants, "constexpr")
    for name, value in zip(names, recorder.given, strict=False):
        signature[name] = POINTERS[str(value.dtype)] if isinstance(value, torch.Tensor) else "i32"
    # What Triton sees for itself when it launches: tensors begin at multiples of 16 bytes.
    aligned = {(names.index(name),): [["tt.divisibility", 16]] for name in names if signature[name].startswith("*")}
    source = ASTSource(
        fn=kernel, signature={name: signature[name] for name in names}, constexprs=constants, attrs=aligned
    )
    options = {name: value for name, value in recorder.options.items() if name not in names}
    return triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)


class Target(NamedTuple):
    capability: int
    product: str
    shared: int
    """Bytes of shared memory of a multiprocessor that a program can take."""


@pytest.mark.skipif(not importable(), reason="triton is not installed")
@pytest.mark.parametrize(
    "target",
    [
        Target(80, "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 163 << 10),
        Target(90, "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16", 227 << 10),
    ],
    ids=["8.0", "9.0"],
)
@pytest.mark.parametrize(("width", "cuts"), [(128, (64, 96, 128)), (384, (64, 128, 384))], ids=["kept", "read anew"])
def test_the_kernel_compiles_to_products_of_float16_added_up_in_float32(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int, cuts: tuple[int, ...], target: Target
) -> None:
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    built = compiled(*launched(monkeypatch, width, cuts), target.capability)
    code = built.asm["ptx"]
    assert target.product in code
    assert "tf32" not in code
    assert not re.search(r"\b(atom|red)\.", code), "no order to depend on"
    assert "max.NaN.f32" in code
    assert not re.search(r"\bmax\.f32", code), "every maximum keeps what is no number"
    # Two programs on a multiprocessor where rows are kept.
    assert built.metadata.shared <= (target.shared // 2 if width == 128 else target.shared)


def test_rows_that_are_kept_leave_room_for_two_programs_of_registers() -> None:
    kept = shape(3, 128)
    assert kept.registers is not None
    assert 2 * 32 * kept.warps * kept.registers <= 1 << 16, "registers of a multiprocessor"


def test_no_module_asks_for_triton_before_it_is_needed() -> None:
    code = "import sys; sys.modules['triton'] = None; import harness.retrieve.fused as f, harness.retrieve.tiles_cuda"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; sys.exit(f.importable())"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
