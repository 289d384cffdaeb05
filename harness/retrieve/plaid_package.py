"""Whether fast-plaid is there and fits the torch that is installed: asked before any work, importing neither."""

from __future__ import annotations

import importlib.util
import re
from importlib import metadata

from harness.errors import ModelError
from harness.spec import SearchSpec

PACKAGE = "fast-plaid"
REMEDY = "Install it: pip install -e '.[plaid]' (it pins torch, so give it an environment of its own)"


def check_plaid(search: SearchSpec) -> None:
    """Return where `search` needs no index, or fast-plaid is there.

    Raises:
        ModelError: it is needed and not there, or is made for another torch.
    """
    if search.plaid is not None:
        version()


def version() -> str:
    """Return the version of fast-plaid.

    Raises:
        ModelError: it is not installed, or is made for another version of torch: it would crash the process.
    """
    if importlib.util.find_spec("fast_plaid") is None:
        raise ModelError("search=plaid needs fast-plaid", got="it is not installed", remedy=REMEDY)
    torch = metadata.version("torch").partition("+")[0]
    wanted = pinned(metadata.requires(PACKAGE) or [])
    if wanted not in (None, torch):
        expected = f"the torch that it is made for, {wanted}"
        raise ModelError(f"{PACKAGE} cannot run here", got=f"torch {torch}", expected=expected, remedy=REMEDY)
    return metadata.version(PACKAGE)


def is_there() -> bool:
    """Return whether search=plaid can run here."""
    try:
        version()
    except ModelError:
        return False
    return True


def pinned(requirements: list[str]) -> str | None:
    """Return the one version of torch that requirements allow; None where they do not name one.

    >>> pinned(["numpy>=1.26", "torch==2.11.0"])
    '2.11.0'
    """
    found = (re.match(r"torch\s*\(?==\s*([0-9.]+)", one) for one in requirements)
    return next((match[1] for match in found if match), None)
