"""English text of mixed lengths: SciFact's documents whole, in part, and their titles alone. Seeded."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SEED = 20260


class Scifact(NamedTuple):
    """SciFact in BEIR's folder layout."""

    folder: Path

    def documents(self) -> list[dict[str, str]]:
        """Return the rows of the corpus: _id, title, text."""
        return list(rows(self.folder / "corpus.jsonl"))

    def judgments(self) -> list[tuple[str, str, int]]:
        """Return (query, document, grade) of the test split."""
        lines = (self.folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]
        return [(query, document, int(grade)) for query, document, grade in (line.split("\t") for line in lines)]

    def queries(self) -> list[dict[str, str]]:
        """Return the judged queries of the test split: _id, text."""
        judged = {query for query, _, _ in self.judgments()}
        return [row for row in rows(self.folder / "queries.jsonl") if row["_id"] in judged]


def scifact() -> Scifact:
    """Return SciFact from the shared data.

    Raises:
        SystemExit: it is not there.
    """
    shared = Path(os.environ.get("HARNESS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (shared / "scifact" / "corpus.jsonl").is_file():
        raise SystemExit(f"no SciFact at {shared / 'scifact'}; name the folder above it with HARNESS_SHARED_DATA")
    return Scifact(shared / "scifact")


def mixed(source: Scifact, count: int, seed: int = SEED) -> list[str]:
    """Return `count` texts: a fifth whole documents, a fifth titles, the rest a title and some first sentences."""
    chosen = random.Random(seed)
    documents = source.documents()
    return [_cut(chosen.choice(documents), chosen) for _ in range(count)]


def _cut(row: dict[str, str], chosen: random.Random) -> str:
    title, text = row.get("title", ""), row["text"]
    kind = chosen.random()
    if kind < 0.2:
        return f"{title} {text}".strip()
    if kind < 0.4:
        return title or text[:80]
    sentences = text.split(". ")
    return f"{title} {'. '.join(sentences[: chosen.randint(1, len(sentences))])}".strip()


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the objects of a JSON-lines file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def write_beir(
    folder: Path,
    documents: Iterable[dict[str, str]],
    queries: Iterable[dict[str, str]],
    judgments: Iterable[tuple[str, str, int]],
) -> None:
    """Write a collection in BEIR's folder layout, row by row."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, found in (("corpus.jsonl", documents), ("queries.jsonl", queries)):
        with (folder / name).open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in found)
    with (folder / "qrels" / "test.tsv").open("w", encoding="utf-8") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        file.writelines(f"{query}\t{document}\t{grade}\n" for query, document, grade in judgments)
