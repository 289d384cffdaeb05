"""Results in the forms that others read: runs, leaderboards, model cards, papers, spreadsheets, data frames."""
