"""What made a run, as the PRIMAD header of ir_metadata (https://www.ir-metadata.org, schema 0.1).

The header is YAML in comment lines between `# ir_metadata.start` and `# ir_metadata.end`, as repro_eval writes and
reads it. `resources` is a section of its own, spelled as the tirex tracker spells it.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping
from typing import Any

from harness.report.exports.labels import Label, facts
from harness.report.exports.texts import yaml_text
from harness.report.record import Result

START, END = "# ir_metadata.start", "# ir_metadata.end"
TREC_NAMES = {"nDCG": "ndcg_cut_{}", "R": "recall_{}", "P": "P_{}", "AP": "map_cut_{}", "Success": "success_{}"}
"""Measures with a rank as trec_eval calls them; RR@k is none of its own."""
PLAIN_TREC_NAMES = {"nDCG": "ndcg", "AP": "map", "RR": "recip_rank", "Rprec": "Rprec", "Bpref": "bpref"}
KEPT = ("dim", "dim_kind")
"""That a system has no vectors is told, too."""


def header(result: Result, label: Label, tag: str) -> str:
    """Return the header of the run of `result`, a comment line per line of YAML.

    Args:
        result: what the run was scored as.
        label: what the result is called.
        tag: the last column of the run.
    """
    lines = yaml_text(metadata(result, label, tag)).splitlines()
    return "".join(f"{line}\n" for line in (START, *(f"# {line}" for line in lines), END))


def metadata(result: Result, label: Label, tag: str) -> dict[str, Any]:
    """Return the header's content as plain values; what the record does not say is left out."""
    sections = {
        "schema-version": 0.1,
        "run-version": 1.0,
        "tag": tag,
        "platform": _platform(result.provenance),
        "implementation": _implementation(result.provenance),
        "resources": _resources(result.provenance),
        "research goal": {"evaluation": _evaluation(result)},
        "method": _method(result, label),
        "actor": {"role": "reproducer" if label.own else "experimenter"},
        "data": {"test collection": _collection(result)},
    }
    return {name: _told(section) for name, section in sections.items()}


def trec_name(measure: str) -> str:
    """Return what trec_eval calls a measure; its ir_measures name where trec_eval has none.

    >>> trec_name("nDCG@10"), trec_name("RR"), trec_name("RR@10")
    ('ndcg_cut_10', 'recip_rank', 'RR@10')
    """
    family, _, rank = measure.partition("@")
    if not rank:
        return PLAIN_TREC_NAMES.get(family, measure)
    return TREC_NAMES[family].format(rank) if family in TREC_NAMES and rank.isdecimal() else measure


def _platform(provenance: Mapping[str, Any]) -> dict[str, Any]:
    machine = re.search(r"x86_64|aarch64|arm64", str(provenance.get("platform")))
    libraries = _mapping(provenance.get("libraries"))
    return {
        "hardware": {
            "cpu": {
                "model": provenance.get("processor"),
                "architecture": machine[0] if machine else None,
                "number of cores": provenance.get("cores"),
            },
            "device": provenance.get("device"),
        },
        "operating system": {"kernel": provenance.get("platform")},
        "software": {
            "libraries": {"python": [f"{name}=={version}" for name, version in libraries.items()]},
            "python": provenance.get("python"),
            "retrieval toolkit": [f"late-interaction-harness=={provenance.get('harness', 'unknown')}"],
        },
    }


def _implementation(provenance: Mapping[str, Any]) -> dict[str, Any]:
    words = provenance.get("command")
    return {
        "executable": {"cmd": shlex.join(map(str, words)) if isinstance(words, list) else None},
        "source": {
            "lang": ["python"],
            "commit": provenance.get("commit"),
            "uncommitted changes": provenance.get("dirty"),
        },
    }


def _resources(provenance: Mapping[str, Any]) -> dict[str, Any]:
    seconds, memory = stage_seconds(provenance), provenance.get("peak_memory_mib")
    return {
        "runtime": {"wallclock": f"{round(seconds * 1000)} ms" if seconds is not None else None},
        "ram": {"used process": f"{memory * 1024} KB" if isinstance(memory, int) else None},
    }


def stage_seconds(provenance: Mapping[str, Any]) -> float | None:
    """Return the seconds that all stages took together; None where none is recorded."""
    stages = [_mapping(stage).get("seconds") for stage in _mapping(provenance.get("stages")).values()]
    found = [float(one) for one in stages if isinstance(one, int | float)]
    return math.fsum(found) if found else None


def _evaluation(result: Result) -> dict[str, Any]:
    return {
        "reported measures": [trec_name(measure) for measure in result.scores.values],
        "means": {trec_name(measure): mean for measure, mean in result.scores.means.items()},
        "judged queries": result.scores.queries,
        "queries missing from the run": len(result.scores.missing),
    }


def _method(result: Result, label: Label) -> dict[str, Any]:
    settings = {**_mapping(result.provenance.get("model") or result.spec["model"]), **_of_benchmark(result.spec)}
    search = _mapping(result.spec.get("search"))
    stage = {"name": result.model, "method": _how(result.spec["model"]), **facts(result, label)}
    return {
        "automatic": True,
        "score ties": "document id, descending by its UTF-8 bytes",
        "retrieval": [{**stage, "params": settings, "search": {**search}, "reranks": search.get("run")}],
    }


def _of_benchmark(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return BM25's parameters where the model leaves them to the dataset."""
    names = {name: f"bm25_{name}" for name in ("k1", "b") if name in spec["model"] and spec["model"][name] is None}
    return {name: spec["dataset"].get(field) for name, field in names.items()}


def _how(model: Mapping[str, Any]) -> str:
    if "pooling" not in model:
        return "BM25" if "k1" in model else "cross-encoder"
    if model["pooling"] in (None, "none"):
        return "exact MaxSim over token vectors"
    return f"{model.get('similarity')} of one vector a text, exact"


def _collection(result: Result) -> dict[str, Any]:
    dataset = result.spec["dataset"]
    prints = _mapping(result.provenance.get("fingerprints"))
    return {
        "name": result.dataset,
        "language": result.language,
        "ir_datasets": dataset.get("id"),
        "split": dataset.get("split"),
        "text": {name: dataset.get(name) for name in ("fields", "join", "query_field", "drop_self")},
        "counts": dict(result.counts),
        "sha256": {name: prints.get(name) for name in ("documents", "queries", "qrels")},
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _told(value: Any) -> Any:
    """Return `value` without what is not known, at any depth."""
    if isinstance(value, dict):
        return {key: _told(one) for key, one in value.items() if one is not None or key in KEPT}
    return [_told(one) for one in value] if isinstance(value, list | tuple) else value
