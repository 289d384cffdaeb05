"""What stands in braces in a configuration, filled in: languages, and the folders of packages.

`{language}` is the language chosen and `{code}` what its source calls it; `{package}` is the folder of this package
and `{package:NAME}` that of an installed one.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from typing import Any

from harness.errors import ConfigError
from harness.paths import PACKAGE

INSTALLED = re.compile(r"\{package:([A-Za-z0-9_]+)\}")


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """Return `value` with its placeholders filled, those of `names` among them; what is no text as it is.

    >>> filled("miracl/{language}/dev", {"language": "sw"}), filled(72, {})
    ('miracl/sw/dev', 72)

    Raises:
        ConfigError: a package is named that is not installed.
    """
    if not isinstance(value, str):
        return value
    for name, text in names.items():
        value = value.replace(f"{{{name}}}", text)
    value = value.replace("{package}", str(PACKAGE))
    return INSTALLED.sub(lambda match: _package_folder(match[1]), value)


def _package_folder(name: str) -> str:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        remedy = f"Install it: pip install {name.replace('_', '-')}"
        raise ConfigError(f"{{package:{name}}} names a package that is not installed", got=name, remedy=remedy)
    return next(iter(found.submodule_search_locations))
