"""The border to Hydra: the only module that knows it. Configurations go out as plain mappings, faults as one line.

Hydra's own reports of a wrong configuration are several lines long and exit with 1; here each becomes a `ConfigError`
that names what was meant, and exits with 2.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import hydra
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from harness import paths
from harness.errors import ConfigError, HarnessError, StorageError, choose, printable, short

INTERRUPTED = 130
PIPE_CLOSED = 141
HYDRAS_OWN = re.compile(r"\+{0,2}hydra[./@:=]")
SOME_FAILED = 5
GROUPS: Mapping[str, Sequence[str]] = {
    "evaluate": ("dataset", "model", "search", "engine"),
    "doctor": ("dataset", "model", "engine"),
    "score": ("dataset",),
    "report": (),
}
"""The groups of each primary configuration."""


def command(config: str, job: Callable[[Mapping[str, Any]], None], end: Callable[[], None] | None = None) -> NoReturn:
    """Run `job` on every configuration that the command line composes, then `end`, and exit.

    The exit code is 0; or that of the job that failed; or 5 where some jobs of several failed and others did not.

    Args:
        config: the primary configuration in `configs/`.
        job: what to do with one composed configuration.
        end: what to do when all jobs are over, if any of them got through.
    """
    # Hydra then raises what is wrong instead of printing it in its own words.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    codes: list[int] = []

    def one(settings: DictConfig) -> None:
        codes.append(_guarded(lambda: job(_plain(settings))))
        if codes[-1] in (INTERRUPTED, PIPE_CLOSED):
            # Whoever breaks off one job of a sweep means the sweep.
            sys.exit(codes[-1])

    outside = _guarded(lambda: _compose(config, one))
    if end is not None and 0 in codes:
        outside = outside or _guarded(end)
    failed = [code for code in (*codes, outside) if code]
    if not failed:
        sys.exit(0)
    sys.exit(SOME_FAILED if 0 in codes and not outside else failed[0])


def _guarded(work: Callable[[], None]) -> int:
    """Return 0, or the exit code of the fault that `work` met, told in one line."""
    try:
        work()
    except HarnessError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except BrokenPipeError:
        # The reader of standard output is gone (`| head`): nothing more can be said, and Python must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        # A disk that fails outside of harness.storage (Hydra makes `out` for a sweep): no fault of the harness either.
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"error: {printable(f'{place}{error.strerror or error}')}\n")
        return StorageError.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: finished shards are kept, the same command does the rest\n")
        return INTERRUPTED
    return 0


def _compose(config: str, one: Callable[[DictConfig], None]) -> None:
    begun = False

    def job(settings: DictConfig) -> None:
        nonlocal begun
        begun = True
        one(settings)

    _refuse_words(sys.argv[1:])
    try:
        hydra.main(version_base="1.3", config_path=str(paths.configs()), config_name=config)(job)()
    except MissingConfigException as error:
        raise _unknown_choice(error.missing_cfg_file or _first_line(error)) from error
    except OverrideParseException as error:
        remedy = "Write key=value, lists as key=[a,b]"
        raise ConfigError("cannot read the override", got=short(error.override), remedy=remedy) from error
    except (ConfigCompositionException, OmegaConfBaseException, HydraException) as error:
        raise _unknown_key(config, error) from error
    except ValueError as error:
        # Hydra's own about a group that is given no name (model=null); a job's is a fault and keeps its traceback.
        if begun:
            raise
        raise ConfigError("the configuration cannot be composed", got=_first_line(error)) from error


def _refuse_words(words: Sequence[str]) -> None:
    """Refuse what Hydra would do and no job survives: keys taken out, and its own settings (they name code to run)."""
    for word in words:
        if word.startswith("~"):
            raise ConfigError("a key cannot be taken out", got=short(word), remedy="Give it a value, as in key=null")
        if HYDRAS_OWN.match(word):
            raise ConfigError("Hydra's own settings cannot be set", got=short(word), remedy="--help names every key")


def _plain(settings: DictConfig) -> Mapping[str, Any]:
    """Return the composed configuration as plain values.

    Raises:
        ConfigError: a value is missing that has no default, or cannot be resolved.
    """
    try:
        plain = OmegaConf.to_container(settings, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        key = error.full_key
        raise ConfigError(f"{key} is missing", remedy=f"Give it, as in {key}=...") from error
    except OmegaConfBaseException as error:
        raise ConfigError("the configuration cannot be resolved", got=_first_line(error)) from error
    if not isinstance(plain, dict):
        raise TypeError(type(plain))
    return {str(key): value for key, value in plain.items()}


def _unknown_choice(missing: str) -> HarnessError:
    """Return the error about `group/name`, with the names there are."""
    group, _, name = missing.partition("/")
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


def _unknown_key(config: str, error: Exception) -> HarnessError:
    """Return the error about a key that is not there, with the nearest one; Hydra's first line where it is another."""
    text = " ".join(str(error).split())
    found = re.search(r"(?:Could not override|Could not append|Key) '([^']+)'", text)
    if text.startswith("Ambiguous value for argument"):
        remedy = "Write -m in front for a sweep, or a list as key=[a,b]"
        return ConfigError("several values for one key", got=_first_line(error), remedy=remedy)
    if found is None:
        cause = error.__cause__ or error
        return ConfigError("the configuration cannot be composed", got=_first_line(cause))
    key = found[1]
    top, _, rest = key.partition(".")
    keys = OmegaConf.load(paths.configs() / f"{config}.yaml")
    groups = GROUPS[config]
    known = [*(str(name) for name in keys if name not in {"defaults", "hydra"}), *groups]
    if rest and top in groups:
        inside = [OmegaConf.load(path) for path in sorted((paths.configs() / top).glob("**/*.yaml"))]
        return _refused(f"key of {top}", rest, list(dict.fromkeys(str(name) for one in inside for name in one)))
    if key == "experiment":
        return ConfigError("an experiment is added to the configuration", remedy="Write +experiment=card/...")
    return _refused("key", key, known)


def _refused(what: str, name: str, choices: list[str]) -> HarnessError:
    try:
        choose(what, name, choices)
    except ConfigError as error:
        return error
    return ConfigError(f"{what} {name!r} cannot be set this way", remedy=f"Write {name}=value, without + or ~")


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
