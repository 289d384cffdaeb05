"""Hugging Face's model-index: the front matter of a model card, a file per system, for huggingface_hub to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from harness.report.exports.labels import Label, facts, labels, other_collection, safe_name
from harness.report.exports.material import File, LeftOut, Material, named
from harness.report.exports.mteb import DEFAULT, score_name
from harness.report.exports.systems import System, systems
from harness.report.exports.tasks import Tasks, read_tasks
from harness.report.exports.texts import yaml_text
from harness.report.place import finished, in_training_data
from harness.report.record import Result
from harness.report.text import markdown_text

Row = tuple[Result, Label, System]
Where = tuple[str, str, int]
"""Dataset, language and number of documents."""


def model_index(material: Material) -> Iterator[File | LeftOut]:
    """Yield a card's front matter per system and weights, with the results that finished last.

    Raises:
        DataError: a result has a time that is none.
    """
    results, tasks = material.results, read_tasks()
    names = zip(labels(results, material.known), systems(results, material.known), strict=True)
    rows: list[Row] = [(result, *pair) for result, pair in zip(results, names, strict=True)]
    cards: dict[tuple[str, str], dict[Where, Row]] = {}
    for row in sorted(rows, key=lambda row: finished(row[0])):
        result, label, system = row
        if (result.dataset, result.language) in material.known.datasets and (other := _other(result, material)):
            yield LeftOut(named(result), other)
            continue
        card = cards.setdefault((label.text, system.revision), {})
        where = (result.dataset, result.language or "", result.counts.get("documents", 0))
        if where in card:
            yield LeftOut(named(card[where][0]), "another result of the same system finished later")
        card[where] = row
    several = Counter(text for text, _ in cards)
    for text, revision in sorted(cards):
        # Weights that share a name are systems of their own: no card mixes them.
        name = text if several[text] == 1 else f"{text} {revision[:8]}"
        of = [row for _, row in sorted(cards[text, revision].items(), key=lambda item: item[0])]
        yield File(f"{safe_name(name.replace(' ', '_'))}.md", _card(name, of, tasks).encode())


def _other(result: Result, material: Material) -> str | None:
    counts = other_collection(result, material.known)
    return f"another collection than the registered one: {'; '.join(counts)}" if counts else None


def _card(name: str, rows: Sequence[Row], tasks: Tasks) -> str:
    index = {"model-index": [{"name": name, "results": [_entry(*row, tasks) for row in rows]}]}
    lines = [f"{result.row}: {label.standing}" for result, label, _ in rows]
    under = "\n".join(f"- {markdown_text(line)}" for line in dict.fromkeys(lines))
    return f"---\n{yaml_text(index)}---\n\n# {markdown_text(name)}\n\n{under}\n"


def _entry(result: Result, label: Label, system: System, tasks: Tasks) -> dict[str, Any]:
    task, dataset = tasks.tasks.get(result.dataset), result.spec["dataset"]
    said = {**facts(result, label), "model": system.name, "revision": system.revision}
    return {
        "task": {"type": "retrieval", "name": "Retrieval"},
        "dataset": {
            "name": result.row,
            "type": task.path if task and label.own else result.dataset,
            "config": result.language or DEFAULT,
            "split": dataset.get("split"),
            "args": _data(result),
        },
        "metrics": [
            {"type": score_name(measure) or measure, "value": value, "name": measure, "args": dict(said)}
            for measure, value in sorted(result.scores.means.items(), key=lambda one: one[0] != result.measure)
        ],
    }


def _data(result: Result) -> dict[str, Any]:
    prints = result.provenance.get("fingerprints")
    said = {
        "ir_datasets": result.spec["dataset"].get("id"),
        "documents": result.counts.get("documents"),
        "queries": result.counts.get("queries"),
        "documents_sha256": prints.get("documents") if isinstance(prints, dict) else None,
        "in_training_data": in_training_data(result),
    }
    return {name: value for name, value in said.items() if value is not None}
