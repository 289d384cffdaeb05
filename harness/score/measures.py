"""The measures that a spec can name, by their ir_measures names, and the other names people know them by.

    >>> measure_name("NDCG@10"), measure_name("mrr_at_10"), measure_name("map"), measure_name("recall_100")
    ('nDCG@10', 'RR@10', 'AP', 'R@100')

Only measures are here whose value lies in [0, 1] and is 0 for a query that found nothing. Measures are made from
ir_measures' registry and not by `ir_measures.parse_measure`, whose grammar needs `ast.Num`: Python 3.12 warns of it and
3.14 has it no more (ir_measures 0.4.3: ir_measures/util.py).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

import ir_measures

from harness.errors import ConfigError, short

if TYPE_CHECKING:
    from ir_measures import Measure

CUTOFF: Mapping[str, str] = {
    "nDCG": "may",
    "RR": "may",
    "R": "must",
    "P": "must",
    "AP": "may",
    "Success": "must",
    "Judged": "must",
    "Rprec": "never",
    "Bpref": "never",
    "infAP": "never",
    "IPrec": "recall",
    "SetP": "never",
    "SetR": "never",
    "SetF": "never",
    "SetAP": "never",
}
"""Measure -> whether a number follows its name: a rank (may, must, never) or a recall between 0 and 1 (recall)."""

ALIASES: Mapping[str, str] = {
    "ndcg": "nDCG",
    "ndcg_cut": "nDCG",
    "rr": "RR",
    "mrr": "RR",
    "recip_rank": "RR",
    "r": "R",
    "recall": "R",
    "p": "P",
    "precision": "P",
    "ap": "AP",
    "map": "AP",
    "map_cut": "AP",
    "success": "Success",
    "judged": "Judged",
    "rprec": "Rprec",
    "bpref": "Bpref",
    "infap": "infAP",
    "iprec": "IPrec",
    "iprec_at_recall": "IPrec",
    "setp": "SetP",
    "set_p": "SetP",
    "setr": "SetR",
    "set_recall": "SetR",
    "setf": "SetF",
    "set_f": "SetF",
    "setap": "SetAP",
    "set_map": "SetAP",
}
"""Name in small letters, as ir_measures, trec_eval, beir, mteb or ranx write it -> measure."""

FORM = re.compile(
    r"(?P<family>[A-Za-z][A-Za-z_]*?)(?:\(rel=(?P<grade>[1-9][0-9]{0,2})\))?"
    r"(?:(?:@|_at_|_|\.)(?P<number>[0-9]{1,7}|[01]\.[0-9]{1,2}))?"
)


def measure(name: str) -> Measure:
    """Return the ir_measures measure called `name`: "nDCG@10", "RR(rel=2)@10", or an alias as "ndcg_cut_10".

    Raises:
        ConfigError: no measure is called so; the message has the nearest name.
    """
    form = FORM.fullmatch(name)
    family = ALIASES.get(form["family"].lower()) if form else None
    if form is None or family is None:
        _refuse(name)
    parameters = _number(name, family, form["number"])
    made: Measure = ir_measures.measures.registry[family]
    if form["grade"] is not None and int(form["grade"]) != 1:
        if "rel" not in made.SUPPORTED_PARAMS:
            raise ConfigError("measure", got=short(name), expected=f"no (rel=...): {family} has no grade to start from")
        parameters["rel"] = int(form["grade"])
    with_parameters: Measure = made(**parameters)
    return with_parameters


def measure_name(name: str) -> str:
    """Return the one name that results call the measure `name` by.

    Raises:
        ConfigError: no measure is called so.
    """
    return str(measure(name))


def cutoff(name: str) -> int | None:
    """Return the rank down to which the measure called `name` looks; None where it looks at the whole ranking."""
    rank = measure(name).params.get("cutoff")
    return None if rank is None else int(rank)


def _number(name: str, family: str, number: str | None) -> dict[str, int | float]:
    rule = CUTOFF[family]
    if rule == "recall":
        if number is None or not 0 <= float(number) <= 1:
            raise ConfigError("measure", got=short(name), expected=f"a recall between 0 and 1, as in {family}@0.10")
        return {"recall": float(number)}
    if number is None and rule != "must":
        return {}
    if number is None or rule == "never" or "." in number or int(number) < 1:
        expected = f"{family} without a rank" if rule == "never" else f"a rank from 1, as in {family}@10"
        raise ConfigError("measure", got=short(name), expected=expected)
    return {"cutoff": int(number)}


def _refuse(name: str) -> NoReturn:
    rank = re.search(r"[1-9][0-9]*", name)
    numbers = {"may": f"@{rank[0] if rank else 10}", "recall": "@0.10", "never": ""}
    names = {family: family + numbers.get(rule, numbers["may"]) for family, rule in CUTOFF.items()}
    letters = re.sub(r"[^a-z_]", "", name.lower())
    near = difflib.get_close_matches(letters, ALIASES, n=1, cutoff=0.5)
    remedy = f"Did you mean {names[ALIASES[near[0]]]!r}?" if near else None
    raise ConfigError("unknown measure", got=short(name), expected=f"one of {', '.join(names.values())}", remedy=remedy)
