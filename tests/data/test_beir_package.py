"""The package beir as an oracle: its own loader reads the same SciFact as ours (test only; it imports torch)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from harness.data.load import load
from harness.spec import DatasetSpec

SCRIPT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from beir.datasets.data_loader import GenericDataLoader
corpus, queries, qrels = GenericDataLoader(data_folder=sys.argv[1]).load(split="test")
texts = {key: (item["title"] + " " + item["text"]).strip() for key, item in corpus.items()}
print(json.dumps([texts, queries, qrels]))
"""


def test_beirs_own_loader_reads_the_same_scifact(shared_data: Path) -> None:
    path = str(shared_data / "scifact")
    done = subprocess.run([sys.executable, "-c", SCRIPT, path], capture_output=True, text=True, check=True)
    texts, queries, qrels = json.loads(done.stdout.splitlines()[-1])
    found = load(DatasetSpec(name="scifact", source="beir", path=path))
    assert dict(found.corpus.documents(0, 10_000)) == texts
    assert list(texts) == [document.doc_id for document in found.corpus.documents(0, 10_000)]
    assert dict(found.queries) == queries
    assert found.qrels == qrels
