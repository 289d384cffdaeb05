"""MTEB's retrieval tasks on the collections that the harness knows, as data beside this file (mteb_tasks.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.report.fields import Fields
from harness.yaml_file import read_yaml

TASKS = Path(__file__).parent / "mteb_tasks.yaml"
NEEDED = ("task", "path", "revision", "split", "main_score", "subsets")


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task on the same documents, queries and judgments as one of our datasets."""

    name: str
    path: str
    """The dataset of the hub that MTEB reads."""
    revision: str
    """The commit of that dataset which the task pins."""
    split: str
    main_score: str
    """The task's main score as we name measures."""
    subsets: Mapping[str, tuple[str, ...]]
    """Subset -> its languages, ISO 639-3 and script; the subset of a dataset without languages is `default`."""
    remark: str | None
    """In what the task's data is not ours to the letter."""


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """All that is known of MTEB's tasks."""

    version: str
    """The version of mteb whose tasks they are."""
    tasks: Mapping[str, Task]
    """Dataset -> its task."""
    others: Mapping[str, str]
    """Dataset -> why MTEB's task of the name is of other data."""


def read_tasks(path: Path = TASKS) -> Tasks:
    """Return the tasks in the file at `path`.

    Raises:
        DataError: it is no such file.
    """
    data = Fields(read_yaml(path), str(path), ("mteb", "tasks", "others"))
    tasks, others = _mapping(data, "tasks"), _mapping(data, "others")
    return Tasks(
        version=data.text("mteb"),
        tasks={name: _task(Fields(one, f"{path}: {name}", NEEDED, ("remark",))) for name, one in tasks.items()},
        others={name: str(why) for name, why in others.items()},
    )


def _task(data: Fields) -> Task:
    subsets = data.inner("subsets", tuple(_mapping(data, "subsets")))
    return Task(
        name=data.text("task"),
        path=data.text("path"),
        revision=data.text("revision"),
        split=data.text("split"),
        main_score=data.text("main_score"),
        subsets={name: subsets.texts(name) for name in _mapping(data, "subsets")},
        remark=data.optional("remark"),
    )


def _mapping(data: Fields, key: str) -> dict[str, object]:
    found = data.value(key)
    if not isinstance(found, dict):
        raise data.error(key, type(found).__name__, "a mapping")
    return {str(name): value for name, value in found.items()}
