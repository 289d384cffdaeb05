"""Faults of workers on a real Ray: each ends in the bytes of a job that nothing broke, or names what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ShardError
from harness.pipeline import evaluate
from harness.spec import RunSpec
from tests.fixtures.faulty import counted

OnRay = Callable[..., RunSpec]
AT = 15
"""The shard of documents 15 to 20."""


def runs(spec: RunSpec) -> dict[str, bytes]:
    """Return every run file and shard table, by the name of its folder and its own."""
    found = [path for name in ("run.trec", "*.table") for path in Path(spec.out).rglob(name)]
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in found}


@pytest.mark.parametrize(
    "fault",
    [
        ("exit", "ActorDiedError"),
        pytest.param(("raise", "CUDA error"), marks=pytest.mark.slow),
        pytest.param(("hang", "silent for 20 s"), marks=pytest.mark.slow),
    ],
    ids=lambda fault: fault[0],
)
def test_a_shard_that_goes_wrong_once_is_done_again_and_no_byte_is_another(
    on_ray: OnRay, whole: RunSpec, head: str, said: Any, faulty: Callable[..., Path], fault: tuple[str, str]
) -> None:
    how, told = fault
    folder = faulty(AT, how, 1)
    spec = on_ray("out", 2, head, patience=20)
    evaluate(spec, said)
    assert runs(spec) == runs(whole)
    assert counted(folder, f"shard-{AT}") == 2
    assert len(said.lines) == 1
    assert told in said.lines[0]
    assert said.lines[0].endswith("; another one is started")


def test_a_shard_that_goes_wrong_every_time_is_named_and_no_result_is_written(
    on_ray: OnRay, whole: RunSpec, head: str, said: Any, faulty: Callable[..., Path]
) -> None:
    folder = faulty(AT, "refuse", 100)
    spec = on_ray("out", 2, head)
    with pytest.raises(ShardError, match=r"^1 shard failed 3 times: got documents 15 to 20 \(.*not finite.*7 others"):
        evaluate(spec, said)
    assert counted(folder, f"shard-{AT}") == 3
    assert list(Path(spec.out).rglob("result.json")) == list(Path(spec.out).rglob("run.trec")) == []
    tables = {name: content for name, content in runs(whole).items() if name.endswith(".table")}
    assert len(runs(spec)) == len(tables) * 7 // 8
    assert runs(spec).items() <= tables.items()
