import gzip
import hashlib
import json
import math
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.retrieve.run import Ranking, Run, ranking
from harness.retrieve.trec import NAME, read_foreign_run, read_run, sidecar_path, write_run

RUN = Run(
    "bm25",
    {
        "2": ranking([("a", 1.5), ("b", 2.0), ("c", 1.5)]),
        "10": ranking([("d", -0.125)]),
        "é": ranking([]),
    },
)

ids = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x7f", min_codepoint=0x21), min_size=1, max_size=4
)
scores = st.one_of(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from([0.0, -0.0, 0.5, 1.0]))
rankings = st.dictionaries(ids, scores, max_size=6).map(lambda found: ranking(found.items()))
runs = st.builds(
    Run,
    name=st.from_regex(NAME, fullmatch=True),
    rankings=st.dictionaries(ids.filter(lambda query: not query.startswith("#")), rankings, max_size=4),
)


def test_lines_are_in_canonical_order_with_ranks_from_1(tmp_path: Path) -> None:
    write_run(tmp_path / "run.trec", RUN, depth=3)
    assert (tmp_path / "run.trec").read_bytes() == (
        b"10 Q0 d 1 -0.125 bm25\n2 Q0 b 1 2 bm25\n2 Q0 c 2 1.5 bm25\n2 Q0 a 3 1.5 bm25\n"
    )


def test_the_sidecar_says_what_the_run_holds(tmp_path: Path) -> None:
    write_run(tmp_path / "run.trec", RUN, depth=3)
    text = (tmp_path / "run.trec.json").read_text()
    sidecar = json.loads(text)
    assert list(sidecar) == sorted(sidecar)
    assert sidecar.pop("sha256") == hashlib.sha256((tmp_path / "run.trec").read_bytes()).hexdigest()
    assert sidecar == {"depth": 3, "empty": ["é"], "name": "bm25", "queries": 3, "rows": 4}


def test_the_sidecar_is_written_after_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("harness.retrieve.trec.write_atomically", lambda path, content: written.append(path.name))
    write_run(tmp_path / "run.trec", RUN, depth=3)
    assert written == ["run.trec", "run.trec.json"]


@given(runs)
@example(Run("nothing", {}))
@example(Run("found-nothing", {"q": ranking([])}))
@example(Run("odd-spaces", {"q\u00a0\u2028": ranking([("d\u3000\x85", 1.0), ("\ufeffd", 1.0)])}))
@example(Run("bom", {"\ufeffq": ranking([("d", 1.0)])}))
def test_what_was_written_is_read_back(run: Run) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.trec"
        write_run(path, run, depth=6)
        assert read_run(path) == run


@given(runs)
def test_another_tool_reads_the_same_rankings(run: Run) -> None:
    found = {query: one for query, one in run.rankings.items() if len(one)}
    # A byte order mark at the very start of a file is no part of its first id for a reader of foreign runs.
    if not found or min(found, key=str.encode).startswith("\ufeff"):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.trec"
        write_run(path, run, depth=6)
        assert read_foreign_run(path) == Run(run.name, found)


@given(st.dictionaries(ids, scores, min_size=1, max_size=8), st.randoms())
def test_a_permutation_of_what_was_found_gives_the_same_file(found: dict[str, float], source: random.Random) -> None:
    pairs = list(found.items())
    source.shuffle(pairs)
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        write_run(first, Run("run", {"a": ranking(found.items()), "b": ranking([])}), depth=8)
        write_run(second, Run("run", {"b": ranking([]), "a": ranking(pairs)}), depth=8)
        assert first.read_bytes() == second.read_bytes()
        assert sidecar_path(first).read_bytes() == sidecar_path(second).read_bytes()


def test_every_float32_comes_back_bit_for_bit(tmp_path: Path) -> None:
    largest, smallest = np.finfo(np.float32).max, np.finfo(np.float32).smallest_subnormal
    bits = np.random.default_rng(0).integers(0, 2**32, 20_000, dtype=np.uint32)
    values = np.concatenate([bits.view(np.float32), np.array([largest, -largest, smallest, 1 / 3], np.float32)])
    values = np.unique(values[np.isfinite(values)])[::-1]
    run = Run("floats", {"q": Ranking(tuple(map(str, range(len(values)))), values)})
    write_run(tmp_path / "run", run, depth=len(values))
    assert read_run(tmp_path / "run").rankings["q"].scores.tobytes() == values.tobytes()


def test_two_scores_that_differ_only_in_float64_are_tied(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("q Q0 a 1 20.000000001 x\nq Q0 b 2 20.0 x\n")
    assert read_foreign_run(tmp_path / "run").rankings["q"].doc_ids == ("b", "a")


def test_the_rank_column_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("q Q0 a 1 1.0 x\nq Q0 b 2 3.0 x\nq Q0 c zero 2.0 x\n")
    assert read_foreign_run(tmp_path / "run").rankings["q"].doc_ids == ("b", "c", "a")


def test_nine_stands_before_ten_where_scores_are_equal(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("q Q0 10 1 1 x\nq Q0 9 2 1 x\n")
    assert read_foreign_run(tmp_path / "run").rankings["q"].doc_ids == ("9", "10")


@pytest.mark.parametrize(
    "content",
    [
        b"q Q0 d 1 2.5 x\nr Q0 e 1 1 x\n",
        b"q Q0 d 1 2.5 x\nr Q0 e 1 1 x",
        b"\xef\xbb\xbfq Q0 d 1 2.5 x\nr Q0 e 1 1 x\n",
        b"q\tQ0\td\t1\t2.5\tx\nr\tQ0\te\t1\t1\tx\n",
        b"  q  Q0 \t d 1 2.5e0 x  \n\nr Q0 e 1 +1.0 x\n \n",
        b"q Q0 d 1 2.5 x\r\nr Q0 e 1 1 x\r\n",
        b"r Q0 e 1 1 x\nq Q0 d 1 2.5 x\n",
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_the_ways_tools_write_runs_are_read_alike(tmp_path: Path, content: bytes, zipped: bool) -> None:
    path = tmp_path / ("run.gz" if zipped else "run")
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert read_foreign_run(path) == Run("x", {"q": ranking([("d", 2.5)]), "r": ranking([("e", 1.0)])})


def test_only_ascii_spaces_stand_between_columns(tmp_path: Path) -> None:
    line = "q\u00a0 Q0 d\u3000\u2028\x85 1 1 x\n"
    (tmp_path / "run").write_bytes(line.encode())
    assert read_foreign_run(tmp_path / "run").rankings == {"q\u00a0": ranking([("d\u3000\u2028\x85", 1.0)])}


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("jinaai/jina-colbert-v2", "jinaai-jina-colbert-v2"),
        ("../../x", "x"),
        ("\u00e9", "foreign"),
        ("a" * 200, "a" * 100),
    ],
)
def test_a_foreign_tag_becomes_a_name_that_can_be_written(tmp_path: Path, tag: str, name: str) -> None:
    (tmp_path / "run").write_text(f"q Q0 d 1 1 {tag}\n", encoding="utf-8")
    run = read_foreign_run(tmp_path / "run")
    assert run.name == name
    write_run(tmp_path / "again", run, depth=1)
    assert read_run(tmp_path / "again") == run


def test_lines_are_counted_across_the_batches_they_are_read_in(tmp_path: Path) -> None:
    lines = [f"{number // 1000} Q0 d{number} 1 {math.pi * number} x\n" for number in range(60_000)]
    (tmp_path / "run").write_text("".join(lines))
    run = read_foreign_run(tmp_path / "run")
    assert (len(run.rankings), sum(map(len, run.rankings.values()))) == (60, 60_000)
    assert run.rankings["59"].doc_ids[:2] == ("d59999", "d59998")
