"""What the machine has, and what a model and a dataset will ask of it; needs are estimates and say so."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from harness.doctor.check import Check, failed, left_out, passed
from harness.encode.encoder import Encoder
from harness.encode.weights import weight_files
from harness.engine.places import available_memory
from harness.report.provenance import environment
from harness.spec import DatasetSpec

GIB = 2**30
DOCUMENT_BYTES = 3072
"""A document of ir_datasets on disk: about 1 KiB of text, as fetched, unpacked and looked up."""
QUERY_BYTES = 65536
"""A query's places in every shard table and in the runs."""
DOCUMENT_TOKENS = 150
"""Tokens of a document where nobody has counted them: passages of MS MARCO have about half, abstracts twice as many."""
SENTENCE = "the river flows past the old town and under the stone bridge to the sea, "


def check_versions(libraries: Sequence[str]) -> Check:
    """Return the versions of Python, the harness and `libraries`; a failure where one is not installed."""
    found = environment()
    versions = {name: found["libraries"].get(name) for name in libraries}
    missing = [name for name, version in versions.items() if version is None]
    text = ", ".join(f"{name} {version}" for name, version in versions.items() if version is not None)
    text = f"python {found['python']}, harness {found['harness']}, {text}"
    return failed("versions", f"{text}: got no {', '.join(missing)}") if missing else passed("versions", text)


def check_device(device: torch.device) -> Check:
    """Return what encodes."""
    if device.type == "cuda":
        place = torch.cuda.get_device_properties(device)
        return passed("device", f"cuda, {place.name}, {place.total_memory / GIB:.1f} GiB")
    return passed("device", f"cpu, {torch.get_num_threads()} threads of {os.cpu_count()} cores")


def check_disk(datasets: Sequence[DatasetSpec]) -> Check:
    """Return the free disk where the dataset's files and results will lie, against what they take."""
    fetched = datasets[0].source == "irds"
    wanted = Path(os.environ.get("IR_DATASETS_HOME") or "~/.ir_datasets").expanduser() if fetched else Path.cwd()
    place = next(folder for folder in (wanted, *wanted.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    text = f"{_size(free)} free at {place}"
    documents, queries = _documents(datasets), sum(one.queries or 0 for one in datasets)
    if documents is None:
        return left_out("disk", f"{text}, need unknown: the documents of {datasets[0].name} are not registered")
    need = documents * DOCUMENT_BYTES * fetched + queries * QUERY_BYTES
    return _enough("disk", text, free, need, f"for {_title(datasets)}, its {documents:,} documents and results")


def check_memory(folder: Path, device: torch.device) -> Check:
    """Return the memory that is available, the device's too where it has its own, against what the model takes.

    Raises:
        ModelError: there are no weights.
    """
    need = int(sum(path.stat().st_size for path in weight_files(folder)) * 1.5) + GIB
    there, text = available_memory(), f"{_size(available_memory())} available"
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
        there, text = min(there, free), f"{text}, {_size(free)} on the device"
    return _enough("memory", text, there, need, "to load and run the model")


def check_time(encoder: Encoder, datasets: Sequence[DatasetSpec], seconds: float) -> Check:
    """Return the time that encoding the dataset will take, from a measurement of about `seconds`."""
    rate = tokens_a_second(encoder, seconds)
    mean = min(DOCUMENT_TOKENS, encoder.tokens.document_length)
    documents = _documents(datasets)
    measured = f"{rate:,.0f} tokens/s measured"
    if documents is None:
        return left_out("time", f"unknown: the documents of {datasets[0].name} are not registered; {measured}")
    took = _duration(documents * mean / rate)
    basis = f"estimate: {measured}, {mean} tokens a document assumed, search not counted"
    return passed("time", f"about {took} to encode the {documents:,} documents of {_title(datasets)} ({basis})")


def tokens_a_second(encoder: Encoder, seconds: float) -> float:
    """Return how fast an encoder takes documents of usual length, measured for about `seconds`."""
    length = min(DOCUMENT_TOKENS, encoder.tokens.document_length, encoder.batch_tokens)
    text = SENTENCE * 2
    while len(encoder.tokens.documents([text])[0].ids) < length:
        text += SENTENCE
    texts = [text] * max(1, encoder.batch_tokens // len(encoder.tokens.documents([text])[0].ids))
    started, tokens, taken = time.monotonic(), 0, 0.0
    while not tokens or taken < seconds:
        tokens += encoder.documents(texts, encoder.spec.dims[:1]).tokens
        taken = time.monotonic() - started
    return tokens / taken


def _enough(name: str, text: str, there: int, need: int, purpose: str) -> Check:
    wanted = f"about {_size(need)} needed {purpose}"
    if there >= need:
        return passed(name, f"{text}, {wanted} (estimate)")
    return failed(name, f"{text}: got {_size(there)}, expected {_size(need)} {purpose} (estimate)")


def _documents(datasets: Sequence[DatasetSpec]) -> int | None:
    counts = [one.documents for one in datasets]
    return None if None in counts else sum(count or 0 for count in counts)


def _title(datasets: Sequence[DatasetSpec]) -> str:
    languages = [one.language for one in datasets if one.language]
    several = f"{len(languages)} languages"
    return f"{datasets[0].name} {several if len(languages) > 1 else ''.join(languages)}".rstrip()


def _size(count: int) -> str:
    return f"{count / GIB:,.1f} GiB" if count >= GIB // 10 else f"{count / 2**20:,.1f} MiB"


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400 * 2), ("hours", 3600 * 2), ("minutes", 120)):
        if seconds >= size:
            return f"{seconds / {'days': 86400, 'hours': 3600, 'minutes': 60}[unit]:,.1f} {unit}"
    return f"{seconds:,.1f} seconds"
