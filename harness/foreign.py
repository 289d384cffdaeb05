"""Words of the command line and configuration files of others, looked through before Hydra composes or builds anything.

Hydra imports and calls what a configuration names: its callbacks before the first job, its launcher and logging, and
environment variables are set from one. So nobody but the files of this package sets a key of Hydra's own, and no key of
the kind that names code stands in any configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.errors import ConfigError, short
from harness.launch import is_word
from harness.redact import SECRET_NAME, redacted
from harness.yaml_file import read_yaml

HYDRAS_OWN = re.compile(r"\+{0,2}(?:[^=]*[@:])?\$?hydra(?:[./@:=]|$)")
"""A word that sets one of Hydra's own keys, by its path, its group, or as the package of another group."""
HYDRAS_KEY = re.compile(r"(?:^|[@/:\s])hydra(?:[./@:]|$)")
HEADER = re.compile(r"#\s*@package\s.*hydra")
NAMES_CODE = re.compile(r"_[a-z]+(?:_[a-z]+)*_")
"""The keys that Hydra reads as what to import and how to call it; none of ours looks like one."""
VARIABLE = re.compile(r"\$\{\s*oc\.env\s*:([^,}]*)")
MOST_FILES = 1000
"""More than that is no folder of configurations, and looking through it takes long."""


def refuse_words(words: Sequence[str], groups: Sequence[str]) -> None:
    """Refuse keys taken out, Hydra's own settings, and names of configurations that lead out of their folder.

    Raises:
        ConfigError: one of `words` is such.
    """
    for word in words:
        if word.startswith("~"):
            raise ConfigError("a key cannot be taken out", got=short(word), remedy="Give it a value, as in key=null")
        if HYDRAS_OWN.match(word) and not is_word(word):
            raise ConfigError("Hydra's own settings cannot be set", got=short(word), remedy="--help names every key")
        key, _, value = word.partition("=")
        if key.lstrip("+").partition("@")[0] in (*groups, "experiment"):
            refuse_path(value, key)


def refuse_path(name: str, what: str) -> None:
    """Refuse a name of a configuration that is a way through folders.

    Raises:
        ConfigError: it is.
    """
    if ".." in name or name.startswith("/"):
        raise ConfigError(f"{what} leads out of its folder", got=short(name), expected="a name, or group/name")


def refuse_folder(folder: Path, groups: Sequence[str]) -> None:
    """Refuse a folder of configurations with a file that is more than data.

    Raises:
        ConfigError: a file is no small plain YAML, names code, or sets Hydra's own keys; there are too many
            files, or a folder is a link.
    """
    if links := [path for path in folder.rglob("*") if path.is_symlink() and path.is_dir()]:
        # Hydra follows them, and nothing behind them would have been looked at.
        raise ConfigError(f"{links[0]} is a link to a folder", expected="a folder, in a folder of configurations")
    for number, path in enumerate(sorted(folder.rglob("*.y*ml"))):
        if number == MOST_FILES:
            raise ConfigError(f"{folder} is no folder of configurations", got=f"more than {MOST_FILES:,} files")
        settings = read_yaml(path, ConfigError)
        if path.relative_to(folder).parts[0] == "hydra" or HEADER.search(path.read_text(encoding="utf-8")):
            raise ConfigError(str(path), got="Hydra's own settings", remedy="Leave them out")
        try:
            refuse_code(settings)
            _refuse_own(settings, groups)
        except ConfigError as error:
            raise ConfigError(str(path), got=str(error)) from error


def refuse_code(settings: object) -> None:
    """Refuse a configuration, not yet resolved, that names code, or holds or asks for a secret.

    Raises:
        ConfigError: it does.
    """
    for key, value in _items(settings):
        if NAMES_CODE.fullmatch(key):
            raise ConfigError("a key that names code", got=short(key), expected="settings", remedy="Leave it out")
        if isinstance(value, str) and (
            redacted(value) != value or any(map(SECRET_NAME.search, VARIABLE.findall(value)))
        ):
            # Every setting is written into the result.
            raise ConfigError("a setting would hold a secret", got=short(value), remedy="Leave it out")


def _refuse_own(settings: object, groups: Sequence[str]) -> None:
    """Refuse the keys of Hydra's own, but for what an experiment says of its sweep."""
    if not isinstance(settings, Mapping):
        return
    given = dict(settings)
    match given.get("hydra"):
        case {"sweeper": {"params": dict(params), **more}, **others} if not more and set(others) <= {"mode"}:
            refuse_words([f"{key}={value}" for key, value in params.items()], groups)
            del given["hydra"]
    for key, value in _items(given):
        for text in (key, value) if key == "defaults" else (key,):
            if isinstance(text, str) and HYDRAS_KEY.search(text):
                remedy = "Leave it out; an experiment may set hydra.mode and hydra.sweeper.params"
                raise ConfigError("Hydra's own settings cannot be set", got=short(text), remedy=remedy)
    for key, value in _items({"defaults": given.get("defaults")}):
        if ".." in f"{key} {value}":
            raise ConfigError("a default leads out of its folder", got=short(value), expected="a name")


def _items(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Yield every key with its value, however deep; what stands in a list has the list's key."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name), inner
            yield from _items(inner, str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield key, inner
            yield from _items(inner, key)
