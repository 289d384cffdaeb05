"""The score stage: a `Run` and judgments become `Scores` (harness.score.scores), per query and mean."""
