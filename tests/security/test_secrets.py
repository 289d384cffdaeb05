"""A secret that somebody typed or that a library repeats: in no message and in no record."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.redact import command_line, redacted, redacted_word
from harness.report.provenance import environment

TOKEN = "hf_" + "AbCdEfGh" * 4
PLANTED = [
    f"401 Client Error: {TOKEN}",
    f"headers {{'authorization': 'Bearer {TOKEN}'}}",
    f"Authorization: Bearer {TOKEN}",
    f"Authorization: Basic {TOKEN[3:]}",
    f'"authorization": "token {TOKEN[3:]}"',
    f"curl -H 'authorization={TOKEN[3:]}'",
    f"sent Bearer {TOKEN[3:]} to the host",
    f"HF_TOKEN={TOKEN[3:]}",
    f"model.api_key='{TOKEN[3:]}'",
    f'{{"access_token": "{TOKEN[3:]}"}}',
    f"password={TOKEN[3:]}&x=1",
    f"https://user:{TOKEN[3:]}@example.org/x",
    f"https://:{TOKEN[3:]}@example.org/x",
]
HARMLESS = [
    "engine.batch_tokens=64",
    "mask_token: got None, expected one token",
    "480 tokens/s, token 3: NaN",
    "https://example.org/a:b?c=d",
    "model.path=jinaai/jina-colbert-v2",
    "the tokenizer=fast",
    "hf_x and shf_1Abcdefghi",
    "dataset.path=/data/hf_datasets/scifact",
]


@pytest.mark.parametrize("text", PLANTED)
def test_a_secret_is_hidden_in_every_message(text: str) -> None:
    assert TOKEN[3:] in text
    for told in (str(ConfigError("x", got=text)), str(ConfigError(text)), str(ConfigError("x", remedy=text))):
        assert TOKEN[3:] not in told
        assert "***" in told


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text
    assert redacted_word(text) == text


@pytest.mark.parametrize(
    "key", ["token", "hf_token", "HF_TOKEN", "model.token", "+secret", "dataset.api_key", "a.apikey"]
)
def test_the_whole_value_of_a_word_is_hidden_where_its_key_names_a_secret(key: str) -> None:
    assert redacted_word(f"{key}=a b=c,'d") == f"{key}=***"


def test_a_record_holds_the_command_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["python", "-m", "harness", "model=bm25", "+token=abc def", f"model.path=x/{TOKEN}", "out=a b"]
    monkeypatch.setattr("sys.orig_argv", words)
    kept = ["python", "-m", "harness", "model=bm25", "+token=***", "model.path=x/hf_***", "out=a b"]
    assert environment()["command"] == kept
    assert shlex.split(command_line()) == kept


def test_a_token_on_the_command_line_reaches_neither_the_screen_nor_any_file(
    harness: Callable[..., tuple[int, str]], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for word in (
        f"+token={TOKEN}",
        f"model={TOKEN}",
        f"dataset.id={TOKEN}",
        f"out=x/{TOKEN}",
        f"out.x={TOKEN}",
    ):
        code, told = harness("model=bm25", word)
        assert (code, told.count("\n")) == (2, 1), word
        assert TOKEN not in told
    monkeypatch.setattr("sys.orig_argv", ["python", "-m", "harness", "model=bm25", f"HF_TOKEN={TOKEN}"])
    code, told = harness("model=bm25", "language=en")
    assert code == 0
    (path,) = here.glob("runs/results/**/result.json")
    assert json.loads(path.read_bytes())["provenance"]["command"][-1] == "HF_TOKEN=***"
    assert [file for file in here.rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()] == []


def test_a_secret_of_the_environment_becomes_no_setting(
    harness: Callable[..., tuple[int, str]], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "planted")
    code, told = harness("model=bm25", "out=${oc.env:HF_TOKEN}")
    assert (code, told.count("\n")) == (2, 1)
    assert "a setting would hold a secret" in told
    assert "planted" not in told
    assert list(here.iterdir()) == []
