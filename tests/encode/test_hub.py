from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from harness.encode.encoder import open_encoder
from harness.encode.files import fingerprint
from harness.encode.hub import UNWANTED, WANTED, checkpoint_folder, sibling
from harness.errors import ModelError
from harness.model_spec import EncoderSpec, HeadSpec
from harness.spec import EngineSpec
from tests.fixtures.published import WRITERS

REPOSITORY = "jinaai/jina-colbert-v2"
COMMIT = "4552c4dc1ffd7d7a635b6a41a1077fe9c9cdd974"
OTHER = "a" * 40
TOKEN = "hf_" + "TestToken0123456789" * 2


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache of the hub's client, which is offline."""
    # The client reads its environment once, when it is imported.
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def snapshot(cache: Path, repository: str = REPOSITORY, commit: str = COMMIT) -> Path:
    """Return the folder of a repository's commit in the cache, as the client lays it out; `main` points at it."""
    place = cache / f"models--{repository.replace('/', '--')}"
    (place / "refs").mkdir(parents=True, exist_ok=True)
    (place / "refs" / "main").write_text(commit, encoding="utf-8")
    folder = place / "snapshots" / commit
    folder.mkdir(parents=True)
    return folder


def refused(path: str, revision: str | None = None) -> str:
    with pytest.raises(ModelError) as caught:
        checkpoint_folder(path, revision)
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_its_own_checkpoint_and_needs_no_cache(tmp_path: Path) -> None:
    assert checkpoint_folder(str(tmp_path), None) == tmp_path


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_a_hub_id_is_found_in_the_cache(cache: Path, revision: str | None) -> None:
    folder = snapshot(cache)
    (folder / "model.safetensors").touch()
    assert checkpoint_folder(REPOSITORY, revision).resolve() == folder.resolve()


def test_of_two_commits_in_the_cache_the_pinned_one_is_taken(cache: Path) -> None:
    for commit in (COMMIT, OTHER):
        (snapshot(cache, commit=commit) / "model.safetensors").touch()
    assert checkpoint_folder(REPOSITORY, COMMIT).name == COMMIT
    assert checkpoint_folder(REPOSITORY, None).name == OTHER, "main points at the last one"


def test_a_model_and_its_sibling_run_from_the_cache_alone(cache: Path, tmp_path: Path) -> None:
    WRITERS["jina-colbert-v2"](tmp_path / "written")
    for name, suffix in ((REPOSITORY, ""), (f"{REPOSITORY}-64", "-64")):
        folder = snapshot(cache, name)
        folder.rmdir()
        (tmp_path / f"written{suffix}").rename(folder)
    heads = (HeadSpec(dim=64, path="{path}-64", revision=COMMIT),)
    settings: dict[str, Any] = {"revision": COMMIT, "dims": (128, 64), "dim_kind": "head", "heads": heads}
    encoder = open_encoder(EncoderSpec(name="v2", path=REPOSITORY, **settings), EngineSpec(device="cpu"))
    found = encoder.queries(["what is the river?"], [128, 64]).by_dim
    assert {dim: tuple(vectors.vectors_ND.shape) for dim, vectors in found.items()} == {128: (32, 128), 64: (32, 64)}


def test_a_download_that_was_broken_off_before_the_weights_is_not_taken_for_a_checkpoint(cache: Path) -> None:
    (snapshot(cache) / "config.json").write_text("{}", encoding="utf-8")
    assert "not in the cache" in refused(REPOSITORY)


def test_a_download_that_was_broken_off_before_the_tokenizer_is_not_taken_for_a_checkpoint(cache: Path) -> None:
    folder = snapshot(cache)
    for name in ("config.json", "model.safetensors"):
        (folder / name).touch()
    assert "not in the cache" in refused(REPOSITORY)
    (folder / "vocab.txt").touch()
    assert checkpoint_folder(REPOSITORY, None).resolve() == folder.resolve()


@pytest.mark.parametrize("revision", [None, COMMIT])
def test_a_hub_id_offline_is_refused_at_once_and_the_line_says_how_to_go_on(cache: Path, revision: str | None) -> None:
    assert not cache.exists()
    start = time.monotonic()
    line = refused(REPOSITORY, revision)
    assert time.monotonic() - start < 5
    assert line.startswith(f"the checkpoint {REPOSITORY} cannot be had: got no connection to the hub")
    assert f"model.path=DIR ({REPOSITORY})" in line


def test_the_environment_of_the_client_is_heeded(tmp_path: Path, root: Path) -> None:
    folder = snapshot(tmp_path / "hub")
    (folder / "model.safetensors").touch()
    code = "import sys; from harness.encode.hub import checkpoint_folder; print(checkpoint_folder(sys.argv[1], None))"
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(root)}
    environment.pop("HF_HUB_CACHE", None)
    command = [sys.executable, "-c", code, REPOSITORY]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert Path(done.stdout.strip()).resolve() == folder.resolve()


@pytest.mark.parametrize("path", ["no-such-folder", "/no/such/folder", "a/b/c", "../up/there", "owner/na me"])
def test_a_path_that_is_no_folder_and_no_hub_id_is_refused(cache: Path, path: str) -> None:
    assert not cache.exists()
    assert refused(path) == f"there is no such checkpoint: got {path!r}, expected a folder, or a hub id as owner/name"


@pytest.mark.parametrize("path", ["owner/na--me", "owner/na..me", "owner/name.", f"owner/{'x' * 97}"])
def test_a_name_that_the_hub_does_not_allow_is_refused(cache: Path, path: str) -> None:
    assert not cache.exists()
    assert refused(path).startswith("there is no such checkpoint: got 'owner/")


def answer(kind: type[HfHubHTTPError], status: int) -> HfHubHTTPError:
    text = f"Invalid credentials in Authorization header: {TOKEN}"
    request = SimpleNamespace(url=REPOSITORY, headers={"authorization": f"Bearer {TOKEN}"})
    # The package of the client has changed its name before; all that is asked of an answer is here.
    response: Any = SimpleNamespace(status_code=status, headers={}, text=text, request=request)
    return kind(f"{status} Client Error.\n\n{text}", response=response, server_message=text)


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        (GatedRepoError, 403, "403: it is gated or not public"),
        (GatedRepoError, 401, "401: it is gated or not public"),
        (RepositoryNotFoundError, 401, "401: it is gated or not public"),
        (RepositoryNotFoundError, 404, "404: no such repository or revision"),
        (RevisionNotFoundError, 404, "404: no such repository or revision"),
        (HfHubHTTPError, 503, "status 503"),
    ],
)
def test_an_answer_that_refuses_is_told_in_one_line_without_the_token(
    cache: Path, monkeypatch: pytest.MonkeyPatch, kind: type[HfHubHTTPError], status: int, told: str
) -> None:
    assert not cache.exists()

    def repo_info(*_: object, **__: object) -> None:
        raise answer(kind, status)

    monkeypatch.setattr(HfApi, "repo_info", repo_info)
    with pytest.raises(ModelError) as caught:
        checkpoint_folder(REPOSITORY, COMMIT)
    line = str(caught.value)
    assert line.startswith(f"the checkpoint {REPOSITORY} cannot be had: got {told}. Log in with a token")
    assert "\n" not in line
    printed = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in line + repr(caught.value) + printed


def test_a_sibling_that_is_not_public_is_refused_and_the_line_names_the_way_to_cut(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    WRITERS["jina-colbert-v2"](tmp_path / "written")
    folder = snapshot(cache)
    folder.rmdir()
    (tmp_path / "written").rename(folder)

    def repo_info(_: object, repository: str, **__: object) -> None:
        assert repository == f"{REPOSITORY}-96"
        raise answer(RepositoryNotFoundError, 401)

    monkeypatch.setattr(HfApi, "repo_info", repo_info)
    heads = (HeadSpec(dim=96, path="{path}-96"),)
    spec = EncoderSpec(name="v2", path=REPOSITORY, dims=(128, 96), dim_kind="head", heads=heads)
    with pytest.raises(ModelError) as caught:
        open_encoder(spec, EngineSpec(device="cpu"))
    line = str(caught.value)
    assert line.startswith(f"v2 has no projection to 96 dimensions: the checkpoint {REPOSITORY}-96 cannot be had")
    assert "401" in line
    assert "model.dim_kind=prefix" in line
    assert "\n" not in line
    assert TOKEN not in line


def test_no_pickled_weights_and_no_code_are_asked_for(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[dict[str, Any]] = []

    def download(_: str, **settings: Any) -> str:
        if settings.get("local_files_only"):
            raise huggingface_hub.errors.LocalEntryNotFoundError("not here")
        asked.append(settings)
        return str(tmp_path)

    monkeypatch.setattr(HfApi, "repo_info", lambda *_, **__: None)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert checkpoint_folder(REPOSITORY, COMMIT) == tmp_path
    assert not cache.exists()
    expected = {"revision": COMMIT, "allow_patterns": list(WANTED), "ignore_patterns": list(UNWANTED)}
    assert asked == [expected]
    files = ["pytorch_model.bin", "modeling.py", "onnx/model.onnx", "onnx/config.json", "1_Dense/pytorch_model.bin"]
    wanted = ["config.json", "model.safetensors", "artifact.metadata", "tokenizer.json", "1_Dense/model.safetensors"]
    filtered = huggingface_hub.utils.filter_repo_objects(
        [*files, *wanted], allow_patterns=list(WANTED), ignore_patterns=list(UNWANTED)
    )
    assert list(filtered) == wanted


def test_a_sibling_stands_beside_a_folder_and_beside_a_hub_id() -> None:
    assert sibling("{path}-64", "models/v2/") == "models/v2-64"
    assert sibling("{path}-64", REPOSITORY) == f"{REPOSITORY}-64"
    assert sibling("elsewhere/head", REPOSITORY) == "elsewhere/head"


def test_a_file_of_the_hubs_cache_that_is_not_what_it_is_called_is_told_with_both_hashes(tmp_path: Path) -> None:
    folder, blobs = tmp_path / "snapshots" / COMMIT, tmp_path / "blobs"
    folder.mkdir(parents=True)
    blobs.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    content = b"weights"
    blob = blobs / hashlib.sha256(content).hexdigest()
    blob.write_bytes(content)
    (folder / "model.safetensors").symlink_to(blob)
    assert len(fingerprint(folder)) == 64
    blob.write_bytes(b"weighty")
    with pytest.raises(ModelError) as caught:
        fingerprint(folder)
    found = hashlib.sha256(b"weighty").hexdigest()
    assert f"model.safetensors is damaged: got sha256 {found}, expected sha256 {blob.name}. Remove {blob}" in str(
        caught.value
    )
