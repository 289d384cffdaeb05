"""Locks on files: one holder at a time, free as soon as it lets go or is killed, and no file left behind."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.errors import StorageError
from harness.retrieve.locks import Lock, locked, take

HOLD = """
import sys, time
from pathlib import Path
from harness.retrieve.locks import take
lock = take(Path(sys.argv[1]))
sys.stdout.write("held\\n" if lock else "none\\n")
sys.stdout.flush()
time.sleep(60)
"""


def open_files() -> int:
    """Return how many files this process has open; 0 where nothing says so."""
    return len(list(Path("/proc/self/fd").glob("*")))


def held(path: Path) -> Lock:
    lock = take(path)
    assert lock is not None
    return lock


def test_a_lock_has_one_holder_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.lock"
    lock = held(path)
    assert take(path) is None
    held(path.with_name("b.lock")).release()
    lock.release()
    assert list(path.parent.iterdir()) == []
    held(path).release()


def test_a_holder_that_is_killed_holds_nothing(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "a.lock"
    line = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(line, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert take(path) is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert path.exists()
        held(path).release()
    assert not path.exists()


def test_a_file_that_its_holder_removes_while_another_opens_it_is_not_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a third would lock the file of that name, and two would hold what is one."""
    path = tmp_path / "a.lock"
    holders = [held(path)]
    flock = fcntl.flock

    def late(handle: int, how: int) -> None:
        if holders:
            holders.pop().release()
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    second = held(path)
    monkeypatch.undo()
    assert os.path.samestat(os.fstat(second.handle), path.stat())
    assert take(path) is None
    second.release()


def test_many_who_want_one_lock_have_it_one_after_another(tmp_path: Path) -> None:
    inside = []

    def work(number: int) -> None:
        with locked(tmp_path / "a.lock"):
            inside.append(number)
            assert inside == [number]
            inside.clear()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_one_error_and_no_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    before = open_files()

    def refuse(_handle: int, _how: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StorageError) as caught:
        take(tmp_path / "a.lock")
    assert str(caught.value) == (
        f"{tmp_path} does not support locks: got {os.strerror(code)}. "
        "Choose a folder on another file system with out=DIR"
    )
    assert open_files() == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_lock_whose_file_cannot_be_made_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StorageError, match=r"a\.lock: (no space left|cannot write)") as caught:
        take(tmp_path / "a.lock")
    assert "\n" not in str(caught.value)
