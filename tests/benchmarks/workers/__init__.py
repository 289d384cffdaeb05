"""Programs that a benchmark talks to: peers in environments of their own, and the harness in a process of its own."""
