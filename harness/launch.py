"""Jobs of a sweep that one of Hydra's launchers runs elsewhere, as on a Slurm cluster: what may be said of it, and how.

A launcher imports what its settings name, and runs shell commands that they hold. So launchers are chosen by name, from
those that are known, and of their settings only those can be set that ask for time, machines and memory.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness.errors import ConfigError
from harness.signals import CODES, heard, told

HERE = "basic"
"""Hydra's own, which runs one job after another in this process."""
SLURM = "submitit_slurm"
LAUNCHERS = (HERE, "submitit_local", SLURM)
SETTINGS = (
    "account", "array_parallelism", "constraint", "cpus_per_gpu", "cpus_per_task", "exclude", "gpus_per_node", "gres",
    "max_num_timeout", "mem_gb", "mem_per_cpu", "mem_per_gpu", "name", "nodes", "partition", "qos", "signal_delay_s",
    "timeout_min",
)  # fmt: skip
"""Of submitit; `setup`, `python`, `additional_parameters` and the folder of its files are not among them."""
CHOICE = re.compile(rf"hydra/launcher=({'|'.join(LAUNCHERS)})")
SETTING = re.compile(rf"\+?hydra\.launcher\.(?:{'|'.join(SETTINGS)})=[A-Za-z0-9][A-Za-z0-9_.:=-]*")


def is_word(word: str) -> bool:
    """Return whether a word of the command line chooses a launcher that is known, or sets what may be set of it."""
    return bool(CHOICE.fullmatch(word) or SETTING.fullmatch(word))


def launcher(words: Sequence[str], config: str) -> str | None:
    """Return the launcher that a command line asks for; None for jobs that run here.

    Raises:
        ConfigError: there is nothing to launch, or settings of no launcher.
    """
    named = [found[1] for word in words if (found := CHOICE.fullmatch(word))]
    if not named and any(SETTING.fullmatch(word) for word in words):
        raise ConfigError("settings of a launcher and no launcher", remedy=f"Write hydra/launcher={SLURM}")
    if not named or named[-1] == HERE:
        return None
    if config != "evaluate" or not {"-m", "--multirun"} & set(words):
        remedy = "Write python -m harness -m ..., or leave hydra/launcher out"
        raise ConfigError("only the jobs of a sweep are launched", got=f"hydra/launcher={named[-1]}", remedy=remedy)
    if named[-1] == SLURM and not (shutil.which("srun") and shutil.which("sbatch")):
        raise ConfigError("there is no Slurm on this machine", got="no srun or no sbatch", remedy="Log in where it is")
    return named[-1]


class Elsewhere(NamedTuple):
    """What a job that is launched has to know of the command that launched it."""

    words: list[str]
    """As Python was started with them."""
    arguments: list[str]

    @classmethod
    def here(cls) -> Elsewhere:
        """Return what there is to know of this process."""
        return cls(list(sys.orig_argv), list(sys.argv))

    def run(self, work: Callable[[], int]) -> int:
        """Return the exit code of `work`, in the process that a launcher has started for it.

        Its record and its last words name the command that launched it. A signal ends it as it would end that command.
        """
        sys.orig_argv[:], sys.argv[:] = self.words, self.arguments
        try:
            with heard():
                return work()
        except KeyboardInterrupt as ended:
            return told(ended)


def summed_up(codes: Sequence[int]) -> str:
    """Return in words what became of jobs that were launched.

    >>> summed_up([0, 75, 3])
    '3 jobs were launched: 1 done, 1 failed, 1 interrupted'
    """
    interrupted = sum(code in CODES.values() for code in codes)
    done = codes.count(0)
    parts = {"done": done, "failed": len(codes) - done - interrupted, "interrupted": interrupted}
    words = ", ".join(f"{count} {what}" for what, count in parts.items() if count)
    return f"{len(codes)} job{'s were' if len(codes) != 1 else ' was'} launched: {words}"
