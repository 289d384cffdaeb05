"""Three hosts with addresses of their own, one of which is cut off in the middle: network namespaces on a bridge.

They share the folder of the job, as hosts of a cluster share one: it is one file system. The first has the head of Ray
and the command line, the two others have a worker each.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Start = Callable[[str, list[str], Path], subprocess.Popen[bytes]]
HOSTS = ("a", "b", "c")
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
SOON = {"RAY_health_check_initial_delay_ms": "0", "RAY_health_check_period_ms": "1000"}
SOON |= {"RAY_health_check_timeout_ms": "1000", "RAY_health_check_failure_threshold": "3"}
"""How soon Ray takes a host for lost: by its own settings after half a minute."""
IP = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin") or ""
LIMIT = 300.0
"""Seconds that the whole may take on a machine that is busy."""


def ip(*words: str) -> str:
    done = subprocess.run([IP, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class Net:
    """The three hosts."""

    def __init__(self) -> None:
        number = os.getpid()
        self.names = {host: f"h{number}{host}" for host in HOSTS}
        # Of the range that is set aside for benchmarks of networks.
        self.addresses = {host: f"198.18.{number % 256}.{place}" for place, host in enumerate(HOSTS, 1)}

    def make(self) -> None:
        for host in HOSTS:
            ip("netns", "add", self.names[host])
            ip("-n", self.names[host], "link", "set", "lo", "up")
        first = self.names["a"]
        ip("-n", first, "link", "add", "br0", "type", "bridge")
        ip("-n", first, "addr", "add", f"{self.addresses['a']}/24", "dev", "br0")
        ip("-n", first, "link", "set", "br0", "up")
        for host in HOSTS[1:]:
            name = self.names[host]
            ip("link", "add", "eth0", "netns", name, "type", "veth", "peer", "name", f"to-{host}", "netns", first)
            ip("-n", name, "addr", "add", f"{self.addresses[host]}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", first, "link", "set", f"to-{host}", "master", "br0", "up")

    def cut(self, host: str) -> None:
        ip("-n", self.names["a"], "link", "set", f"to-{host}", "down")

    def command(self, host: str, words: list[str]) -> list[str]:
        """Return what runs `words` on a host, which has a name of its own."""
        script = f'hostname host-{host} && exec "$@"'
        return [IP, "netns", "exec", self.names[host], "unshare", "--uts", "sh", "-c", script, "sh", *words]

    def at_work(self, host: str) -> bool:
        """Return whether a worker on a host searches a shard: Ray names a process by the call that it answers."""
        for process in ip("netns", "pids", self.names[host]).split():
            try:
                if Path("/proc", process, "cmdline").read_bytes().startswith(b"ray::Hand.search"):
                    return True
            except OSError:
                continue
        return False

    def end(self) -> None:
        for name in self.names.values():
            try:
                for process in ip("netns", "pids", name).split():
                    os.kill(int(process), signal.SIGKILL)
                ip("netns", "del", name)
            except (OSError, ProcessLookupError):
                continue


@pytest.fixture
def net() -> Iterator[Net]:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("ray is not installed")
    if not IP or not shutil.which("unshare"):
        pytest.skip("needs network namespaces: ip or unshare is missing")
    net = Net()
    try:
        net.make()
        subprocess.run(net.command("c", ["true"]), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as refused:
        net.end()
        pytest.skip(f"needs network namespaces: {refused}")
    yield net
    net.end()


@pytest.fixture
def cluster(
    net: Net, environment: dict[str, str]
) -> Iterator[Callable[[str, list[str], Path], subprocess.Popen[bytes]]]:
    """Ray on all three hosts; gives what starts a command on one of them."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        variables = {**environment, **TOKEN, **SOON, "RAY_USAGE_STATS_ENABLED": "0"}

        def start(host: str, words: list[str], said: Path) -> subprocess.Popen[bytes]:
            with said.open("wb") as file:
                return subprocess.Popen(
                    net.command(host, [sys.executable, *words]), env=variables, cwd=said.parent,
                    stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                )  # fmt: skip

        address = f"{net.addresses['a']}:6379"
        started = []
        for host in HOSTS:
            where = ["--head", "--port=6379", "--include-dashboard=false", f"--temp-dir={folder}"]
            words = ["-m", "ray.scripts.scripts", "start", "--block", f"--node-ip-address={net.addresses[host]}"]
            words += [*(where if host == "a" else [f"--address={address}"]), f"--num-cpus={int(host != 'a')}"]
            started.append(start(host, [*words, f"--object-store-memory={80 * 2**20}"], Path(folder, f"said-{host}")))
            _wait(functools.partial(_started, Path(folder, f"said-{host}")), started)
        yield start
        for process in started:
            process.kill()
            process.wait()
        net.end()


def _started(said: Path) -> bool:
    return b"runtime started" in said.read_bytes()


def _wait(until: Callable[[], bool], processes: list[subprocess.Popen[bytes]]) -> None:
    """Wait until something holds, while `processes` run."""
    begun = time.monotonic()
    while not until():
        assert time.monotonic() - begun < LIMIT
        assert all(process.poll() is None for process in processes)
        time.sleep(0.01)


@pytest.mark.slow
def test_a_host_of_three_is_cut_off_in_the_middle_and_the_job_ends_with_the_same_bytes(
    cluster: Start, net: Net, jobs: Any, tools: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    command = tools["words"](tools["pool"](tmp_path / "pool", ("en", "de", "fr", "es"), 30, 3), 1)
    done = jobs.run(tmp_path / "one", [*command, "engine.workers=1"])
    assert done["code"] == 0, done["err"]
    folder = tmp_path / "three"
    folder.mkdir()
    words = ["-m", "harness", *command, "engine=ray", "engine.workers=2", f"engine.address={net.addresses['a']}:6379"]
    begun = time.monotonic()
    process = cluster("a", words, folder / "said")
    at_work: list[str] = []
    # Whichever comes first: the other one may be loading still.
    _wait(lambda: bool(at_work.extend(filter(net.at_work, HOSTS[1:])) or at_work), [process])
    host = at_work[0]
    net.cut(host)
    assert process.wait(timeout=LIMIT) == 0, (folder / "said").read_text()
    told = (folder / "said").read_text()
    assert f"on host-{host}: " in told, told
    assert "another one is started" in told, told
    assert tools["runs"](folder) == tools["runs"](tmp_path / "one")
    assert time.monotonic() - begun < LIMIT
