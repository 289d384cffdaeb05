"""`write_atomically`: the order that survives a loss of power, and what killed writers leave."""

from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import StorageError
from harness.storage import parts_of, write_atomically


def test_the_file_is_synced_before_it_gets_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, os.replace

    def synced(handle: int) -> None:
        place = Path(f"/proc/self/fd/{handle}").readlink()
        steps.append(f"fsync {'folder' if place == tmp_path else f'{place.suffix} of {place.stat().st_size}'}")
        fsync(handle)

    def renamed(source: str, target: str) -> None:
        steps.append(f"rename to {Path(target).name}")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    write_atomically(tmp_path / "a", b"content")
    assert steps == ["fsync .part of 7", "rename to a", "fsync folder"]


def test_it_is_written_beside_its_target_for_a_rename_crosses_no_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources: list[Path] = []
    rename = os.replace

    def renamed(source: str, target: str) -> None:
        sources.append(Path(source))
        rename(source, target)

    monkeypatch.setattr(os, "replace", renamed)
    write_atomically(tmp_path / "deep" / "a", b"content")
    assert [source.parent for source in sources] == [tmp_path / "deep"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS])
def test_a_write_that_fails_keeps_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError) as caught:
        write_atomically(tmp_path / "a", b"new")
    full = code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    assert ("no space left" if full else os.strerror(code)) in str(caught.value)
    assert "out=DIR" in str(caught.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    before = parts_of(tmp_path / "a")
    left = tmp_path / f"{before}{gone.pid}.7.part"
    living = tmp_path / f"{before}{os.getppid()}.7.part"
    elsewhere = tmp_path / f"a.another-machine-{gone.pid}.7.part"
    other = tmp_path / f"{parts_of(tmp_path / 'ab')}{gone.pid}.7.part"
    for path in (left, living, elsewhere, other):
        path.write_bytes(b"half")
    write_atomically(tmp_path / "a", b"content")
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a", living, elsewhere, other])


def test_containers_of_one_host_name_do_not_remove_each_others_parts(tmp_path: Path) -> None:
    """A number is a process of one namespace; another container may have one of that number that lives."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    place = Path("/proc/self/ns/pid")
    if not place.exists():
        pytest.skip("there are no namespaces here")
    assert parts_of(tmp_path / "a") == f"a.{platform.node()}.{place.stat().st_ino}-"
    theirs = tmp_path / f"a.{platform.node()}.{place.stat().st_ino + 1}-{gone.pid}.7.part"
    theirs.write_bytes(b"half")
    write_atomically(tmp_path / "a", b"content")
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a", theirs])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_truly_full_device_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda _, mode: opened(Path("/dev/full"), mode))
    with pytest.raises(StorageError, match="no space left"):
        write_atomically(tmp_path / "a", b"content")
    assert list(tmp_path.iterdir()) == []
