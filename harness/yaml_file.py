"""YAML as the harness reads it by itself: small, of plain values, each key once, and no more than it looks.

A few hundred bytes of aliases of aliases stand for more nodes than fit in memory, a tag can ask for an object of any
class, and of two equal keys PyYAML keeps the last and says nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from harness.errors import DataError, HarnessError, short
from harness.storage import read_capped

LARGEST = 64 * 1024
"""Bytes; what comes with the harness has less than 3 kB a file."""
HALVES = re.compile(r"[\ud800-\udfff]")
"""What stands for no letter by itself."""
ALIASES = 16
"""With 16 aliases, however nested, no part of a file stands for more than 324 copies of it (3^4 x 4)."""


def read_yaml(path: Path, fault: type[HarnessError] = DataError) -> object:
    """Return what the YAML file at `path` holds, as plain values; None where it is empty.

    Raises:
        HarnessError: as `fault`: it cannot be read, is no YAML, too large, or has a tag, too many aliases or a key
            twice.
    """
    try:
        loader = _Loader(read_capped(path, LARGEST, fault).decode("utf-8"))
        try:
            node = loader.get_single_node()
            return loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise fault(f"{path} is no YAML", got=short(" ".join(str(error).split()), 160)) from error
    except OSError as error:
        raise fault(f"{path} cannot be read", got=error.strerror) from error


class _Loader(yaml.SafeLoader):
    """Plain values only; counts aliases while it composes, and looks at every mapping once."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > ALIASES:
                raise yaml.YAMLError(f"more than {ALIASES} aliases")
        return super().compose_node(parent, index)

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        if HALVES.search(node.value):
            # An escape (\ud800) makes one: it stands for no letter, and nothing that holds it can be written.
            raise yaml.YAMLError(f"half a letter in line {node.start_mark.line + 1}: {short(node.value)}")
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if repeated := [key for place, key in enumerate(keys) if key in keys[:place]]:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"a key stands twice, line {line} and after: {short(repeated[0])}, expected each once")
        return node
