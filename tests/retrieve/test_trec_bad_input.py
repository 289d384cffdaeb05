import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import DataError
from harness.retrieve.run import Ranking, Run, ranking
from harness.retrieve.trec import read_foreign_run, read_run, sidecar_path, write_run
from harness.storage import write_atomically

GOOD = b"q Q0 a 1 2 x\n"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    found = {f"q{number}": ranking([("a", 2.0), ("b", 1.0)]) for number in range(5)} | {"r": ranking([])}
    write_run(tmp_path / "run.trec", Run("bm25", found), depth=2)
    return tmp_path / "run.trec"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"q Q0 b 1 1\n", "line 2: not a line of a TREC run: got 5 columns"),
        (b"q Q0 b 1 1 x y\n", "line 2: not a line of a TREC run: got 7 columns"),
        (b"# a comment\n", "line 2: not a line of a TREC run: got 3 columns"),
        (b"q Q0 b c 1 1 x\n", "line 2: not a line of a TREC run: got 7 columns"),
        (b"q Q0 b 1 abc x\n", "line 2: the score: got 'abc'"),
        (b"q Q0 b 1 99,5 x\n", "line 2: the score: got '99,5'"),
        (b"q Q0 b 1 1_0 x\n", "line 2: the score: got '1_0'"),
        (b"q Q0 b 1 0x10 x\n", "line 2: the score: got '0x10'"),
        ("q Q0 b 1 \u0661 x\n".encode(), "line 2: the score: got '\u0661'"),
        (b"q Q0 b 1 nan x\n", "line 2: the score: got 'nan'"),
        (b"q Q0 b 1 inf x\n", "line 2: the score: got 'inf'"),
        (b"q Q0 b 1 -inf x\n", "line 2: the score: got '-inf'"),
        (b"q Q0 b 1 1e39 x\n", "line 2: the score: got '1e39'"),
        (b"q Q0 b 1 3.4028236e38 x\n", "line 2: the score: got '3.4028236e38'"),
        (b"q Q0 b 1 -1e400 x\n", "line 2: the score: got '-1e400'"),
        (b"q Q0 a 1 1 x\n", "line 2: a document twice for one query: got query 'q', document 'a' on line 1 too"),
        (b"q Q0 \xff 1 1 x\n", "line 2: not valid UTF-8"),
        (b"q Q0 b 1 1 \xed\xa0\x80\n", "line 2: not valid UTF-8"),
        (b"q Q0 b\0 1 1 x\n", "line 2: a control character"),
        (b"q Q0 \x1b[31mb 1 1 x\n", "line 2: a control character"),
        (b"q Q0\rb 1 1 x\n", "line 2: a control character"),
        (b"q Q0\x0bb 1 1 x\n", "line 2: a control character"),
        ("q Q0 b 1 1 x\n".encode("utf-16-le"), "line 2: a control character"),
    ],
)
def test_a_line_that_cannot_be_trusted_is_refused_with_its_number(tmp_path: Path, line: bytes, message: str) -> None:
    (tmp_path / "run").write_bytes(GOOD + line + b"r Q0 a 1 1 x\n")
    with pytest.raises(DataError) as caught:
        read_foreign_run(tmp_path / "run")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_number_of_a_late_line_is_right(tmp_path: Path) -> None:
    lines = [f"{number} Q0 d 1 1.0 name\n".encode() for number in range(80_000)]
    lines[77_776] = b"77776 Q0 d 1 ? name\n"
    (tmp_path / "run").write_bytes(b"".join(lines))
    with pytest.raises(DataError, match="line 77777: the score"):
        read_foreign_run(tmp_path / "run")
    lines[77_776] = b"77776 Q0 d\xff 1 1 name\n"
    (tmp_path / "run").write_bytes(b"".join(lines))
    with pytest.raises(DataError, match="line 77777: not valid UTF-8"):
        read_foreign_run(tmp_path / "run")


@pytest.mark.parametrize("content", [b"", b"\n", b" \t\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run").write_bytes(content)
    with pytest.raises(DataError, match="is empty"):
        read_foreign_run(tmp_path / "run")


CUT, GARBLED = gzip.compress(GOOD * 9)[:-9], gzip.compress(GOOD)[:12] + b"\xff" * 30


# The cases have names: a gzip header holds the second it was made in, and a test's name must not.
@pytest.mark.parametrize("content", [GOOD, CUT, GARBLED, b""], ids=["not zipped", "cut", "garbled", "empty"])
def test_a_damaged_gz_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read|is empty"):
        read_foreign_run(tmp_path / "run.gz")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_foreign_run(path)


def test_a_run_cut_at_a_line_boundary_is_refused(written: Path) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    written.write_bytes(b"".join(lines[:-2]))
    assert len(read_foreign_run(written).rankings) == 4
    with pytest.raises(DataError, match=r"not the run that its sidecar describes.*Run the job again"):
        read_run(written)


@pytest.mark.parametrize("place", range(0, 40, 7))
def test_a_changed_byte_is_noticed(written: Path, place: int) -> None:
    content = bytearray(written.read_bytes())
    content[place] ^= 1
    written.write_bytes(content)
    with pytest.raises(DataError, match="not the run that its sidecar describes"):
        read_run(written)


def test_a_run_without_a_sidecar_is_refused_with_what_to_do(written: Path) -> None:
    sidecar_path(written).unlink()
    with pytest.raises(DataError, match=r"has no sidecar: expected run\.trec\.json\. Run the job again, or score"):
        read_run(written)


def test_a_sidecar_without_a_run_is_refused(written: Path) -> None:
    written.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        read_run(written)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 9},
        {"queries": 5},
        {"empty": []},
        {"empty": ["r", "s"]},
        {"empty": ["q0"]},
        {"empty": [1]},
        {"rows": "10"},
        {"name": "a b"},
        {"name": None},
        {"sha256": "0" * 64},
        {"depth": None},
    ],
)
def test_a_sidecar_that_says_something_else_is_refused(written: Path, change: dict[str, Any]) -> None:
    sidecar = json.loads(sidecar_path(written).read_text())
    sidecar_path(written).write_text(json.dumps(sidecar | change))
    with pytest.raises(DataError):
        read_run(written)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"{}"])
def test_a_damaged_sidecar_is_refused(written: Path, content: bytes) -> None:
    sidecar_path(written).write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read|no sidecar of a run"):
        read_run(written)


@pytest.mark.parametrize("odd", ["", "a b", "a\nb", "a\tb", "a\rb", "a\0b", "a\x1bb", "a\x7fb", "a\ud800b"])
def test_an_id_that_cannot_stand_in_a_column_is_refused_and_nothing_is_written(tmp_path: Path, odd: str) -> None:
    runs = {
        "document": Run("run", {"q": ranking([("fine", 2.0), (odd, 1.0)])}),
        "query": Run("run", {odd: ranking([("fine", 2.0)])}),
    }
    for kind, run in runs.items():
        with pytest.raises(DataError, match=f"a {kind} id cannot stand in a TREC run"):
            write_run(tmp_path / "run", run, depth=5)
    assert list(tmp_path.iterdir()) == []


def test_a_query_id_that_reads_as_a_comment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="comment"):
        write_run(tmp_path / "run", Run("run", {"#1": ranking([("d", 1.0)])}), depth=1)


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "../a", "a\n", "é", "a" * 101])
def test_a_name_that_cannot_stand_in_a_column_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="the name of a run"):
        write_run(tmp_path / "run", Run(name, {"q": ranking([("d", 1.0)])}), depth=1)


@pytest.mark.parametrize(
    "doc_ids_and_scores",
    [(("a", "b"), (1.0, 2.0)), (("a", "b"), (1.0, 1.0)), (("b", "a", "c"), (2.0, 1.0, 1.0))],
)
def test_a_ranking_out_of_order_is_a_fault_of_the_harness(
    tmp_path: Path, doc_ids_and_scores: tuple[tuple[str, ...], tuple[float, ...]]
) -> None:
    doc_ids, scores = doc_ids_and_scores
    run = Run("run", {"q": Ranking(doc_ids, np.array(scores, dtype=np.float32))})
    with pytest.raises(ValueError, match="not in the total order"):
        write_run(tmp_path / "run", run, depth=3)


def test_a_ranking_deeper_than_it_may_be_is_a_fault_of_the_harness(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="depth is 1"):
        write_run(tmp_path / "run", Run("run", {"q": ranking([("a", 2.0), ("b", 1.0)])}), depth=1)


def test_an_old_sidecar_does_not_vouch_for_a_new_run(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class KilledError(Exception):
        pass

    def die_at_the_sidecar(path: Path, content: bytes) -> None:
        if path.suffix == ".json":
            raise KilledError
        write_atomically(path, content)

    monkeypatch.setattr("harness.retrieve.trec.write_atomically", die_at_the_sidecar)
    with pytest.raises(KilledError):
        write_run(written, Run("bm25", {"q0": ranking([("z", 1.0)])}), depth=2)
    with pytest.raises(DataError, match="not the run that its sidecar describes"):
        read_run(written)
