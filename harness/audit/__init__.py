"""Any model card against itself: `python -m harness.audit card=README.md`."""
