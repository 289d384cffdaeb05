"""The border to Hydra: the only module that knows it. Configurations go out as plain mappings, faults as one line.

Hydra's own reports of a wrong configuration are several lines long and exit with 1; here each becomes a `ConfigError`
that names what was meant, and exits with 2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from harness import paths
from harness.choices import first_line, unknown_choice, unknown_key
from harness.errors import ConfigError, HarnessError, StorageError, printable, short
from harness.foreign import refuse_code, refuse_folder, refuse_path, refuse_words
from harness.redact import redacted
from harness.signals import heard, told

PIPE_CLOSED = 141
SOME_FAILED = 5
GROUPS: Mapping[str, Sequence[str]] = {
    "evaluate": ("dataset", "model", "search", "engine"),
    "doctor": ("dataset", "model", "engine"),
    "plan": ("dataset", "model", "search", "engine"),
    "score": ("dataset",),
    "report": (),
    "status": (),
}
"""The groups of each primary configuration."""


def command(config: str, job: Callable[[Mapping[str, Any]], None], end: Callable[[], None] | None = None) -> NoReturn:
    """Run `job` on every configuration that the command line composes, then `end`, and exit.

    The exit code is 0; or that of the job that failed; or 5 where some jobs of several failed and others did not; or
    that of the signal that ended them (harness.signals).

    Args:
        config: the primary configuration in `configs/`.
        job: what to do with one composed configuration.
        end: what to do when all jobs are over, if any of them got through.
    """
    # Hydra then raises what is wrong instead of printing it in its own words.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        with heard():
            code = _all(config, job, end)
    except KeyboardInterrupt as ended:
        code = told(ended)
    sys.exit(code)


def _all(config: str, job: Callable[[Mapping[str, Any]], None], end: Callable[[], None] | None) -> int:
    codes: list[int] = []

    def one(settings: DictConfig) -> None:
        codes.append(_guarded(lambda: _shown(lambda: job(_plain(settings)))))
        if codes[-1] == PIPE_CLOSED:
            # Whoever reads no more of one job of a sweep means the sweep.
            sys.exit(codes[-1])

    outside = _guarded(lambda: _compose(config, one))
    if end is not None and 0 in codes:
        outside = outside or _guarded(lambda: _shown(end))
    failed = [code for code in (*codes, outside) if code]
    if not failed:
        return 0
    return SOME_FAILED if 0 in codes and not outside else failed[0]


def _shown(work: Callable[[], None]) -> None:
    try:
        work()
    except SystemExit as gone:
        # rich leaves that way, with 1, where the reader of standard output is gone.
        raise BrokenPipeError from gone


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
        sys.stderr.write(f"error: {redacted(printable(f'{place}{error.strerror or error}'))}\n")
        return StorageError.exit_code
    return 0


def _compose(config: str, one: Callable[[DictConfig], None]) -> None:
    begun = False

    def job(settings: DictConfig) -> None:
        nonlocal begun
        begun = True
        one(settings)

    refuse_words(sys.argv[1:], GROUPS[config])
    _refuse_flags(GROUPS[config])
    try:
        hydra.main(version_base="1.3", config_path=str(paths.configs()), config_name=config)(job)()
    except MissingConfigException as error:
        raise unknown_choice(error.missing_cfg_file or first_line(error)) from error
    except OverrideParseException as error:
        remedy = "Write key=value, lists as key=[a,b]"
        raise ConfigError("cannot read the override", got=short(error.override), remedy=remedy) from error
    except (ConfigCompositionException, OmegaConfBaseException, HydraException) as error:
        raise unknown_key(config, GROUPS[config], error) from error
    except ValueError as error:
        # Hydra's own about a group that is given no name (model=null); a job's is a fault and keeps its traceback.
        if begun:
            raise
        raise ConfigError("the configuration cannot be composed", got=first_line(error)) from error


def _refuse_flags(groups: Sequence[str]) -> None:
    """Refuse flags that read what may be code, and a folder of configurations that holds some."""
    flags, _ = get_args_parser().parse_known_args()
    for name in ("config_path", "experimental_rerun"):
        if (value := getattr(flags, name)) is not None:
            raise ConfigError("Hydra's own settings cannot be set", got=f"--{name.replace('_', '-')}={value}")
    refuse_path(flags.config_name or "", "--config-name")
    if flags.config_dir is not None:
        refuse_folder(Path(flags.config_dir), groups)


def _plain(settings: DictConfig) -> Mapping[str, Any]:
    """Return the composed configuration as plain values.

    Raises:
        ConfigError: a value is missing that has no default, or cannot be resolved.
    """
    refuse_code(OmegaConf.to_container(settings))
    try:
        plain = OmegaConf.to_container(settings, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        key = error.full_key
        raise ConfigError(f"{key} is missing", remedy=f"Give it, as in {key}=...") from error
    except OmegaConfBaseException as error:
        raise ConfigError("the configuration cannot be resolved", got=first_line(error)) from error
    if not isinstance(plain, dict):
        raise TypeError(type(plain))
    return {str(key): value for key, value in plain.items()}
