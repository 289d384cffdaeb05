"""How the shards of one pass are worked off on this machine: processes side by side, reading ahead of encoding."""
