"""What can be found in a folder that jobs wrote to, as values."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from harness.report.record import Result
from harness.retrieve.about import About

FORCE = ("force=true", "force=True", "force=1")


@dataclass(frozen=True)
class Code:
    """Which code this is: what results and passes are held against."""

    version: str
    commit: str | None
    """None where it was not run from a checkout."""
    format: int

    def made(self, result: Result) -> bool:
        """Return whether a result says that it comes from this code."""
        return (result.provenance.get("harness"), result.provenance.get("commit")) == (self.version, self.commit)

    def differs(self, about: About) -> str | None:
        """Return how the code that began a pass differs from this one; None where nothing says that it does."""
        if about.format != self.format:
            return f"format {about.format}, here {self.format}: none of it is used, all is done again"
        if about.commit != self.commit:
            return f"commit {shown(about.commit)}, here {shown(self.commit)}"
        return None


@dataclass(frozen=True)
class Broken:
    """A result that is none: its folder, and why."""

    folder: Path
    why: str
    unreadable: bool
    """Whether a file is damaged; otherwise one is missing."""


@dataclass(frozen=True)
class Part:
    """One job's part in a pass that has results missing."""

    folder: Path
    about: About
    done: int
    """Shards whose tables are all there."""
    missing: tuple[str, ...]
    """Dimensions that have no result yet."""

    @property
    def command(self) -> str:
        """The command that does the rest, as a shell takes it; what would make it begin anew is left out."""
        words = shlex.join([word for word in self.about.command if word not in FORCE])
        return words if Path(self.about.folder) == Path.cwd() else f"cd {shlex.quote(self.about.folder)} && {words}"


@dataclass(frozen=True)
class Listing:
    """All that is in the folder."""

    results: tuple[Result, ...]
    broken: tuple[Broken, ...]
    passes: int
    """Folders of passes, finished or not."""
    parts: tuple[Part, ...]
    unnamed: tuple[Path, ...]
    """Passes that do not say what they are about."""
    damaged: tuple[str, ...]
    """Records of passes that cannot be read, each with why."""


def shown(commit: object) -> str:
    """Return a commit as people write it.

    >>> shown("0123456789abcdef"), shown(None)
    ('0123456789', 'unknown')
    """
    return commit[:10] if isinstance(commit, str) and commit else "unknown"
