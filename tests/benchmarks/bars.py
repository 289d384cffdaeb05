"""What is promised, as data: which figures of which record are held against which bars. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.benchmarks import names
from tests.benchmarks.figures import Best, Figure, Longer, Share, Speed, Times, Value
from tests.benchmarks.record import Report


@dataclass(frozen=True)
class Bar:
    """One promise: all of its figures have to meet theirs."""

    what: str
    benchmark: str
    record: str
    figures: tuple[Figure, ...]

    @property
    def words(self) -> str:
        """The bar in words."""
        return "; ".join(figure.bar for figure in self.figures)

    def measured(self, reports: Mapping[str, Report]) -> tuple[str, str]:
        """Return what was measured and whether it meets the bar, in words; `not run` and why where it was not."""
        report = reports.get(self.benchmark)
        if report is None or report.not_run is not None:
            return f"not run: {report.not_run}" if report else "not run", ""
        found = next((one for one in report.records if one.name == self.record), None)
        if found is None:
            return "not run", ""
        told = [figure.of(found) for figure in self.figures]
        return "; ".join(words for words, _ in told), "yes" if all(met for _, met in told) else "**no**"


BARS = (
    Bar("encoding, fp32, against PyLate fp32", "encode", names.ENCODE,
        (Times(names.STRICT, names.PYLATE, 1.8), Value(names.apart(names.PYLATE), most=1e-5, called="difference"))),
    Bar("encoding, `fast` (bf16), against PyLate fp32", "encode", names.ENCODE,
        (Times(names.FAST, names.PYLATE, 5.0), Value(names.MEAN_COSINE, least=0.9995, called="mean cosine"))),
    Bar("encoding, fp32, against sentence-transformers fp32", "encode", names.ENCODE,
        (Times(names.STRICT, names.SENTENCE, 1.5),)),
    Bar("exact MaxSim, fp32, share of the fp32 matrix product's speed beside it", "maxsim", names.MAXSIM,
        (Speed(names.SCORING, (names.LARGE, names.TILE), 0.75),)),
    Bar("dims 128, 96, 64 in one pass against dim 128 alone, MaxSim only", "prefix", names.PREFIX,
        (Longer(names.TOGETHER, names.ALONE, 1.6),)),
    Bar("SciFact with minilm, start to end: neither encoding nor MaxSim", "evaluate", names.EVALUATE,
        (Share(names.REST, names.WHOLE, most=0.10),)),
    Bar("a model of full size, 300 documents, 300 queries, three dims: encoding", "full-size", names.FULL_SIZE,
        (Share(names.ENCODING, names.WHOLE, least=0.95),)),
    Bar("two processes or threads over one, encoding, strict", "parallel", "strict",
        (Best((names.THREADS, names.PROCESSES), names.ONE, 1.8),)),
    Bar("two processes or threads over one, encoding, `fast`", "parallel", "fast",
        (Best((names.THREADS, names.PROCESSES), names.ONE, 1.8),)),
    Bar("300 queries over 5,000 documents against fast-plaid's build and search, same vectors", "plaid", names.PLAID,
        (Times(names.EXACT, names.INDEX, 10.0),
         Value(names.LEFT_OUT, most=1e-5, called="a document left out is better by"))),
    Bar("the most memory at 1,000,000 documents over that at 10,000", "memory", names.MEMORY,
        (Value(names.MORE, most=300, called="MiB more:"),)),
    Bar("H200: encoding, share of the nominal bfloat16 peak", "gpu", names.GPU,
        (Speed(names.BACKBONE, (names.PEAK,), 0.5, names.NOMINAL),)),
    Bar("H200: encoding and MaxSim of 6,980 queries over encoding alone, one dim", "gpu", names.GPU,
        (Longer(names.WITH_ONE, names.BACKBONE, 1.12),)),
    Bar("H200: the same, three dims", "gpu", names.GPU, (Longer(names.WITH_THREE, names.BACKBONE, 1.20),)),
    Bar("H200: the fused kernel against plain products, one dim", "gpu", names.KERNEL_ONE,
        (Times(names.FUSED, names.PLAIN, 2.0), Value(names.SAME_TOP, called="same top 100"))),
    Bar("H200: the fused kernel against plain products, three dims", "gpu", names.KERNEL_THREE,
        (Times(names.FUSED, names.PLAIN, 2.0), Value(names.SAME_TOP, called="same top 100"))),
)  # fmt: skip
"""In the order of the page."""
SCALE = (
    Bar("all but encoding and MaxSim, 8,841,823 documents, 6,980 queries", "scale", names.SCALE,
        (Value(names.PER_SECOND, least=20_000, called="documents/s:"),)),
    Bar("the most memory at 8,841,823 documents over that at a quarter of them", "scale", names.SCALE,
        (Value(names.GROWN, most=100, called="MiB more:"),)),
    Bar("the value that the planted documents make, and rankings as a sort of all scores", "scale", names.SCALE,
        (Value(names.RIGHT, called="as planted"),)),
)  # fmt: skip
"""Of the page about scale."""
