"""The commands for cells that were not run: the command line takes each, and it asks for those cells and no others."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from harness import paths
from harness.config import run_specs
from harness.report.join import join
from harness.report.page.missing import NO_DATASET, NO_MODEL, Choices, Missing, choices, missing
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import registered
from harness.spec import RunSpec


@pytest.fixture(scope="module")
def whole() -> tuple[Missing, ...]:
    """What is missing where nothing was run."""
    from harness.report.reading import read_published  # noqa: PLC0415

    known = registered(paths.configs())
    tables = [join(card, [], known) for card in read_published(paths.published())]
    return missing(tables, [table.published.name for table in tables], known, choices(paths.configs()))


def _jobs(words: Sequence[str]) -> list[RunSpec]:
    """Return the jobs that the command line makes of `words`."""
    with initialize_config_dir(version_base="1.3", config_dir=str(paths.configs())):
        made = OmegaConf.to_container(compose("evaluate", overrides=list(words)), resolve=True)
    assert isinstance(made, dict)
    return list(run_specs({str(key): value for key, value in made.items()}))


def _choices(line: str) -> Iterator[list[str]]:
    """Yield the words of each job of a command line, which may be a sweep over datasets."""
    words = [word for word in shlex.split(line)[3:] if word != "-m"]
    (dataset,) = [word for word in words if word.startswith("dataset=")]
    for choice in dataset.removeprefix("dataset=").split(","):
        yield [f"dataset={choice}" if word is dataset else word for word in words]


def test_every_column_of_the_card_has_a_command_for_each_of_its_datasets_and_for_no_other(
    whole: tuple[Missing, ...], card: tuple[PublishedTable, ...]
) -> None:
    columns = [(table, column) for table in card for column in table.columns]
    names = {choice: name for name, choice in choices(paths.configs()).datasets.items()}
    for one, (table, _) in zip(whole, columns, strict=True):
        assert one.reason == ""
        asked = [words for line in one.commands for words in _choices(line)]
        datasets = [names[word.removeprefix("dataset=")] for words in asked for word in words if word[:8] == "dataset="]
        assert datasets == list(dict.fromkeys(row.dataset for row in table.rows))


def test_the_command_line_takes_every_model_with_its_width_and_every_dataset_of_those_commands(
    whole: tuple[Missing, ...], card: tuple[PublishedTable, ...]
) -> None:
    columns = [(table, column) for table in card for column in table.columns]
    met: set[str] = set()
    for one, (table, column) in zip(whole, columns, strict=True):
        for words in (words for line in one.commands for words in _choices(line)):
            if met.issuperset(words):
                continue
            met.update(words)
            jobs = _jobs(words)
            assert {job.model.name for job in jobs} == {column.model}
            assert {len(job.dims) for job in jobs} == {1}
            assert column.dim is None or {job.dims for job in jobs} == {(column.dim,)}
            rows = {(row.dataset, row.language) for row in table.rows}
            assert {(job.dataset.name, job.dataset.language) for job in jobs} <= rows
            assert len(jobs) == sum(row.dataset == jobs[0].dataset.name for row in table.rows)


def test_cells_that_were_run_are_not_asked_for_again(
    make_table: Callable[..., PublishedTable], make_result: Callable[..., Result], register: Callable[..., object]
) -> None:
    known = register(["alpha", "beta"], [("one", None), ("two", "en"), ("two", "de"), ("three", None)])
    named = Choices(datasets={"one": "group/one", "two": "two", "three": "three"}, models={"alpha": "alpha"})
    table = join(make_table(), [make_result(0.5)], known)  # type: ignore[arg-type]
    alpha, beta = missing([table], ["t"], known, named)  # type: ignore[arg-type]
    assert alpha.rows == ("two en", "three")
    assert alpha.commands == (
        "python -m harness model=alpha dim=128 dataset=three",
        "python -m harness model=alpha dim=128 dataset=two language=en",
    )
    assert (beta.commands, beta.reason) == ((), NO_MODEL)


def test_a_dataset_without_a_configuration_has_no_command_and_the_page_says_why(
    make_table: Callable[..., PublishedTable], register: Callable[..., object]
) -> None:
    known = register(["alpha", "beta"], [("one", None), ("two", "en"), ("three", None)])
    table = join(make_table(), [], known)  # type: ignore[arg-type]
    named = Choices(datasets={"one": "one"}, models={"alpha": "alpha", "beta": "beta"})
    alpha, beta = missing([table], ["t"], known, named)  # type: ignore[arg-type]
    assert alpha.commands == ("python -m harness model=alpha dim=128 dataset=one",)
    assert beta.commands == ("python -m harness model=beta dim=8 dataset=one",)
    assert {alpha.reason, beta.reason} == {NO_DATASET}
