"""What per-query values can and cannot show: intervals, paired tests, equivalence, and words for a reader.

Pure functions of numbers: nothing here knows a result, a table or a file. They give the same bytes on every machine:
sums are exact (math.fsum), random signs come from one fixed stream, and the order of the queries never counts.
"""

from harness.report.statistics.averages import average_interval, paired_average
from harness.report.statistics.best import Supported, supported_best
from harness.report.statistics.differences import Paired, paired
from harness.report.statistics.holm import holm
from harness.report.statistics.intervals import Interval, inside, mean_interval
from harness.report.statistics.words import Judgement, Kind, adjusted, judged, judgement

__all__ = [
    "Interval", "mean_interval", "inside",
    "Paired", "paired", "holm",
    "Judgement", "Kind", "judgement", "judged", "adjusted",
    "average_interval", "paired_average",
    "Supported", "supported_best",
]  # fmt: skip
