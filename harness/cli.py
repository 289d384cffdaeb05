"""The border to Hydra: the only module that knows it. Configurations go out as plain mappings, faults as one line.

Hydra's own reports of a wrong configuration are several lines long and exit with 1; here each becomes a `ConfigError`
that names what was meant, and exits with 2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from hydra.types import TaskFunction
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from harness import paths
from harness.choices import first_line, unknown_choice, unknown_key
from harness.errors import ConfigError, HarnessError, short
from harness.foreign import refuse_code, refuse_folder, refuse_path, refuse_words
from harness.guarded import PIPE_CLOSED, guarded, shown
from harness.launch import Elsewhere, launcher, summed_up
from harness.signals import CODES, heard, told

SOME_FAILED = 5
GROUPS: Mapping[str, Sequence[str]] = {
    "evaluate": ("dataset", "model", "search", "engine"),
    "doctor": ("dataset", "model", "engine"),
    "plan": ("dataset", "model", "search", "engine"),
    "score": ("dataset",),
    "report": (),
    "status": (),
    "audit": (),
    "why": ("dataset", "model", "search", "engine"),
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
    launched: list[str] = []

    def one(settings: DictConfig) -> int:
        return guarded(lambda: shown(lambda: job(_plain(settings))))

    def here(settings: DictConfig) -> None:
        codes.append(one(settings))
        if codes[-1] == PIPE_CLOSED:
            # Whoever reads no more of one job of a sweep means the sweep.
            sys.exit(codes[-1])

    def work() -> None:
        refuse_words(sys.argv[1:], GROUPS[config])
        _refuse_flags(GROUPS[config])
        if (name := launcher(sys.argv[1:], config)) is None:
            _compose(config, here)
        else:
            launched.append(name)
            _launch(config, one, codes)

    outside = guarded(work)
    if launched and codes:
        sys.stderr.write(f"{summed_up(codes)}; what they said lies in .submitit under out\n")
    elif end is not None and 0 in codes:
        outside = outside or guarded(lambda: shown(end))
    failed = [code for code in (*codes, outside) if code]
    if not failed:
        return 0
    if interrupted := [code for code in failed if launched and code in CODES.values()]:
        return interrupted[0]
    return SOME_FAILED if 0 in codes and not outside else failed[0]


def _launch(config: str, one: Callable[[DictConfig], int], codes: list[int]) -> None:
    """Have the jobs of a sweep run elsewhere, and enter the exit codes that they come back with.

    Raises:
        HarnessError: a job was lost.
    """
    there = Elsewhere.here()
    try:
        with _answers(codes):
            _compose(config, lambda settings: there.run(lambda: one(settings)))
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "submitit":
            raise
        remedy = "Its log lies in .submitit under out. Start again: only what is missing is done"
        raise HarnessError("a job that was launched is lost", got=first_line(error), remedy=remedy) from error
    if not codes:
        raise HarnessError("no job was launched", remedy="Leave hydra/launcher out")


@contextmanager
def _answers(codes: list[int]) -> Iterator[None]:
    """Enter what the jobs of a sweep return while the block runs: hydra.main tells nobody."""
    multirun = Hydra.multirun

    def kept(app: Hydra, config_name: str | None, task_function: TaskFunction, overrides: list[str]) -> None:
        batches = multirun(app, config_name, task_function, overrides)
        codes.extend(one.return_value for batch in batches for one in batch)

    Hydra.multirun = kept  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Hydra.multirun = multirun  # type: ignore[method-assign]


def _compose(config: str, one: Callable[[DictConfig], object]) -> None:
    begun = False

    def job(settings: DictConfig) -> object:
        nonlocal begun
        begun = True
        return one(settings)

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
