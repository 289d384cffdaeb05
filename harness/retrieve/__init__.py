"""The retrieve stage: token vectors or words become a `Run` (harness.retrieve.run), best document first."""
