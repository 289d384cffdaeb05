"""Student's t and the normal distribution, from scipy.special: scipy.stats takes most of a second to import."""

from __future__ import annotations


def quantile(share: float, freedom: float) -> float:
    """Return the value that Student's t with `freedom` degrees of freedom stays below with probability `share`."""
    from scipy.special import stdtrit  # noqa: PLC0415 - the commands that only print help need none of it

    return float(stdtrit(freedom, share))


def normal_quantile(share: float) -> float:
    """Return the value that a standard normal variable stays below with probability `share`."""
    from scipy.special import ndtri  # noqa: PLC0415 - as above

    return float(ndtri(share))


def below(value: float, freedom: float) -> float:
    """Return the probability that Student's t with `freedom` degrees of freedom is below `value`."""
    from scipy.special import stdtr  # noqa: PLC0415 - as above

    return float(stdtr(freedom, value))
