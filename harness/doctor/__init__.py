"""Whether this machine can reproduce results with one model: one check a line, before hours are spent."""
