"""Whether Ray is there: asked before any work, and without importing anything of it."""

from __future__ import annotations

import importlib.util
import socket

from harness.errors import ModelError
from harness.model_spec import EncoderSpec
from harness.spec import RunSpec

REACH = 10.0
"""Seconds that the head of a cluster has to answer."""


def check_ray(spec: RunSpec) -> None:
    """Return where `spec` needs no Ray, or it is installed, and its cluster answers.

    Raises:
        ModelError: it is needed and not there.
    """
    if spec.engine.kind != "ray" or not isinstance(spec.model, EncoderSpec):
        return
    if importlib.util.find_spec("ray") is None:
        remedy = 'Install it: pip install "ray>=2.50"'
        raise ModelError("engine=ray needs Ray", got="it is not installed", remedy=remedy)
    if spec.engine.address not in (None, "auto"):
        _reach(str(spec.engine.address))


def no_cluster(address: str, why: str) -> ModelError:
    """Return the error to raise where there is no cluster at `address`."""
    remedy = "Start one (ray start --head), or leave engine.address out to have Ray on this machine alone"
    return ModelError(f"there is no cluster at {address}", got=why, remedy=remedy)


def _reach(address: str) -> None:
    """Return where somebody listens: Ray itself would try for half a minute."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH).close()
    except (OSError, OverflowError) as error:
        raise no_cluster(address, getattr(error, "strerror", None) or str(error)) from error
