"""The report stage: `Result` records stand beside the published tables, with a verdict per cell."""
