"""READMEs: every command line in it composes, and every number that it takes from a table stands in that table."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

FENCE = re.compile(r"^```(?:bash|sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r"^(?:\$ )?((?:\S*/)?(?:python3? -m harness(?:\.(?:score|report|doctor|plan|status))?|harness)(?: .*)?)$"
)
MARKED = re.compile(r"^<!-- from: (reports/tables/\S+\.md) -->\n+((?:\|.*\n?)+)", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])[+-]?\d*\.\d+(?![\w.])")


def commands(text: str) -> list[str]:
    """Return the command lines of the harness in the fenced blocks of `text`; `&&` separates several."""
    found = []
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            parts = [part.strip() for part in line.split("&&")]
            found += [match[1] for part in parts if (match := COMMAND.match(part))]
    return found


def foreign_numbers(text: str, folder: Path) -> list[str]:
    """Return the numbers in marked tables of `text` that do not stand in the files that the marks name."""
    wrong = []
    for name, table in MARKED.findall(text):
        known = set(NUMBER.findall((folder / name).read_text(encoding="utf-8")))
        wrong += [f"{name}: {number}" for number in NUMBER.findall(table) if number not in known]
    return wrong


def test_every_command_line_of_a_readme_composes(root: Path, builds: Callable[[str], int]) -> None:
    for path in (root / "README.md", *root.glob("reports/*/README.md")):
        for line in commands(path.read_text(encoding="utf-8")):
            assert builds(line) >= 1, f"{path}: {line}"


def test_every_number_in_the_readmes_tables_stands_in_the_table_it_is_from(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    assert len(MARKED.findall(text)) == text.count("<!-- from: "), "a mark stands right above a table"
    assert foreign_numbers(text, root) == []


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


@pytest.mark.parametrize(
    "line",
    ["python -m harness datset=mini", "harness dataset=beir/scifct", "harness score dataset=mini", "harness model=x,y"],
)
def test_a_command_line_that_does_not_compose_is_found(line: str, builds: Callable[[str], int]) -> None:
    with pytest.raises(Exception, match=r"datset|scifct|run|model/x"):
        builds(line)


def test_a_number_that_is_not_in_its_table_is_found(tmp_path: Path) -> None:
    (tmp_path / "reports" / "tables").mkdir(parents=True)
    (tmp_path / "reports" / "tables" / "x.md").write_text("| scifact | .665 | +.013 |\n")
    text = (
        "<!-- from: reports/tables/x.md -->\n\n| scifact | .665 | +.014 |\n| 5,183 documents | 1.5 |\n\nbehind .999\n"
    )
    assert foreign_numbers(text, tmp_path) == ["reports/tables/x.md: +.014", "reports/tables/x.md: 1.5"]
