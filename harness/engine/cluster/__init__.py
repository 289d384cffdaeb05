"""How the shards of one pass are worked off by Ray: on this machine or on the hosts of a cluster, through any fault."""
