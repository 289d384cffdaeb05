"""Configurations of others: nothing they name is imported, called or read, and the reason is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.foreign import refuse_code, refuse_folder, refuse_words

GROUPS = ("dataset", "model", "search", "engine")
TRAP = "import pathlib\npathlib.Path(__file__).with_name('sprung').touch()\nclass Callback:\n    pass\n"
NAMED = [
    "torch.utils.collect_env.run",
    "torch.load",
    "torch.hub.load",
    "numpy.load",
    "pandas.read_pickle",
    "joblib.load",
    "sympy.sympify",
    "asyncio.run",
    "setuptools._distutils.spawn.spawn",
    "builtins.open",
    "pathlib.Path.write_text",
    "shutil.copy",
    "urllib.request.urlretrieve",
    "trap.Callback",
]
"""What ran, or wrote a file, through `instantiate` of hydra-core 1.3.8."""
FILES = {
    "a callback": "hydra:\n  callbacks:\n    trap:\n      _target_: trap.Callback\n",
    "a callback by header": "# @package hydra.callbacks.trap\n_target_: trap.Callback\n",
    "a callback by package": "defaults:\n  - model@hydra.callbacks.trap: bm25\n",
    "a callback by its group": "defaults:\n  - /hydra/callbacks/trap\n",
    "a callback in a sweep": "hydra:\n  sweeper:\n    params:\n      +hydra.callbacks.trap._target_: trap.Callback\n",
    "a folder in a sweep": "hydra:\n  sweeper:\n    params:\n      model: ../../../tmp/evil\n",
    "a launcher": "defaults:\n  - override hydra/launcher: trap\n",
    "a sweeper": "hydra:\n  sweeper:\n    _target_: trap.Callback\n",
    "logging": "hydra:\n  job_logging:\n    handlers:\n      x:\n        (): trap.Callback\n",
    "a variable": "hydra:\n  job:\n    env_set:\n      HF_ENDPOINT: https://example.org\n",
    "a search path": "hydra:\n  searchpath:\n    - file:///tmp\n",
    "another folder": "hydra:\n  run:\n    dir: /tmp/elsewhere\n",
    "a file outside": "defaults:\n  - ../../tmp/evil\n",
    "a choice outside": "defaults:\n  - override /model: ../../tmp/evil\n",
    "a tag": "model: !!python/object/apply:trap.Callback []\n",
    "an argument": "model:\n  name: x\n  deep:\n    - _partial_: true\n",
    "a secret": "out: ${oc.env:HF_TOKEN}\n",
    "aliases": "a: &a [x, x]\n" + "".join(f"k{n}: &k{n} [*{'a' if n == 0 else f'k{n - 1}'}, x]\n" for n in range(20)),
    "a key twice": "out: a\nout: b\n",
    "too much": f"out: {'x' * 70_000}\n",
    "no text": "out: \xff\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_that_is_more_than_data_is_refused_before_anything_is_built(
    harness: Callable[..., tuple[int, str]], here: Path, tmp_path: Path, content: str
) -> None:
    (here / "trap.py").write_text(TRAP)
    folder = tmp_path / "configs" / "experiment"
    folder.mkdir(parents=True)
    head = "" if content.startswith("#") else "# @package _global_\n"
    (folder / "evil.yaml").write_bytes(f"{head}{content}".encode("latin-1"))
    code, told = harness("--config-dir", folder.parent, "+experiment=evil", "model=bm25", "language=en")
    assert code == 2, told
    assert told.startswith(f"error: {folder / 'evil.yaml'}")
    assert told.count("\n") == 1
    assert sorted(path.name for path in here.iterdir() if path.name != "__pycache__") == ["trap.py"]


def test_a_file_of_hydras_own_group_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "hydra" / "launcher" / "x.yaml").write_text("a: 1\n")
    with pytest.raises(ConfigError, match=r"x\.yaml: got Hydra's own settings"):
        refuse_folder(tmp_path, GROUPS)


def test_a_link_to_a_folder_is_refused_since_nothing_behind_it_was_looked_at(tmp_path: Path) -> None:
    (tmp_path / "behind").mkdir()
    (tmp_path / "behind" / "evil.yaml").write_text("_target_: trap.Callback\n")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "model").symlink_to(tmp_path / "behind")
    with pytest.raises(ConfigError, match="model is a link to a folder"):
        refuse_folder(tmp_path / "configs", GROUPS)


def test_an_experiment_of_ones_own_that_is_data_runs(
    harness: Callable[..., tuple[int, str]], here: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "configs" / "experiment"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /model: bm25\nlanguage: &one en\nout: mine\n"
        "hydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      search.depth: 100,200\n"
    )
    code, told = harness("--config-dir", folder.parent, "-m", "+experiment=mine")
    assert code == 0, told
    assert len(list(here.glob("mine/results/**/result.json"))) == 2


def test_every_file_that_comes_with_the_harness_but_the_primaries_is_data(root: Path, tmp_path: Path) -> None:
    for group in ("dataset", "model", "search", "engine", "experiment"):
        refuse_folder(root / "configs" / group, GROUPS)
    (tmp_path / "many").mkdir()
    for number in range(1001):
        (tmp_path / "many" / f"{number}.yaml").touch()
    with pytest.raises(ConfigError, match="more than 1,000 files"):
        refuse_folder(tmp_path, GROUPS)


PLACES = [f"+model.x._target_={name}" for name in NAMED]
PLACES += ["+dim=[{_target_: trap.Callback}]", "++dataset.languages={en: {_target_: trap.Callback}}"]


@pytest.mark.parametrize("word", PLACES)
def test_a_key_that_names_code_is_refused_wherever_the_command_line_puts_it(
    harness: Callable[..., tuple[int, str]], here: Path, word: str
) -> None:
    (here / "trap.py").write_text(TRAP)
    code, told = harness("model=bm25", word)
    assert code == 2
    assert told.startswith("error: a key that names code: got '_target_'")
    assert told.count("\n") == 1
    assert not (here / "sprung").exists()


@pytest.mark.parametrize("key", ["_target_", "_partial_", "_args_", "_recursive_", "_convert_", "_target_whitelist_"])
def test_every_key_that_instantiate_reads_is_refused_however_deep(key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        refuse_code({"a": [{"b": [[{key: "x"}]]}]})


def test_keys_with_underscores_of_their_own_are_not() -> None:
    refuse_code({"query_length": 1, "_x": 1, "x_": 2, "a": ["_target_"]})


WORDS = [
    "hydra.run.dir=/tmp",
    "+model@hydra.callbacks.x=bm25",
    "+model@a:hydra.x=bm25",
    "model@hydra=bm25",
    "hydra=x",
    "$hydra.x=1",
    "+experiment=../../tmp/evil",
    "model=/tmp/evil",
    "dataset=[a,../b]",
]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_reaches_out_is_refused(word: str) -> None:
    with pytest.raises(ConfigError):
        refuse_words([word], GROUPS)


def test_words_that_only_look_alike_are_not() -> None:
    refuse_words(["dataset.path=../data", "out=/tmp/hydra", "model.name=hydra", "search.run=../x.trec"], GROUPS)


@pytest.mark.parametrize(
    "flags",
    [
        ("--config-path", "elsewhere"),
        ("-cp=elsewhere",),
        ("--config-p", "elsewhere"),
        ("--experimental-rerun", "job.pickle"),
        ("--experimental-r=job.pickle",),
        ("--config-name", "../../tmp/evil"),
        ("-cn", "/opt/evil"),
    ],
)
def test_a_flag_that_reads_from_anywhere_is_refused(
    harness: Callable[..., tuple[int, str]], flags: tuple[str, ...]
) -> None:
    code, told = harness(*flags)
    assert code == 2
    assert told.startswith("error: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize("name", ["../../x", "/etc", "a/b", ".hidden", "", "a\nb", "a\u202eb", "x" * 101])
def test_a_name_that_becomes_a_folder_is_a_plain_word(harness: Callable[..., tuple[int, str]], name: str) -> None:
    quoted = "'" + name + "'"
    for key in ("dataset.name", "model.name"):
        code, told = harness("model=bm25", f"{key}={quoted}")
        assert code == 2
        assert told.count("\n") == 1
    code, told = harness("model=bm25", f'+dataset.languages={{"{name or "."}": null}}', f"language=[{quoted}]")
    assert code == 2
