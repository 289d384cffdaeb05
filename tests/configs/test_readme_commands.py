"""Pages: every command line in them composes, and every number that they take from a table stands in that table."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.launch import is_word
from tests.fixtures.pages import COMMAND, commands, pages, shell_lines

MARKED = re.compile(r"^<!-- from: (reports/tables/\S+\.md) -->\n+((?:\|.*\n?)+)", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])[+-]?\d*\.\d+(?![\w.])")
OWN_FOLDER = "--config-dir"
"""What test_pages_examples.py runs: it needs the files that its page shows."""
EXAMPLES = {"configs/dataset/README.md", "configs/model/README.md"}
VARIABLE = re.compile(r"[A-Z_]+=\S+")
EXTRA = re.compile(r"\.\[(\w+)\]")
"""As in pip install -e '.[test]'."""


def foreign_numbers(text: str, folder: Path) -> list[str]:
    """Return the numbers in marked tables of `text` that do not stand in the files that the marks name."""
    wrong = []
    for name, table in MARKED.findall(text):
        known = set(NUMBER.findall((folder / name).read_text(encoding="utf-8")))
        wrong += [f"{name}: {number}" for number in NUMBER.findall(table) if number not in known]
    return wrong


def unlaunched(line: str) -> str:
    """Return a command line without its launcher, which a machine without Slurm does not have."""
    return shlex.join(word for word in shlex.split(line, comments=True) if not is_word(word))


def extras(root: Path) -> set[str]:
    """Return the extras that the package can be installed with."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["optional-dependencies"])


def other_fault(line: str, root: Path) -> str | None:
    """Return why a command that is not the harness' own cannot be given; None where nothing is known against it."""
    words = [word for word in shlex.split(line, comments=True) if not VARIABLE.fullmatch(word)]
    program = words[0].rpartition("/")[2]
    match program, words[1:]:
        case (("python" | "python3"), ["-m", module, *_]):
            # `reports` is no package that is installed: its modules lie in the checkout.
            here = (root / module.replace(".", "/")).with_suffix(".py").is_file()
            return None if here or importlib.util.find_spec(module) else f"no module {module}"
        case "pip", ["install", *what]:
            return next(
                (f"no extra {name}" for one in what for name in EXTRA.findall(one) if name not in extras(root)), None
            )
        case "pytest", [*paths]:
            return next((f"no {path}" for path in paths if path[:1] != "-" and not (root / path).exists()), None)
        case "npm", ["install", *_]:
            return None
    return f"unknown: {line}"


def test_every_command_line_of_a_page_composes(root: Path, builds: Callable[[str], int]) -> None:
    # A line that stands in two pages is composed once: each takes most of a second.
    found = {line: path for path in pages(root) for line in commands(path.read_text(encoding="utf-8"))}
    for line, path in found.items():
        if OWN_FOLDER in line:
            assert path.relative_to(root).as_posix() in EXAMPLES, f"{path}: {line}: nobody runs it"
        else:
            assert builds(unlaunched(line)) >= 1, f"{path}: {line}"


def test_every_other_command_of_a_page_names_what_is_there(root: Path) -> None:
    for path in pages(root):
        for line in shell_lines(path.read_text(encoding="utf-8")):
            assert COMMAND.match(line) or other_fault(line, root) is None, f"{path}: {other_fault(line, root)}"


def test_every_extra_that_a_page_names_is_there(root: Path) -> None:
    named = {name for path in pages(root) for name in EXTRA.findall(path.read_text(encoding="utf-8"))}
    assert {"test", "ray", "slurm", "parquet"} <= named
    assert named <= extras(root)


def test_the_first_screen_shows_a_table_and_three_commands(root: Path) -> None:
    screen = (root / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    assert sum(line.startswith("| ") for line in screen) >= 3
    assert sum(line == "```bash" for line in screen) == 3
    assert len(commands("\n".join(screen))) == 3


def test_every_number_in_the_pages_tables_stands_in_the_table_it_is_from(root: Path) -> None:
    for path in pages(root):
        text = path.read_text(encoding="utf-8")
        assert len(MARKED.findall(text)) == text.count("<!-- from: "), f"{path}: a mark stands right above a table"
        assert foreign_numbers(text, root) == [], path


def test_command_lines_are_found_where_they_stand() -> None:
    text = """
    Run `harness` so:

```bash
python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/python -m harness
$ harness score run=FILE \\
    dataset=mini language=en   # one run
echo harness
python -m harness.report out=DIR
```

```text
harness is no command here
```
""".replace("    Run", "Run")
    assert [" ".join(line.split()) for line in commands(text)] == [
        ".venv/bin/python -m harness",
        "harness score run=FILE dataset=mini language=en # one run",
        "python -m harness.report out=DIR",
    ]
    assert len(list(shell_lines(text))) == 6


@pytest.mark.parametrize(
    "line",
    ["python -m harness datset=mini", "harness dataset=beir/scifct", "harness score dataset=mini", "harness model=x,y"],
)
def test_a_command_line_that_does_not_compose_is_found(line: str, builds: Callable[[str], int]) -> None:
    with pytest.raises(Exception, match=r"datset|scifct|run|model/x"):
        builds(line)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("A=b python -m reports.xquad_r.pol DATA OUT", "no module reports.xquad_r.pol"),
        (".venv/bin/pip install -e '.[tset]'", "no extra tset"),
        ("pytest tests/configs/test_readme.py", "no tests/configs/test_readme.py"),
        ("echo harness", "unknown: echo harness"),
    ],
)
def test_another_command_that_names_what_is_not_there_is_found(line: str, told: str, root: Path) -> None:
    assert other_fault(line, root) == told


def test_a_number_that_is_not_in_its_table_is_found(tmp_path: Path) -> None:
    (tmp_path / "reports" / "tables").mkdir(parents=True)
    (tmp_path / "reports" / "tables" / "x.md").write_text("| scifact | .665 | +.013 |\n")
    text = (
        "<!-- from: reports/tables/x.md -->\n\n| scifact | .665 | +.014 |\n| 5,183 documents | 1.5 |\n\nbehind .999\n"
    )
    assert foreign_numbers(text, tmp_path) == ["reports/tables/x.md: +.014", "reports/tables/x.md: 1.5"]
