"""Where a checkpoint lies: a folder, or a repository of the Hugging Face hub at a pinned revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.errors import ConfigError, ModelError, short
from harness.model_spec import HUB_ID
from harness.placeholders import located

WANTED = ("*.json", "*.safetensors", "artifact.metadata", "*.txt", "*.model", "*/config.json", "*/model.safetensors")
"""Files of a repository that are read; pickled weights and code are never fetched."""
VOCABULARIES = ("tokenizer.json", "sentencepiece.bpe.model", "vocab.txt")
"""A tokenizer is one of these files; older repositories have no tokenizer.json."""
UNWANTED = ("onnx/*", "openvino/*", "*.bin", "*.py")


def checkpoint_folder(path: str, revision: str | None) -> Path:
    """Return the folder of the checkpoint that `path` names: itself, or the hub repository's in the local cache.

    What is not in the cache is downloaded; nothing is asked of the hub where the revision is there already.

    Raises:
        ModelError: there is no such folder or repository, or it cannot be had (offline, gated).
    """
    return present(path, revision) or _downloaded(path, revision)


def present(path: str, revision: str | None) -> Path | None:
    """Return the folder of a checkpoint that is on this machine; None where it would have to be downloaded.

    Raises:
        ModelError: `path` is neither a folder nor a hub id.
    """
    folder = located(path)
    if folder.is_dir():
        return folder
    if not HUB_ID.fullmatch(path):
        raise _nowhere(path)
    return _cached(path, revision)


def _nowhere(path: str) -> ModelError:
    return ModelError("there is no such checkpoint", got=short(path), expected="a folder, or a hub id as owner/name")


def _cached(repository: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - a second, and only for hub ids
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415 - the same

    try:
        folder = Path(snapshot_download(repository, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:  # the hub allows fewer names than look like one
        raise _nowhere(repository) from error
    return folder if _whole(folder) else None


def _whole(folder: Path) -> bool:
    """Return whether a snapshot was not broken off: weights, and a vocabulary beside a config (a head has neither)."""
    weights = any(folder.glob("model*.safetensors"))
    return weights and (not (folder / "config.json").exists() or any((folder / name).exists() for name in VOCABULARIES))


def _downloaded(repository: str, revision: str | None) -> Path:
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415 - see above
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 - see above

    # The client's own error, of which the hub's is a kind; its package has had several names.
    client_error: type[Exception] = next(kind for kind in HfHubHTTPError.__mro__ if kind.__name__ == "HTTPError")
    what = f"the checkpoint {repository} cannot be had"
    try:
        # One question first: a download retries for half a minute before it says that there is no connection.
        HfApi().repo_info(repository, revision=revision, timeout=10)
        wanted, unwanted = list(WANTED), list(UNWANTED)
        return Path(snapshot_download(repository, revision=revision, allow_patterns=wanted, ignore_patterns=unwanted))
    except HfHubHTTPError as error:
        raise ModelError(what, got=_refusal(error), remedy=_cure(repository)) from None
    except (client_error, OSError) as error:
        remedy = f"Go online once, or fetch it elsewhere and give its folder: model.path=DIR ({repository})"
        got = f"no connection to the hub ({type(error).__name__}), and not in the cache"
        raise ModelError(what, got=got, remedy=remedy) from None
    except ValueError as error:
        raise ModelError(what, got=type(error).__name__, remedy=_cure(repository)) from None


def _refusal(error: Any) -> str:
    """Return what an answer of the hub means, without its words: they may repeat a token."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return f"{status}: it is gated or not public"
    return f"{status}: no such repository or revision" if status == 404 else f"status {status}"


def _cure(repository: str) -> str:
    return f"Log in with a token that may read it (hf auth login), or give a folder: model.path=DIR ({repository})"


def sibling(pattern: str, path: str) -> str:
    """Return `pattern` with `{path}` filled: published models of other widths stand beside the first.

    >>> sibling("{path}-64", "jinaai/jina-colbert-v2")
    'jinaai/jina-colbert-v2-64'

    Raises:
        ConfigError: the pattern holds another placeholder.
    """
    text = pattern.replace("{path}", path.rstrip("/"))
    if not text:
        raise ConfigError("model.heads: path is empty", expected="a folder or a hub id")
    return text
