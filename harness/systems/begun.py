"""What a pass is about, entered beside its tables when it begins, for `python -m harness.status`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.keys import FORMAT
from harness.report.provenance import environment
from harness.retrieve.about import About, write_about
from harness.retrieve.passes import Pass
from harness.spec import RunSpec


def enter(one: Pass, spec: RunSpec, results: Mapping[int, str]) -> None:
    """Write down what is begun, by which code and command.

    Args:
        one: the pass.
        spec: the job that it is worked on for.
        results: dimension -> the key of the result that comes of it.

    Raises:
        StorageError: the disk does not take it.
    """
    here = environment()
    about = About(
        model=spec.model.name,
        dataset=spec.dataset.name,
        language=spec.dataset.language,
        searches={str(dim): key for dim, key in one.searches.items()},
        results={str(dim): results[dim] for dim in one.searches},
        shards=tuple((shard.start, shard.stop) for shard in one.shards),
        format=FORMAT,
        commit=here["commit"],
        dirty=here["dirty"],
        command=tuple(here["command"]),
        folder=str(Path.cwd()),
        began=here["finished"],
    )
    write_about(one.store.folder, about)
