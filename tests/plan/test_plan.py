"""What `harness.plan` reckons, what it says when it does not know, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from harness.__main__ import main
from harness.encode.hub import present
from harness.errors import ModelError, StorageError
from harness.plan import device, jobs, room
from harness.plan.cost import Cost, cost
from harness.plan.device import Rates
from harness.plan.downloads import files
from harness.plan.known import Sizes, config_sizes, read_known
from harness.plan.room import Need, collections, needs, refuse
from harness.plan.table import shared
from harness.spec import DatasetSpec, EncoderSpec, RunSpec

ROOT = Path(__file__).resolve().parents[2]
KNOWN = read_known()
JINA = EncoderSpec(name="jina-colbert-v2", path="jinaai/jina-colbert-v2", dims=(128, 96, 64), dim_kind="head")
SCIFACT = DatasetSpec(name="scifact", source="irds", id="beir/scifact/test", documents=5183, queries=300)
SHAPE = KNOWN.checkpoints[JINA.path]


def spec(dataset: DatasetSpec = SCIFACT, model: EncoderSpec = JINA, dims: tuple[int, ...] = (128,)) -> RunSpec:
    return RunSpec(dataset=dataset, model=model, dims=dims)


def reckoned(one: RunSpec, shape: Sizes | None = SHAPE) -> Cost:
    return cost(one, shape, KNOWN, "cpu")


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of ir_datasets in which there is nothing."""
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path / "irds"))
    return tmp_path / "irds"


@pytest.fixture
def plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that plans a command line in an empty folder, and measures next to nothing."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setenv("COLUMNS", "130")
    monkeypatch.setattr(jobs.planned, "__defaults__", (0.0,))

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["harness", "plan", *words])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, told.out, told.err

    return run


def test_operations_of_scifact_are_those_reckoned_by_hand() -> None:
    one = reckoned(spec())
    assert one.tokens == 5183 * 231
    parameters = 24 * (4 * 1024**2 + 2 * 1024 * 4096)
    assert one.encode == one.tokens * (2 * parameters + 4 * 24 * 1024 * 231 + 2 * 1024 * 128)
    assert one.search == 2 * 128 * 32 * 300 * one.tokens


def test_heads_are_multiplied_each_and_prefixes_in_one_product() -> None:
    heads, prefixes = JINA, replace(JINA, dim_kind="prefix")
    widths = {
        kind: (reckoned(spec(model=model, dims=(128, 96, 64))).search or 0) / (reckoned(spec()).search or 1)
        for kind, model in {"heads": heads, "prefixes": prefixes}.items()
    }
    assert widths == {"heads": (128 + 96 + 64) / 128, "prefixes": 1}


def test_tables_take_eight_bytes_a_place_shard_and_dimension() -> None:
    one, three = reckoned(spec()), reckoned(spec(dims=(128, 96, 64)))
    assert one.shards == 11
    assert one.out == 300 * 100 * (8 * 11 + 40)
    assert three.out == 3 * one.out


def test_a_config_with_a_gated_feed_forward_has_a_third_matrix(tmp_path: Path) -> None:
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "intermediate_size": 16}
    for kind, matrices in ({}, 2), ({"feed_forward_type": "geglu"}, 3), ({"mlp_type": "glu"}, 3):
        (tmp_path / "config.json").write_text(json.dumps(sizes | kind))
        found = config_sizes(tmp_path, 1)
        assert found is not None
        assert found.flop(0, 0) == 2 * 2 * (4 * 8**2 + matrices * 8 * 16)
    (tmp_path / "config.json").write_text("{}")
    assert config_sizes(tmp_path, 1) is None
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        config_sizes(tmp_path, 1)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("beir/scifact/test", 2816079),
        ("beir/webis-touche2020/v2", 227132363),
        ("beir/nq", 498307926),
        ("msmarco-passage/dev/small", 1057717952),
        ("mmarco/v2/dt/dev/small", 3362632528 + 4828536),
        ("miracl/yo/dev", 10_000_000),
    ],
)
def test_downloads_have_the_sizes_of_ir_datasets_and_miracl_its_own(name: str, size: int) -> None:
    found = files(DatasetSpec(name="x", source="irds", id=name), KNOWN.miracl)
    assert found is not None
    assert sum(file.download for file in found) == size


def test_what_nobody_knows_is_none_and_a_folder_has_nothing_to_fetch() -> None:
    for name in ("beir/strange", "antique/test", "miracl/xx/dev", "mmarco/v2/xx/dev/small"):
        assert files(DatasetSpec(name="x", source="irds", id=name), KNOWN.miracl) is None
    assert files(DatasetSpec(name="x", source="beir", path="x"), KNOWN.miracl) == ()


def test_what_is_here_is_not_fetched_and_what_is_stored_takes_no_disk(empty: Path) -> None:
    folder = empty / "beir" / "scifact"
    folder.mkdir(parents=True)
    (folder / "source.zip").write_bytes(b"x")
    (file,) = files(SCIFACT, KNOWN.miracl) or ()
    assert (file.download, file.disk) == (0, 2 * file.size)
    (folder / "docs.pklz4").mkdir()
    (file,) = files(SCIFACT, KNOWN.miracl) or ()
    assert (file.download, file.disk) == (0, 0)


def test_a_file_that_two_jobs_read_is_fetched_once() -> None:
    one = reckoned(spec())
    assert len(collections([one, one])) == 1


def test_every_dataset_of_the_card_has_a_mean_and_a_download() -> None:
    for path in (ROOT / "configs" / "dataset").rglob("*.yaml"):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if data["source"] == "irds" and data["name"]:
            assert data["name"] in KNOWN.tokens, path
            for code, entry in (data["languages"] or {"": {}}).items():
                name = data["id"].format(language=code, code=entry.get("code", code))
                assert files(DatasetSpec(name="x", source="irds", id=name), KNOWN.miracl), name


def test_hours_are_measured_tokens_and_half_a_product_for_the_rest() -> None:
    one = replace(reckoned(spec()), tokens=7200.0, encode=4e12, search=1e12)
    assert Rates(flop=1e12, tokens=2.0).hours(one) == pytest.approx((3600 + 2) / 3600)
    assert Rates(flop=1e12, tokens=None).hours(one) == pytest.approx((8 + 2) / 3600)
    assert Rates(flop=1e12, tokens=2.0).hours(replace(one, tokens=None)) is None


def test_several_machines_take_as_long_as_the_one_with_most_shards() -> None:
    one = replace(reckoned(spec()), shards=5)
    assert [shared(one, 10.0, machines) for machines in (1, 2, 5, 9)] == [10.0, 6.0, 2.0, 2.0]


def test_what_has_no_room_is_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    one = reckoned(spec())
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _path: SimpleNamespace(free=2**20))
    found = needs([one], 2**30, 2**20)
    with pytest.raises(StorageError, match=r"does not fit: disk at .*: 1\.0 GiB needed, 1\.0 MiB free; memory: "):
        refuse(found)
    refuse([Need("disk", 5, 5)])


def test_disks_that_are_one_are_asked_for_the_sum() -> None:
    one = reckoned(spec())
    first = needs([one], 0, 2**40)[0]
    assert first.need == (one.out or 0) + sum(file.disk for file in one.files or ())


def test_a_plan_of_the_demonstration_measures_and_leaves_nothing_behind(
    plan: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, err = plan("language=[en,ar]", "engine.device=cpu", "machines=2")
    assert (code, err) == (0, "")
    assert "mini ar" in out
    assert "total" in out
    assert "on 2" in out
    assert "tokens/s encoded here, measured" in out
    assert "?" not in out
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(("columns", "models"), [("80", "mini"), ("80", "mini,bm25"), ("60", "mini")])
def test_no_number_is_cut_on_a_narrow_terminal(
    plan: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, columns: str, models: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    code, out, _ = plan("-m", f"model={models}", "dataset=beir/hotpotqa", "machines=100", "engine.device=cpu")
    assert code == 0
    rows = out.partition("device: ")[0]
    assert "5,233,329" in rows
    assert "…" not in rows
    assert max(len(line.rstrip()) for line in rows.splitlines()) <= int(columns)


def test_a_checkpoint_that_is_not_here_is_reckoned_from_its_published_sizes_or_not_at_all(
    plan: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "present", lambda _path, _revision: None)
    code, out, _ = plan("model=jina-colbert-v2", "dataset=beir/scifact", "engine.device=cpu")
    assert code == 0
    assert "of which 50% is taken to be reached" in out
    assert "jinaai/jina-colbert-v2 is not on this machine, 1.0 GiB to download" in out
    code, out, _ = plan("model=mdpr", "dataset=beir/scifact", "engine.device=cpu")
    assert code == 0
    assert "castorini/mdpr-tied-pft-msmarco is not on this machine" in out
    assert "hours unknown without its config.json" in out


def test_a_plan_that_does_not_fit_exits_with_three(
    plan: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _path: SimpleNamespace(free=2**20))
    code, out, err = plan("model=bm25", "dataset=beir/scifact")
    assert code == 3
    assert "bm25" in out
    assert "scifact" in out
    assert err.startswith("error: this does not fit: disk at ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("given", ["0", "x", "1.5", "null", "true"])
def test_machines_are_a_whole_number(plan: Callable[..., tuple[int, str, str]], given: str) -> None:
    code, out, err = plan(f"machines={given}")
    assert (code, out) == (2, "")
    assert err.startswith("error: machines: got ")


def test_looking_for_a_checkpoint_downloads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.encode.hub._downloaded", lambda *_: pytest.fail("downloaded"))
    assert present("nobody/has-this", "0" * 40) is None
