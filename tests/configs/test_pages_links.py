"""Links between pages: the file is there, and so is the heading."""

from __future__ import annotations

from pathlib import Path

from tests.fixtures.pages import anchors, links, pages


def dead(page: Path, text: str) -> list[str]:
    """Return the relative links of a page that go to no file, or to no heading of a page."""
    found = []
    for link in links(text):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        # What is not a page has no headings to go to.
        there = target.exists() and (not anchor or anchor in anchors(target.read_text(encoding="utf-8")))
        found += [] if there else [link]
    return found


def test_every_link_of_a_page_goes_somewhere(root: Path) -> None:
    for page in pages(root):
        assert dead(page, page.read_text(encoding="utf-8")) == [], page


def test_every_page_is_reached_from_the_readme(root: Path) -> None:
    reached, ahead = set[Path](), [root / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        names = (link.partition("#")[0] for link in links(page.read_text(encoding="utf-8")) if "://" not in link)
        ahead += [page.parent / name for name in names if name]
    written = [*root.glob("reports/*.md"), *root.glob("configs/**/*.md"), root / "reports/published/README.md"]
    assert len(written) >= 5
    assert {path.resolve() for path in written} <= reached


def test_a_link_that_goes_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A Heading, with `code`\n")
    text = "[a](there.md) [b](there.md#a-heading-with-code) [c](there.md#another) [d](gone.md) [e](https://a.b/c#d)\n"
    text += "# Here\n[f](#here) [g](#there)\n```bash\n# [h](gone.md)\n```\n"
    (tmp_path / "page.md").write_text(text)
    assert dead(tmp_path / "page.md", text) == ["there.md#another", "gone.md", "#there"]
