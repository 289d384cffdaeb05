"""10,000 damaged files from one seed: each is a clear error, or read as it is by the definition of its form.

The end of a test run prints how many came to what. A file that something else came of can be read again by
`python -m tests.faults.fuzz.run KIND NUMBER`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.fuzz.kind import Kind
from tests.faults.fuzz.kinds import KINDS
from tests.faults.fuzz.run import OTHER, REFUSED, SAME, case, fuzz

FILES = 10_000


def test_there_are_ten_thousand_files_each_the_same_in_every_run() -> None:
    assert sum(kind.cases for kind in KINDS) == FILES
    assert all(case(kind, 7) == case(kind, 7) for kind in KINDS)
    damaged = [case(kind, number) not in kind.whole for kind in KINDS for number in range(20)]
    assert sum(damaged) > 0.9 * len(damaged)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_whole_file_is_read_as_it_is_by_definition(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> None:
    for content in kind.whole:
        assert kind.agree(kind.oracle(content), kind.read(tmp_path_factory.mktemp("whole"), content))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_damaged_file_is_a_clear_error_or_read_as_it_is(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    counts, faults = fuzz(kind, range(kind.cases))
    record_property("damaged files", [kind.name, dict(counts)])
    assert not faults, "\n".join(map(str, faults[:20]))
    assert set(counts) <= {REFUSED, SAME, OTHER}
    assert counts[REFUSED], "no file of this kind was damaged so that it shows"
