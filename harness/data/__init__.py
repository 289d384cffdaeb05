"""The data stage: a dataset spec becomes a `Collection` (harness.data.collection), checked before it is handed on."""
