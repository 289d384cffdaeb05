"""All jobs of a command line: each model measured once, each job reckoned, and what is not known said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.encode.running import pick_device
from harness.model_spec import CrossEncoderSpec, EncoderSpec, ModelSpec
from harness.plan.cost import Cost, cost
from harness.plan.device import EFFICIENCY, SECONDS, Rates, described_device, measure, memory, place, settled, sizes
from harness.plan.known import read_known
from harness.plan.room import Need, needs, size
from harness.plan.table import Timed
from harness.spec import RunSpec

ESTIMATES = "estimates: tokens a document, disk of a collection, memory; counts are the registered ones"


@dataclass(frozen=True)
class Plan:
    """What a command line will cost."""

    jobs: tuple[Timed, ...]
    notes: tuple[str, ...]
    """What was measured, what is an estimate, what is not known."""
    needs: tuple[Need, ...]


def planned(specs: Sequence[RunSpec], seconds: float = SECONDS) -> Plan:
    """Return what the jobs cost on this machine.

    Args:
        specs: at least one; they share a device.
        seconds: how long each model is measured.

    Raises:
        ModelError: there is no such device, or a checkpoint that is here cannot be used.
    """
    known, device = read_known(), specs[0].engine.device
    rates: dict[tuple[ModelSpec, str], Rates] = {}
    jobs: list[Timed] = []
    missing: dict[str, int] = {}
    notes = [f"device: {described_device(device)}"]
    for spec in specs:
        folder = place(spec)
        filled, shape = settled(spec, folder), sizes(spec, folder, known)
        one = cost(filled, shape, known, pick_device(device).type)
        key = (spec.model, spec.precision)
        if folder is None and shape is not None and isinstance(spec.model, EncoderSpec):
            missing[spec.model.path] = shape.weights or 0
        if key not in rates and isinstance(spec.model, EncoderSpec) and shape is not None:
            rates[key] = measure(filled, folder, seconds)
            notes.append(_measured(spec.model, rates[key]))
        jobs.append((one, rates[key].hours(one) if key in rates else None))
        notes += _unknown(one, folder, shape is not None, shape.weights if shape else None)
    costs = [one for one, _ in jobs]
    found = tuple(needs(costs, sum(missing.values()), memory(device)))
    return Plan(tuple(jobs), (*dict.fromkeys([*notes, ESTIMATES]),), found)


def _measured(model: EncoderSpec, rates: Rates) -> str:
    product = f"{rates.flop / 1e9:,.0f} GFLOP/s in a matrix product"
    if rates.tokens is None:
        return f"{model.name}: {product}, of which {EFFICIENCY:.0%} is taken to be reached"
    searched = f"search at {EFFICIENCY:.0%} of {product}"
    return f"{model.name}: {rates.tokens:,.0f} tokens/s encoded here, measured on synthetic text; {searched}"


def _unknown(one: Cost, folder: Path | None, shaped: bool, weights: int | None) -> Iterator[str]:
    """Yield a line for each thing that nobody knows of a job."""
    model, dataset = one.spec.model, one.spec.dataset
    if not isinstance(model, EncoderSpec):
        kind = "a cross-encoder's pairs are" if isinstance(model, CrossEncoderSpec) else "counting words is"
        yield f"{model.name}: tokens, FLOP, memory and hours unknown: {kind} not planned"
        return
    if folder is None:
        fetched = f"{size(weights)} to download" if weights else "its size is not known"
        rest = "" if shaped else "; FLOP, memory and hours unknown without its config.json"
        yield f"{model.name}: the checkpoint {model.path} is not on this machine, {fetched}{rest}"
    elif not shaped:
        yield f"{model.name}: FLOP, memory and hours unknown: {folder}/config.json gives no sizes"
    if dataset.documents is None or dataset.queries is None:
        yield f"{dataset.name}: its documents and queries are not registered: dataset.documents=N dataset.queries=N"
    elif one.tokens is None and shaped:
        yield f"{dataset.name}: tokens unknown: nobody has counted a mean for it"
    if one.spec.search.plaid is not None:
        yield "search=plaid: hours are those of encoding and exact search; building an index takes hours of its own"
    if one.files is None:
        yield f"{dataset.name}: the size of its download is not known"
