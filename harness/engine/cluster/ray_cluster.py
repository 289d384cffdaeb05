"""Ray itself, as far as it is used: started or joined, and asked for workers. No other file knows it.

It is found by its name when it is needed: who works on one machine needs none, and importing it takes a second.
"""

from __future__ import annotations

import importlib
import math
import os
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from harness.engine.cluster.hand import Hand
from harness.engine.cluster.messages import Drive, Room
from harness.engine.cluster.room import room_of
from harness.engine.cluster.slots import LostError
from harness.engine.cluster.there import no_cluster
from harness.engine.places import Places
from harness.errors import ModelError, short

SIGNS = "signs"
"""The method that is answered while the others work, and the group of threads that does it."""
LOOPBACK = "127.0.0.1"
REASONS = ("Worker exit detail: ", "The actor is dead because ", "The actor died because ")
"""The words before the reason of a loss."""
WIDEST = 160
"""Letters of a reason that Ray gives: advice on what may be behind it follows."""
STORE = 128 * 2**20
"""Bytes of Ray's object store on this machine: it carries the task to the workers once, megabytes."""


class RayCluster:
    """Workers that are actors of Ray."""

    def __init__(self, ray: Any, room: Room, folder: str, wanted: Callable[[], bool]) -> None:
        """Keep what one worker gets and where it works.

        Args:
            ray: the package, connected.
            room: the cores, GPUs and memory of a worker.
            folder: what relative paths are below.
            wanted: whether anybody waits for the work still.
        """
        # Neither of the two repeats anything unseen: harness.engine.cluster.deal does.
        options = {"max_restarts": 0, "max_task_retries": 0, "concurrency_groups": {SIGNS: 1}}
        needs = {"num_cpus": room.cores, "num_gpus": room.gpus} | ({"memory": room.memory} if room.memory else {})
        self._hand = ray.remote(**options, **needs, scheduling_strategy="SPREAD")(Hand)
        self._ray, self._folder, self._wanted = ray, folder, wanted
        self._variables = Places(1, 0, room.cores, 1).environment(0)
        self._variables["OMP_WAIT_POLICY"] = os.environ.get("OMP_WAIT_POLICY", "PASSIVE")

    def start(self) -> object:
        """Return a new worker; it comes to be as soon as there is room for it."""
        worker: object = self._hand.remote(self._variables, self._folder)
        return worker

    def ask(self, worker: object, what: str, given: Sequence[object]) -> Hashable:
        """Return a call of a worker's method; nothing is waited for."""
        method = getattr(worker, what)
        if what == SIGNS:
            method = method.options(concurrency_group=SIGNS)
        call: Hashable = method.remote(*given)
        return call

    def answered(self, calls: Sequence[Hashable], seconds: float) -> Sequence[Hashable]:
        """Return those of `calls` that are answered, once one is; none after `seconds`.

        Raises:
            GoneError: nobody waits for the work any more.
        """
        if not self._wanted():
            raise GoneError
        if not calls:
            time.sleep(seconds)
            return ()
        first, _ = self._ray.wait(calls, num_returns=1, timeout=seconds)
        found: Sequence[Hashable] = self._ray.wait(calls, num_returns=len(calls), timeout=0)[0] if first else ()
        return found

    def answer(self, call: Hashable) -> object:
        """Return the answer of a call that is answered.

        Raises:
            LostError: the worker is gone.
        """
        try:
            found: object = self._ray.get(call)
        except self._ray.exceptions.RayError as error:
            raise LostError(_words(error)) from error
        return found

    def stop(self, worker: object) -> None:
        """Have a worker gone, whatever it does."""
        self._ray.kill(worker, no_restart=True)


class GoneError(Exception):
    """Nobody waits for the work any more."""


def connect(drive: Drive) -> tuple[Any, Room]:
    """Return Ray, started or joined, and the workers there are to be.

    Raises:
        ModelError: Ray does not start, or there is no such cluster.
    """
    ray = importlib.import_module("ray")
    try:
        if drive.address is None:
            _start(ray, drive)
        else:
            ray.init(drive.address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        # Ray says why below what failed, as when the token is missing that the cluster asks for.
        why = short(" ".join(str(error.__cause__ or error).split()), 300)
        fault = no_cluster(drive.address, why) if drive.address else ModelError("Ray does not start", got=why)
        raise fault from error
    return ray, drive.room or room_of([node["Resources"] for node in ray.nodes() if node["Alive"]], drive)


def _start(ray: Any, drive: Drive) -> None:
    """Start Ray for this job alone: nobody but this machine reaches it, and nothing is left of it."""
    room = drive.room
    if room is None:
        raise TypeError("a Ray of this machine has room for a known number of workers")
    found = ray.init(
        "local",
        num_cpus=room.workers * room.cores,
        num_gpus=math.ceil(room.workers * room.gpus),
        object_store_memory=STORE,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        _node_ip_address=LOOPBACK,
        _temp_dir=drive.folder,
    )
    if found.address_info["node_ip_address"] != LOOPBACK:
        raise RuntimeError(f"this version listens at {found.address_info['node_ip_address']}, not at {LOOPBACK}")


def _words(error: Exception) -> str:
    """Return what Ray says of a loss: its name and, of many lines, what stands behind the words before the reason."""
    text = " ".join(str(error).split())
    reasons = (text.partition(before)[2] for before in REASONS)
    return f"{type(error).__name__}: {next(filter(None, reasons), text)[:WIDEST]}"
