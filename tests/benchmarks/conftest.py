"""Benchmarks take minutes and are run by hand: pytest collects nothing here, doctests neither."""

collect_ignore_glob = ["*.py", "workers/*.py"]
