"""The list of faults beside this file: every fault once, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

FAULTS = 72
LIST = Path(__file__).with_name("README.md")
TESTS = LIST.parents[1]
ROW = re.compile(r"\| F(\d+) \| ([^|]+) \| ([^|]+) \|")
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
REASONS = ("Needs a GPU: ", "Needs several GPUs: ", "Of the cluster: ", "Not so here: ", "Not yet: ")
"""How a row begins that no test, or not all of it, is shown by."""


def rows() -> list[tuple[int, str]]:
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line.startswith("| F")]
    found = [ROW.fullmatch(line) for line in lines]
    assert None not in found, lines[found.index(None)]
    return [(int(row[1]), row[3]) for row in found if row]


@cache
def functions(name: str) -> frozenset[str]:
    tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_fault_stands_in_the_list_once_and_in_order() -> None:
    assert [number for number, _ in rows()] == list(range(1, FAULTS + 1))


@pytest.mark.parametrize(("number", "shown"), rows(), ids=lambda value: f"F{value}" if isinstance(value, int) else "")
def test_a_fault_has_tests_that_there_are_or_a_reason(number: int, shown: str) -> None:
    named = TEST.findall(shown)
    assert named or shown.startswith(REASONS), number
    assert shown.count("::") == len(named)
    for name, test in named:
        assert test.startswith("test_")
        assert test in functions(name), f"{name}::{test}"
