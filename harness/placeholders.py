"""What stands in braces in a path: `{package}` is the folder of this package, `{package:NAME}` an installed one's.

Specs keep them as they are and a path is located when it is opened, so that a record says the same on every machine.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from harness.errors import ConfigError
from harness.paths import PACKAGE

INSTALLED = re.compile(r"\{package:([A-Za-z0-9_]+)\}")


def located(path: str) -> Path:
    """Return the place that `path` means on this machine; one that is not absolute is below the working folder.

    >>> located("data/scifact").as_posix(), located("{package}/data").is_dir()
    ('data/scifact', True)

    Raises:
        ConfigError: it names a package that is not installed.
    """
    here = path.replace("{package}", str(PACKAGE))
    return Path(INSTALLED.sub(lambda match: _package_folder(match[1]), here)).expanduser()


def _package_folder(name: str) -> str:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        remedy = f"Install it: pip install {name.replace('_', '-')}"
        raise ConfigError(f"{{package:{name}}} names a package that is not installed", got=name, remedy=remedy)
    return next(iter(found.submodule_search_locations))
