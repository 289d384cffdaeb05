"""A collection that is several shards long, and jobs over it that can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.paths import PACKAGE

DRIVER = Path(__file__).with_name("driver.py")
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "COLUMNS": "160"}
DIMS = (384, 128, 64)


def pool(folder: Path, languages: tuple[str, ...], documents: int, queries: int) -> Path:
    """Write the first documents of several languages of `mini`, ids prefixed by language, as one BEIR folder."""
    (folder / "qrels").mkdir(parents=True)
    corpus, asked, qrels = [], [], ["query-id\tcorpus-id\tscore"]
    for language in languages:
        source = PACKAGE / "data" / "mini" / language
        found = [json.loads(line) for line in (source / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
        kept = {one["_id"] for one in found[:documents]}
        corpus += [{**one, "_id": f"{language}-{one['_id']}"} for one in found[:documents]]
        grades = [line.split("\t") for line in (source / "qrels" / "test.tsv").read_text().splitlines()[1:]]
        known = [one for one in grades if one[1] in kept]
        chosen = list(dict.fromkeys(one[0] for one in known))[:queries]
        texts = [json.loads(line) for line in (source / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
        asked += [{**one, "_id": f"{language}-{one['_id']}"} for one in texts if one["_id"] in chosen]
        qrels += [f"{language}-{query}\t{language}-{doc}\t{grade}" for query, doc, grade in known if query in chosen]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(one) + "\n" for one in corpus))
    (folder / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked))
    (folder / "qrels" / "test.tsv").write_text("\n".join(qrels) + "\n")
    return folder


def words(collection: Path, shard_documents: int, *more: str) -> list[str]:
    return [
        "dataset=folder",
        f"dataset.path={collection}",
        f"dim=[{','.join(map(str, DIMS))}]",
        "model=minilm",
        "model.document_length=32",
        f"engine.shard_documents={shard_documents}",
        "engine.device=cpu",
        "engine.batch_tokens=128",
        *more,
    ]


def runs(folder: Path) -> dict[str, bytes]:
    """Return the content of every run file and sidecar under `folder`, by its path."""
    found = [*folder.rglob("run.trec"), *folder.rglob("run.trec.json")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def verdicts(folder: Path) -> dict[str, Any]:
    """Return what every result says but how it came about."""
    found = {}
    for path in folder.rglob("result.json"):
        data = json.loads(path.read_bytes())
        del data["provenance"], data["spec"], data["sha256"]
        found[str(path.relative_to(folder))] = data
    return found


def parts(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.part*")]


def order(folder: Path, command: list[str], **how: Any) -> dict[str, Any]:
    """Return one job as the driver takes it."""
    folder.mkdir(exist_ok=True)
    return {"folder": str(folder), "words": command, **how}


@dataclass
class Jobs:
    """The driver, asked for one job after another."""

    process: subprocess.Popen[str]

    def run(self, folder: Path, command: list[str], **how: Any) -> dict[str, Any]:
        """Run one job in `folder`; `how` is what the driver can do with it."""
        (answer,) = self.together(order(folder, command, **how))
        return answer

    def together(self, *orders: dict[str, Any]) -> list[dict[str, Any]]:
        """Run jobs side by side."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(orders) + "\n")
        self.process.stdin.flush()
        answers: list[dict[str, Any]] = json.loads(self.process.stdout.readline())
        return answers


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    root = str(PACKAGE.parent)
    return {**os.environ, **ENVIRONMENT, "PYTHONPATH": root}


@pytest.fixture(scope="session")
def jobs(environment: dict[str, str]) -> Iterator[Jobs]:
    process = subprocess.Popen(
        [sys.executable, str(DRIVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    with process:
        yield Jobs(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)


@dataclass(frozen=True)
class Whole:
    """A command and what an unbroken run of it leaves."""

    command: list[str]
    folder: Path
    seconds: float
    passes: list[str]

    def check(self, folder: Path) -> None:
        """Refuse `folder` if it differs from the unbroken one in any run, any result or anything left over."""
        assert runs(folder) == runs(self.folder)
        assert len(runs(folder)) == 2 * len(DIMS)
        assert verdicts(folder) == verdicts(self.folder)
        assert parts(folder) == []
        assert list(folder.rglob("*.lock")) == []


@pytest.fixture(scope="session")
def whole(jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A small unbroken job: 24 documents in 4 shards."""
    folder = tmp_path_factory.mktemp("whole")
    command = words(pool(folder / "pool", ("en", "de"), 12, 3), 6)
    done = jobs.run(folder / "work", command)
    assert done["code"] == 0, done["err"]
    tables = sorted(path.name for path in (folder / "work").rglob("*.table"))
    assert len(tables) == 4 * len(DIMS)
    return Whole(command, folder / "work", done["seconds"], tables)


@pytest.fixture(scope="session")
def tools() -> dict[str, Callable[..., Any]]:
    return {"pool": pool, "words": words, "runs": runs, "verdicts": verdicts, "parts": parts, "order": order}
