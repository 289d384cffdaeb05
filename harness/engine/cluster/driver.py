"""The process that drives the cluster for a job: it connects to Ray, deals out the shards and tells how it goes.

Started as `python -m harness.engine.cluster.driver FD` by harness.engine.cluster.start, which holds the other end of
the pipe FD. It holds nothing that a restart needs: what is done lies in the folder of the pass. When the pipe's other
end is gone it ends, and Ray with it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from threading import Event, Thread
from typing import Any

from harness.engine.claims import Claims
from harness.engine.cluster.commits import Commits
from harness.engine.cluster.deal import Deal, Terms
from harness.engine.cluster.hand import code
from harness.engine.cluster.leftovers import end
from harness.engine.cluster.messages import Drive, Joined, Order, Room, Said
from harness.engine.cluster.ray_cluster import GoneError, RayCluster, connect
from harness.engine.cluster.room import settled
from harness.engine.messages import Failed, Moved, Over, Ready
from harness.errors import HarnessError
from harness.retrieve.passes import Pass

LATE = 3.0
"""Seconds that Ray has to end in once nobody waits for the work any more."""


class Line:
    """The driver's end of its pipe."""

    def __init__(self, connection: Connection) -> None:
        """Keep the connection."""
        self._connection = connection
        self.gone = Event()
        """Set once the other end is closed."""

    def send(self, message: object) -> None:
        """Send a message up."""
        self._connection.send(message)

    def ready(self) -> None:
        """Tell of a worker that is ready."""
        self.send(Ready())

    def moved(self, items: int, tokens: int, spent: dict[str, float]) -> None:
        """Tell what is done."""
        self.send(Moved(items, tokens, spent))

    def say(self, line: str) -> None:
        """Have a line told."""
        self.send(Said(line))

    def watch(self, folder: str) -> None:
        """Wait until the other end is closed; end Ray by force where it does not end of itself."""
        with suppress(EOFError, OSError):
            self._connection.recv()
        self.gone.set()
        Event().wait(LATE)
        end(folder)
        os._exit(1)


def drive(order: Drive, line: Line) -> Over:
    """Do what was asked; return how the model ran.

    Raises:
        HarnessError: a fault its reader can mend; finished shards are kept.
    """
    # Ray lets workers import what lies in the working folder of whoever asks: an empty one.
    with tempfile.TemporaryDirectory(dir=order.folder) as empty:
        os.chdir(empty)
        ray, room = connect(order)
        try:
            line.send(Joined(room.workers))
            return _dealt(order, ray, room, line)
        finally:
            ray.shutdown()
            os.chdir("/")


def _dealt(order: Drive, ray: Any, room: Room, line: Line) -> Over:
    engine = order.order.task.engine
    one = order.order.one
    task = replace(order.order.task, engine=settled(engine, room))
    work = Order(task, one, room.cores, order.order.content)
    cluster = RayCluster(ray, room, order.here, lambda: not line.gone.is_set())
    here: Pass = replace(one, store=replace(one.store, tell=line.say))
    with Claims(here, order.todo, line.say) as claims:
        terms = Terms(room.workers, engine.patience, code())
        return Deal(cluster, ray.put(work), claims, Commits(here), line, terms).through()


def main() -> None:
    """Serve the pipe whose descriptor the command line names."""
    connection = Connection(int(sys.argv[1]))
    line = Line(connection)
    order: Drive = connection.recv()
    Thread(target=line.watch, args=(order.folder,), name="watch", daemon=True).start()
    try:
        line.send(drive(order, line))
    except (GoneError, ConnectionError):
        # Whoever asked is gone, and nobody else would clean up.
        end(order.folder)
    except HarnessError as error:
        line.send(Failed(error, ""))
    except Exception:  # noqa: BLE001 - told where there is somebody to read it
        line.send(Failed(None, traceback.format_exc()))


if __name__ == "__main__":
    main()
