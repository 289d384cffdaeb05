"""What a command line of `python -m harness` will cost, before it is run, and whether this machine has room for it."""
