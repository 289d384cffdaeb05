"""Secrets on their way into a message or a record: tokens, passwords, and what is sent to prove who one is."""

from __future__ import annotations

import re
import shlex
import sys

HIDDEN = "***"
NAMES = r"(?<![a-z])(?:token|secret|password|passwd|api_?key|access_?key|credentials?|authorization)(?![a-z])"
"""Words that name a secret, alone or as part of a name: `HF_TOKEN`, `model.api_key`; not `batch_tokens`."""
SECRET_NAME = re.compile(NAMES, re.IGNORECASE)
VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s,;"'}\])]+)"""
SHAPES = (
    # A capital letter among them: folders are called hf_datasets.
    (re.compile(r"(?<![A-Za-z0-9])hf_(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{8,}"), f"hf_{HIDDEN}"),
    (re.compile(r"(://)[^/\s@:]*:[^/\s@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(rf"(authorization[\"']?\s*[:=]\s*[\"']?)(?:(?:bearer|basic|token)\s+)?{VALUE}", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.I), rf"\1{HIDDEN}"),
    (re.compile(rf"({NAMES}[\"']?=){VALUE}", re.I), rf"\1{HIDDEN}"),
    (re.compile(rf"([\"'][\w.-]*{NAMES}[\"']\s*:\s*){VALUE}", re.I), rf"\1{HIDDEN}"),
)
"""What a secret looks like in a text, and what is put there."""


def redacted(text: str) -> str:
    """Return `text` with what looks like a secret hidden.

    >>> redacted("401 for https://me:pw@host with Authorization: Bearer abc.def and HF_TOKEN=x")
    '401 for https://***@host with Authorization: *** and HF_TOKEN=***'
    """
    for shape, instead in SHAPES:
        text = shape.sub(instead, text)
    return text


def redacted_word(word: str) -> str:
    """Return a word of a command line, its whole value hidden where its key names a secret.

    >>> redacted_word("+model.token=a b"), redacted_word("engine.batch_tokens=64")
    ('+model.token=***', 'engine.batch_tokens=64')
    """
    key, sign, _ = word.partition("=")
    return f"{key}={HIDDEN}" if sign and SECRET_NAME.search(key) else redacted(word)


def command_words() -> list[str]:
    """Return the words that this process was started with, without secrets."""
    return [redacted_word(word) for word in sys.orig_argv]


def command_line() -> str:
    """Return the same as a shell takes it."""
    return shlex.join(command_words())
