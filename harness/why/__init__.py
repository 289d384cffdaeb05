"""Why a cell differs: `python -m harness.why dataset=beir/arguana model=...`."""
