"""What `harness.status` says of a folder in every state that a job can leave it in."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.keys import FORMAT
from harness.retrieve.about import ABOUT, read_about, table_name
from harness.retrieve.passes import Pass

JOB = (
    "model=mini",
    "language=en",
    "dim=[128,64]",
    "out=runs",
    "engine.shards=4",
    "engine.workers=1",
    "engine.device=cpu",
)
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one job is finished: two results out of one pass of four shards."""
    folder = tmp_path_factory.mktemp("finished")
    root = Path(__file__).resolve().parents[2]
    line = [sys.executable, "-m", "harness", *JOB]
    done = subprocess.run(line, cwd=folder, env=environment(root), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "runs"


def environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs a command line in this process, in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["harness", *words])
        monkeypatch.setattr("sys.orig_argv", ["python", "-m", "harness", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, told.out, told.err

    return run


@pytest.fixture
def runs(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished folder that a test may damage."""
    return Path(shutil.copytree(finished, tmp_path / "runs"))


def only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def change(path: Path, edit: Callable[[dict[str, object]], object]) -> None:
    """Edit a record as an older version would have written it: without a SHA-256 of itself."""
    data = json.loads(path.read_bytes())
    record = data if isinstance(data, dict) else data[0]
    record.pop("sha256", None)
    edit(record)
    path.write_text(json.dumps(data))


def test_a_finished_folder_lists_its_results_and_misses_nothing(command: Command, runs: Path) -> None:
    code, out, err = command("status")
    assert (code, err) == (0, "")
    assert "results: 2 finished, 0 broken, 0 from other code" in out
    assert "passes: 1, of which 0 have results missing" in out
    assert [line.split()[:4] for line in out.splitlines() if "mini" in line] == [
        ["mini", "mini", "en", "128"],
        ["mini", "mini", "en", "64"],
    ]


def test_the_command_that_it_names_does_what_a_broken_off_job_left(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Pass.commit

    def breaks(self: Pass, shard: object, found: object) -> None:
        commit(self, shard, found)  # type: ignore[arg-type]
        if shard == self.shards[1]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Pass, "commit", breaks)
        assert command(*JOB, "force=true")[0] == 130
    code, out, _ = command("status")
    said = next(line for line in out.splitlines() if line.startswith("missing: "))
    assert code == 0
    assert said.startswith(
        "missing: mini on mini en dim=128,64: 2 of 4 shards done, go on with: python -m harness model="
    )
    words = shlex.split(said.partition("go on with: ")[2])
    assert words == ["python", "-m", "harness", *JOB]
    code, _, err = command(*words[3:])
    assert code == 0
    assert "going on: 2 of 4 shards are done" in err
    assert "passes: 1, of which 0 have results missing" in command("status")[1]


def test_a_command_of_another_folder_is_named_with_that_folder(command: Command, runs: Path) -> None:
    shutil.rmtree(runs / "results")
    folder = read_about(only(runs / "passes"))[0].folder
    assert f"4 of 4 shards done, go on with: cd {shlex.quote(folder)} && " in command("status")[1]


def test_shards_are_counted_that_have_whole_tables_at_every_missing_dimension(command: Command, runs: Path) -> None:
    shutil.rmtree(runs / "results")
    folder = only(runs / "passes")
    (about,) = read_about(folder)
    (folder / table_name(about.searches["64"], *about.shards[0])).unlink()
    (folder / table_name(about.searches["128"], *about.shards[2])).write_bytes(b"cut short")
    assert "mini on mini en dim=128,64: 2 of 4 shards done" in command("status")[1]


def test_only_dimensions_without_a_result_are_missing(command: Command, runs: Path) -> None:
    (folder,) = runs.glob("results/mini/mini/en/dim-64-*")
    shutil.rmtree(folder)
    out = command("status")[1]
    assert "missing: mini on mini en dim=64: 4 of 4 shards done" in out
    assert "results: 1 finished" in out


def test_broken_results_are_named_and_only_damage_is_an_error(command: Command, runs: Path) -> None:
    one, other = sorted(runs.glob("results/mini/mini/en/*"))
    (one / "run.trec").unlink()
    code, out, _ = command("status")
    assert code == 0
    assert f"broken: {one.relative_to(runs.parent)}: without its run: no run.trec" in out
    (other / "result.json").write_text("{")
    code, out, err = command("status")
    assert code == 3
    assert "results: 0 finished, 2 broken" in out
    assert err == "error: runs has damaged files: got 1. They are named above\n"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"a": 1}', b"\xff", b"[" * 100_000])
def test_a_damaged_record_of_a_pass_is_one_line_and_the_rest_is_listed(
    command: Command, runs: Path, content: bytes
) -> None:
    (only(runs / "passes") / ABOUT).write_bytes(content)
    code, out, err = command("status")
    assert code == 3
    assert "results: 2 finished" in out
    assert len([line for line in out.splitlines() if line.startswith("damaged: ") and ABOUT in line]) == 1
    assert err.count("\n") == 1


def test_other_code_is_said_and_not_judged(command: Command, runs: Path) -> None:
    (one, other) = sorted(runs.glob("results/mini/mini/en/*/result.json"))
    change(one, lambda data: data["provenance"].update(commit="f" * 40))  # type: ignore[attr-defined]
    other.unlink()
    change(only(runs / "passes") / ABOUT, lambda data: data.update(commit="f" * 40))
    code, out, _ = command("status")
    assert code == 0
    assert "results: 1 finished, 1 broken, 1 from other code" in out
    assert "  begun by other code: commit ffffffffff, here " in out
    change(only(runs / "passes") / ABOUT, lambda data: data.update(format=FORMAT - 1))
    assert f"begun by other code: format {FORMAT - 1}, here {FORMAT}: none of it is used" in command("status")[1]


def test_a_pass_of_an_older_version_is_listed_without_a_name(command: Command, runs: Path) -> None:
    (only(runs / "passes") / ABOUT).unlink()
    code, out, _ = command("status")
    assert code == 0
    assert "unnamed: runs/passes/" in out


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["out=nowhere"], 3, "error: out is no folder: got 'nowhere'. Name the folder that jobs wrote to: out=DIR\n"),
        (["out=."], 3, "error: . is no folder that jobs wrote to: got no results/ and no passes/ in it\n"),
        (["out=null"], 2, "error: out: got None, expected a folder\n"),
    ],
)
def test_what_is_no_folder_of_jobs_is_one_line(command: Command, words: list[str], code: int, line: str) -> None:
    assert command("status", *words) == (code, "", line)


def test_reading_a_folder_changes_nothing_and_imports_no_torch(runs: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*")}
    root = Path(__file__).resolve().parents[2]
    code = "import sys; from pathlib import Path; from harness.status.reading import read_listing as read; "
    code += f"print(len(read(Path({str(runs)!r})).results), 'torch' in sys.modules)"
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, env=environment(root), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "False"]
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*")} == before
