"""What Hydra could not find, and the nearest thing that there is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harness import paths
from harness.errors import ConfigError, HarnessError, choose, short
from harness.yaml_file import read_yaml


def unknown_choice(missing: str) -> HarnessError:
    """Return the error about `group/name`, with the names there are."""
    group, _, name = missing.partition("/")
    if missing.startswith("hydra/launcher/"):
        remedy = "pip install 'late-interaction-harness[slurm]'"
        return ConfigError("the launcher is not installed", got=short(missing), remedy=remedy)
    if missing.startswith("experiment/card/"):
        group, name = "experiment", missing.removeprefix("experiment/")
    folder = paths.configs() / group
    choices = sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.glob("**/*.yaml"))
    if not choices:
        return ConfigError("there is no such configuration", got=short(missing))
    short_names = {choice.rpartition("/")[2]: choice for choice in choices}
    if name in short_names:
        return ConfigError(f"unknown {group}", got=short(name), remedy=f"Did you mean {short_names[name]!r}?")
    return _refused(group, name, choices)


def unknown_key(config: str, groups: Sequence[str], error: Exception) -> HarnessError:
    """Return the error about a key that is not there, with the nearest one; Hydra's first line where it is another."""
    text = " ".join(str(error).split())
    found = re.search(r"(?:Could not override|Could not append|Key) '([^']+)'", text)
    if text.startswith("Ambiguous value for argument"):
        remedy = "Write -m in front for a sweep, or a list as key=[a,b]"
        return ConfigError("several values for one key", got=first_line(error), remedy=remedy)
    if found is None:
        cause = error.__cause__ or error
        return ConfigError("the configuration cannot be composed", got=first_line(cause))
    key = found[1]
    top, _, rest = key.partition(".")
    keys = _keys(paths.configs() / f"{config}.yaml")
    known = [*(name for name in keys if name not in {"defaults", "hydra"}), *groups]
    if rest and top in groups:
        inside = [_keys(path) for path in sorted((paths.configs() / top).glob("**/*.yaml"))]
        return _refused(f"key of {top}", rest, list(dict.fromkeys(name for one in inside for name in one)))
    if key == "experiment":
        return ConfigError("an experiment is added to the configuration", remedy="Write +experiment=card/...")
    return _refused("key", key, known)


def _refused(what: str, name: str, choices: list[str]) -> HarnessError:
    try:
        choose(what, name, choices)
    except ConfigError as error:
        return error
    return ConfigError(f"{what} {name!r} cannot be set this way", remedy=f"Write {name}=value, without + or ~")


def _keys(path: Path) -> list[str]:
    found = read_yaml(path, ConfigError)
    return [str(key) for key in found] if isinstance(found, dict) else []


def first_line(error: BaseException) -> str:
    """Return the first line of what an exception says, or its name."""
    return next(iter(str(error).splitlines()), type(error).__name__)
