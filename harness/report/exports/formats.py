"""The formats that results are exported in, and `export`, which writes them under `out`/exports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigError, choose, printable, short
from harness.report.exports.latex import latex
from harness.report.exports.material import File, Format, LeftOut, read_material
from harness.report.exports.model_index import model_index
from harness.report.exports.mteb import mteb
from harness.report.exports.parquet import parquet
from harness.report.exports.spreadsheet import spreadsheet
from harness.report.exports.trec import trec
from harness.report.published import PublishedTable
from harness.report.registered import Registered
from harness.storage import write_atomically

FORMATS: Mapping[str, Format] = {
    "csv": spreadsheet,
    "latex": latex,
    "model-index": model_index,
    "mteb": mteb,
    "parquet": parquet,
    "trec": trec,
}
SHOWN = 6
"""Reasons that are told one by one."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What one export came to."""

    format: str
    folder: Path
    paths: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]
    stale: tuple[Path, ...]
    """Files in the folder that this export did not write."""

    def lines(self) -> list[str]:
        """Return what to say of it, in inert lines."""
        wrote = f"{_counted(len(self.paths), 'file')} under {self.folder}" if self.paths else "nothing to export"
        reasons = Counter(one.why for one in self.left_out).most_common()
        lines = [f"{self.format}: {wrote}"]
        lines += [f"left out of {self.format}: {_counted(count, 'result')}: {why}" for why, count in reasons[:SHOWN]]
        if len(reasons) > SHOWN:
            lines.append(f"left out of {self.format}: {sum(count for _, count in reasons[SHOWN:])} more")
        if self.stale:
            before = f"{_counted(len(self.stale), 'file')} of before, as {self.stale[0].name}"
            lines.append(f"{self.folder} also holds {before}: remove what is no more")
        return [printable(line) for line in lines]


def formats_of(value: object) -> tuple[str, ...]:
    """Return the names of the formats that the setting `export` asks for: none, one, several, or `all`.

    Args:
        value: null, a name, names between commas, or a list of names.

    Raises:
        ConfigError: a name is not one of a format's, or stands there twice.
    """
    if value is None:
        return ()
    names = [name.strip() for name in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        raise ConfigError("export", got=short(value), expected=f"one or more of {', '.join(FORMATS)}, or all")
    if list(names) == ["all"]:
        return tuple(FORMATS)
    found = tuple(choose("export", name, (*FORMATS, "all")) for name in names)
    if "all" in found or len(set(found)) != len(found):
        raise ConfigError("export", got=short(list(names)), expected=f"different ones of {', '.join(FORMATS)}, or all")
    return found


def export(names: Sequence[str], out: Path, cards: Sequence[PublishedTable], known: Registered) -> tuple[Exported, ...]:
    """Return what was written under `out`/exports, a folder per format, from the results under `out`/results.

    Args:
        names: formats, as `formats_of` gives them.
        out: the folder that jobs write to.
        cards: the published tables.
        known: the registered datasets and models.

    Raises:
        ConfigError: a format needs a package that is not there.
        DataError: a result or its run cannot be trusted.
        StorageError: the files cannot be written.
    """
    if not names:
        return ()
    material = read_material(out, cards, known)
    done = []
    for name in names:
        folder = out / "exports" / name
        paths, left_out = [], []
        for one in FORMATS[name](material):
            if isinstance(one, File):
                paths.append(folder / one.path)
                write_atomically(paths[-1], one.content)
            else:
                left_out.append(one)
        stale = sorted({path for path in folder.rglob("*") if path.is_file()} - set(paths))
        done.append(
            Exported(format=name, folder=folder, paths=tuple(paths), left_out=tuple(left_out), stale=tuple(stale))
        )
    return tuple(done)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
