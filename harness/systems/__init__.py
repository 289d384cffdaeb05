"""The models that can be evaluated, each behind `System`; `open_system` knows which spec is which.

A system's module is imported when one is opened: torch and transformers take seconds, and neither a wrong
configuration nor BM25 needs them.
"""

from __future__ import annotations

from harness.spec import CrossEncoderSpec, LexicalSpec, ModelSpec
from harness.systems.base import Found, System

__all__ = ["Found", "System", "open_system"]


def open_system(model: ModelSpec) -> System:
    """Return the system that `model` describes; nothing large is loaded yet.

    Raises:
        ModelError: its checkpoint is not there.
    """
    if isinstance(model, LexicalSpec):
        from harness.systems.bm25 import Lexical  # noqa: PLC0415 - see above

        return Lexical(model)
    if isinstance(model, CrossEncoderSpec):
        from harness.systems.rerank import Reranker  # noqa: PLC0415 - see above

        return Reranker(model)
    from harness.systems.encoded import Encoded  # noqa: PLC0415 - see above

    return Encoded(model)
