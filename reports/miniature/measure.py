"""nDCG@10 on the collection `mini`, by language and dimension: `python -m reports.miniature.measure FOLDER [FOLDER]`.

A plain MaxSim of its own, so that the harness's figures for the same checkpoint can be held against it.
"""

from __future__ import annotations

import argparse
import json
import random
import string
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import ir_measures
import torch
from torch import Tensor

from reports.miniature.layout import load
from reports.miniature.student import DIMS, Ids, Reader, Student, maxsim
from reports.miniature.text import LANGUAGES, XQUAD, xquad

BATCH = 32
DRAWS = 2000
"""Resamples of the queries for an interval."""


class Task(NamedTuple):
    """A small collection in one language."""

    name: str
    documents: dict[str, str]
    queries: dict[str, str]
    judgments: dict[str, dict[str, int]]


def mini(root: Path) -> Iterator[Task]:
    """Return the collection `mini`, one task a language, from the repository at `root`."""
    for language in LANGUAGES:
        folder = root / "harness" / "data" / "mini" / language
        documents = {row["_id"]: f"{row['title']} {row['text']}".strip() for row in _rows(folder / "corpus.jsonl")}
        judgments: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            query, document, grade = line.split("\t")
            judgments.setdefault(query, {})[document] = int(grade)
        queries = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl")}
        yield Task(language, documents, queries, judgments)


def crossed(root: Path) -> Iterator[Task]:
    """Return `mini` with each language's queries over the documents of the next one: hardly a word is shared.

    The collection is parallel: the same ids and judgments in every language.
    """
    tasks = list(mini(root))
    for asked, read in zip(tasks, [*tasks[1:], tasks[0]], strict=True):
        yield Task(f"{asked.name}-{read.name}", read.documents, asked.queries, asked.judgments)


def held_out(data: Path) -> Iterator[Task]:
    """Return the articles of XQuAD-R that are not trained on, one task a language."""
    passages, questions = xquad(data, held_out=True)
    for language in XQUAD:
        documents = {passage.group: passage.text for passage in passages if passage.language == language}
        asked = [question for question in questions if question.language == language]
        queries = {f"{number}": question.text for number, question in enumerate(asked)}
        judgments = {f"{number}": {question.group: 1} for number, question in enumerate(asked)}
        yield Task(language, documents, queries, judgments)


@torch.no_grad()
def ndcg(student: Student, reader: Reader, task: Task) -> dict[int, dict[str, float]]:
    """Return nDCG@10 of every query of `task`, for every dimension."""
    queries = _vectors(student, reader.queries, list(task.queries.values()), frozenset())
    documents = _vectors(student, reader.documents, list(task.documents.values()), _skiplist(reader))
    measure = ir_measures.parse_measure("nDCG@10")
    found: dict[int, dict[str, float]] = {}
    for number, dim in enumerate(DIMS):
        rows = [torch.cat([maxsim(q[number], d[number], kept) for d, kept in documents], dim=1) for q, _ in queries]
        scored = zip(task.queries, torch.cat(rows).tolist(), strict=True)
        run = {query: dict(zip(task.documents, scores, strict=True)) for query, scores in scored}
        values = ir_measures.iter_calc([measure], task.judgments, run)
        found[dim] = {f"{task.name} {value.query_id}": value.value for value in values}
    return found


def difference(one: dict[str, float], other: dict[str, float]) -> tuple[float, float, float]:
    """Return the mean of `one` less `other` over the same queries, and its 95 % interval under resampled queries."""
    values = [one[query] - other[query] for query in sorted(one)]
    chance = random.Random(0)  # noqa: S311 - nothing secret
    means = sorted(sum(chance.choices(values, k=len(values))) / len(values) for _ in range(DRAWS))
    return sum(values) / len(values), means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS) - 1]


def _vectors(
    student: Student, read: Callable[[Sequence[str]], Ids], texts: Sequence[str], skipped: frozenset[int]
) -> list[tuple[list[Tensor], Tensor]]:
    found = []
    for start in range(0, len(texts), BATCH):
        ids = read(texts[start : start + BATCH])
        kept_BT = ids.mask_BT.bool() & ~torch.isin(ids.ids_BT, torch.tensor(sorted(skipped), dtype=torch.long))
        found.append((student.vectors(student.hidden(ids)), kept_BT))
    return found


def _skiplist(reader: Reader) -> frozenset[int]:
    """Return the first piece of each punctuation character, which Stanford's code drops from documents."""
    encoded = (reader.tokenizer.encode(sign, add_special_tokens=False).ids for sign in string.punctuation)
    return frozenset(ids[0] for ids in encoded if ids)


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _mean(values: dict[str, float], language: str = "") -> float:
    own = [value for query, value in values.items() if query.startswith(language)]
    return sum(own) / len(own)


def main() -> None:
    """Print a table of every folder's nDCG@10, and how far the dimensions and the folders lie apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, help="folder that holds xquad_r: its held-out articles instead of `mini`")
    parser.add_argument("--crossed", action="store_true", help="queries in another language than the documents")
    chosen = parser.parse_args()
    tasks = list(held_out(chosen.data) if chosen.data else crossed(Path()) if chosen.crossed else mini(Path()))
    columns: dict[str, dict[str, float]] = {}
    for folder in chosen.folders:
        student, reader = load(folder)
        found = [ndcg(student, reader, task) for task in tasks]
        for dim in DIMS:
            columns[f"{folder} {dim}"] = {query: value for one in found for query, value in one[dim].items()}
    lines = [f"| nDCG@10 | {' | '.join(columns)} |", f"|---{'|---' * len(columns)}|"]
    for name in [*(task.name for task in tasks), ""]:
        means = " | ".join(f"{_mean(values, name):.3f}" for values in columns.values())
        lines.append(f"| {name or 'all queries'} | {means} |")
    names = list(columns)
    for one, other in [(names[0], name) for name in names[1:]]:
        mean, low, high = difference(columns[one], columns[other])
        lines.append(f"{one} less {other}: {mean:+.4f} [{low:+.4f}, {high:+.4f}]")
    print("\n".join(lines))  # noqa: T201 - a report


if __name__ == "__main__":
    main()
