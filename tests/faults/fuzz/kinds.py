"""All kinds of files that are damaged."""

from __future__ import annotations

from tests.faults.fuzz import data, passes, records, runs, weights, yaml_files
from tests.faults.fuzz.kind import Kind

KINDS: tuple[Kind, ...] = (*data.KINDS, *runs.KINDS, *yaml_files.KINDS, *weights.KINDS, *records.KINDS, *passes.KINDS)
