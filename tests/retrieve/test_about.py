"""What a pass is about: every job that works on it enters itself, also beside others, and no bit of it may change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.retrieve.about import ABOUT, About, read_about, write_about


def about(*searches: str, command: str = "harness") -> About:
    return About(
        model="mini",
        dataset="pool",
        language=None,
        searches={str(dim): name for dim, name in enumerate(searches)},
        results={str(dim): f"of {name}" for dim, name in enumerate(searches)},
        shards=((0, 5), (5, 9)),
        format=3,
        commit=None,
        dirty=None,
        command=("python", command, "é"),
        folder="/work",
        began="2026-01-01T00:00:00.000+00:00",
    )


def test_jobs_that_begin_at_once_are_all_entered(tmp_path: Path) -> None:
    jobs = [about(f"search{number}") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job: write_about(tmp_path, job), jobs))
    assert sorted(read_about(tmp_path), key=lambda one: int(one.searches["0"][6:])) == jobs
    assert [path.name for path in tmp_path.iterdir()] == [ABOUT]


def test_a_job_that_is_started_again_stands_once_and_in_place_of_its_parts(tmp_path: Path) -> None:
    for job in (about("a"), about("b"), about("b", "a", command="again"), about("c")):
        write_about(tmp_path, job)
    assert read_about(tmp_path) == (about("b", "a", command="again"), about("c"))


def test_one_flipped_bit_is_found_wherever_it_is(tmp_path: Path) -> None:
    write_about(tmp_path, about("a"))
    path = tmp_path / ABOUT
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(DataError, match=r"pass\.json cannot be read"):
            read_about(tmp_path)


def test_a_record_of_an_older_version_has_no_check_and_is_read(tmp_path: Path) -> None:
    write_about(tmp_path, about("a"))
    lines = (tmp_path / ABOUT).read_text().splitlines()
    kept = [line for line in lines if '"sha256"' not in line]
    (tmp_path / ABOUT).write_text("\n".join(kept).replace('+00:00",', '+00:00"'))
    assert read_about(tmp_path) == (about("a"),)
