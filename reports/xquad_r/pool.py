"""XQuAD-R with all its languages in one corpus: `python -m reports.xquad_r.pool DATA OUT [--once]`.

DATA holds a folder in BEIR's layout for each language, parallel: the same ids in every one. OUT becomes one such
folder, whose ids begin with their language (`de:0#0`). A question's own paragraph in the question's own language alone
is relevant; the same paragraph in another language is not, though it holds the answer too.

The twelve translations of a question are not twelve independent ones. `--once` writes each question in one language
only, by turns: question i in the language at i modulo 12.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from harness.errors import DataError
from harness.storage import write_atomically

LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
QRELS_HEAD = "query-id\tcorpus-id\tscore\n"


class Part(NamedTuple):
    """The collection in one language, in the order of its files."""

    documents: list[dict[str, str]]
    queries: list[dict[str, str]]
    judgments: Mapping[str, list[tuple[str, str]]]
    """Query id -> (document id, grade)."""


def pool(data: Path, out: Path, *, once: bool = False) -> tuple[int, int, int]:
    """Write the pooled collection and return its numbers of documents, queries and judgments; equal bytes every time.

    Args:
        data: the folder with a folder per language.
        out: made if it is not there.
        once: each question in one language only, by turns.

    Raises:
        DataError: a language is not there, its files cannot be read, or its ids are not those of the others.
        StorageError: `out` cannot be written.
    """
    parts = {language: _part(data / language) for language in LANGUAGES}
    _check_parallel(parts)
    documents, queries, judgments = [], [], []
    for turn, (language, part) in enumerate(parts.items()):
        asked = part.queries[turn :: len(LANGUAGES)] if once else part.queries
        documents += [_line(row, language, ("title", "text")) for row in part.documents]
        queries += [_line(row, language, ("text",)) for row in asked]
        judged = [(row["_id"], *judgment) for row in asked for judgment in part.judgments[row["_id"]]]
        judgments += [f"{language}:{query}\t{language}:{document}\t{grade}\n" for query, document, grade in judged]
    for name, lines in (("corpus.jsonl", documents), ("queries.jsonl", queries)):
        write_atomically(out / name, "".join(lines).encode())
    write_atomically(out / "qrels" / "test.tsv", "".join([QRELS_HEAD, *judgments]).encode())
    return len(documents), len(queries), len(judgments)


def _part(folder: Path) -> Part:
    try:
        documents, queries = (_rows(folder / name) for name in ("corpus.jsonl", "queries.jsonl"))
        judgments: dict[str, list[tuple[str, str]]] = {row["_id"]: [] for row in queries}
        for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            query, document, grade = line.split("\t")
            judgments[query].append((document, grade))
    except (OSError, ValueError, KeyError) as error:
        remedy = "reports/xquad_r/README.md names the source"
        raise DataError(f"{folder} is no collection in BEIR's layout", got=str(error), remedy=remedy) from error
    return Part(documents, queries, judgments)


def _rows(path: Path) -> list[dict[str, str]]:
    # Not splitlines: a text may hold a separator that is no end of a line in JSON.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def _check_parallel(parts: Mapping[str, Part]) -> None:
    first = parts[LANGUAGES[0]]
    for language, part in parts.items():
        same = _ids(part.documents) == _ids(first.documents) and _ids(part.queries) == _ids(first.queries)
        if not same or part.judgments != first.judgments:
            expected = f"the ids and judgments of {LANGUAGES[0]}, in the same order"
            raise DataError(f"{language} is not parallel to the other languages", expected=expected)


def _ids(rows: Iterable[Mapping[str, str]]) -> list[str]:
    return [row["_id"] for row in rows]


def _line(row: Mapping[str, str], language: str, fields: Iterable[str]) -> str:
    kept = {"_id": f"{language}:{row['_id']}", **{field: row[field] for field in fields}}
    return f"{json.dumps(kept, ensure_ascii=False)}\n"


def main() -> None:
    """Pool the languages and print how much that is."""
    parser = argparse.ArgumentParser(prog="python -m reports.xquad_r.pool", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with ar, de, el, ...")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--once", action="store_true", help="each question in one language only, by turns")
    chosen = parser.parse_args()
    documents, queries, judgments = pool(chosen.data, chosen.out, once=chosen.once)
    print(f"{chosen.out}: {documents:,} documents, {queries:,} queries, {judgments:,} judgments")  # noqa: T201 - a report


if __name__ == "__main__":
    main()
