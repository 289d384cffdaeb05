"""TREC runs, each with what made it as an ir_metadata header; the lines of the run are the very bytes of the job's."""

from __future__ import annotations

from collections.abc import Iterator

from harness.report.exports.ir_metadata import header
from harness.report.exports.labels import labels, safe_name
from harness.report.exports.material import File, LeftOut, Material, named
from harness.retrieve.trec import read_run

RUN = "run.trec"


def trec(material: Material) -> Iterator[File | LeftOut]:
    """Yield the run of every result that has one, under the result's own folder.

    Raises:
        DataError: a run is not the one that its sidecar describes.
    """
    for one, label in zip(material.found, labels(material.results, material.known), strict=True):
        path = one.folder / RUN
        if not path.exists():
            yield LeftOut(named(one.result), f"{RUN} is not beside it")
            continue
        # Reading checks every byte against the sidecar; only then are they copied.
        run = read_run(path)
        place = "/".join(map(safe_name, one.place.split("/")))
        yield File(f"{place}/{RUN}", header(one.result, label, run.name).encode() + path.read_bytes())
