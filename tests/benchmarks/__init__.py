"""How fast the harness is, beside its peers: `python -m tests.benchmarks --help`. Nothing here is a test."""
