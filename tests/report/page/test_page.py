"""The page as a file: what it says, that it loads and runs nothing, that equal input gives equal bytes."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from harness import paths
from harness.report.card import report
from harness.report.page.build import Material, page
from harness.report.page.marks import SIGNS
from harness.report.record import Result, write_result
from harness.report.registered import Registered, registered
from harness.report.table import count_verdicts
from harness.report.verdict import Verdict
from harness.retrieve.run import Run, ranking
from harness.retrieve.trec import write_run
from tests.report.page.parsing import Parsed

Make = Callable[..., Result]
MakeMaterial = Callable[..., Material]


def test_the_whole_card_half_of_it_run_is_under_a_megabyte_and_made_in_under_five_seconds(full_card: Material) -> None:
    assert sum(count_verdicts(full_card.tables).values()) >= 150
    assert len(full_card.results) >= 70
    # Its own seconds: tests share their cores with others.
    begun = time.process_time()
    made = page(full_card)
    assert time.process_time() - begun < 5
    assert len(made.encode()) < 1_000_000


def test_equal_input_gives_equal_bytes(full_card: Material, full_page: str) -> None:
    assert page(full_card) == full_page


def test_every_element_is_closed_in_its_turn_and_every_id_is_there_once(full_page: str) -> None:
    ids = Parsed(full_page).values("id")
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z0-9-]+", one) for one in ids)


def test_every_link_inside_the_page_leads_to_something_and_every_description_too(full_page: str) -> None:
    parsed = Parsed(full_page)
    ids = set(parsed.values("id"))
    inside = [href[1:] for href in parsed.values("href") if href.startswith("#")]
    assert len(inside) > 100
    assert set(inside) <= ids
    assert set(parsed.values("aria-labelledby")) <= ids


def test_nothing_is_loaded_and_nothing_is_run(full_page: str) -> None:
    parsed = Parsed(full_page)
    assert not {"script", "iframe", "object", "embed", "img", "form", "base"} & set(parsed.counts)
    assert {attributes["href"] for attributes in parsed.named("link")} == {"data:,"}
    assert not [
        name
        for _, attributes in parsed.elements
        for name in attributes
        if name.startswith("on") or name in ("style", "src", "srcset")
    ]
    addresses = {href for href in parsed.values("href") if not href.startswith("#")} - {"data:,"}
    assert addresses == {"https://huggingface.co/jinaai/jina-colbert-v2"}
    assert set(re.findall(r"https?://[^\s\"<]+", full_page)) == addresses
    assert "url(" not in full_page
    assert "@import" not in full_page


def test_the_policy_lets_a_browser_apply_the_one_style_of_the_page_and_nothing_else(full_page: str) -> None:
    parsed = Parsed(full_page)
    (policy,) = [one["content"] for one in parsed.named("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", full_page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'", f"style-src 'sha256-{digest}'", "img-src data:", "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert parsed.counts["style"] == 1


def test_the_page_has_a_language_a_title_a_skip_link_and_headings_in_order(full_page: str) -> None:
    parsed = Parsed(full_page)
    assert parsed.named("html") == [{"lang": "en"}]
    assert parsed.counts["title"] == parsed.counts["h1"] == parsed.counts["main"] == 1
    assert parsed.named("a")[0] == {"class": "skip", "href": "#card"}
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_head_of_a_table_says_what_it_is_the_head_of_and_every_drawing_is_told_in_words(full_page: str) -> None:
    parsed = Parsed(full_page)
    assert {one.get("scope") for one in parsed.named("th")} == {"row", "col"}
    drawings = parsed.named("svg")
    assert all(one.get("aria-hidden") == "true" or one.get("aria-label") for one in drawings)
    regions = [one for one in parsed.named("div") if one.get("class") == "scroll"]
    assert len(regions) == parsed.counts["table"]
    assert all(one["tabindex"] == "0" and one["role"] == "region" for one in regions)


def test_the_first_screen_counts_the_verdicts_and_says_what_was_run(full_card: Material, full_page: str) -> None:
    text = Parsed(full_page).text
    for verdict, count in count_verdicts(full_card.tables).items():
        assert re.search(rf"\b{count} \S {verdict.value}", text)
    assert "jinaai/jina-colbert-v2" in text
    assert "2026-01-02 03:04 UTC" in text
    assert "python -m harness.report" in text
    assert f"commit {'c' * 40}" in text


def test_a_card_without_results_says_that_nothing_is_known(make_material: MakeMaterial) -> None:
    text = Parsed(page(make_material())).text
    assert "None of the card's 8 cells has been run. Nothing is reproduced and nothing refuted." in text
    assert "8 · not run" in text
    assert "No system was run at two widths." in text


def test_a_cell_shows_measured_published_difference_and_a_verdict_in_a_sign_and_a_word(
    make_material: MakeMaterial, make_result: Make
) -> None:
    made = Parsed(page(make_material(make_result(0.5014, command=["python", "-m", "harness", "out=my runs"]))))
    assert "✓ reproduced 0.501 card 0.500 +0.001" in made.text
    assert "python -m harness 'out=my runs'" in made.text
    assert "0.501400 nDCG@10, 95 % interval" in made.text
    assert "Queries by value: 0 at 0, 4 between, 0 at 1" in made.text
    assert (
        "1 of the card's 8 cells has been run. It is within 0.002 of the card's value. It differs by +0.0014"
        in made.text
    )


def test_a_result_that_fills_two_cells_is_opened_once_and_pointed_to_from_the_other(full_page: str) -> None:
    cells = re.findall(r'<td id="(cell-[^"]+)">(<details>|<a href="#([^"]+)")', full_page)
    opened = {at for at, begin, _ in cells if begin == "<details>"}
    pointing = [to for _, begin, to in cells if begin != "<details>"]
    assert len(pointing) >= 10
    assert set(pointing) <= opened
    keys = re.findall(r"<dt>Key</dt><dd>([0-9a-f]{16})</dd>", full_page)
    assert len(keys) == len(set(keys)) == len(opened)


def test_the_page_says_which_cells_are_missing_and_with_which_command_to_run_them(full_page: str) -> None:
    text = Parsed(full_page).text
    assert "python -m harness -m model=bm25 dataset=" in text
    assert "language=[" in text


def test_the_audit_the_notes_and_the_source_of_the_card_stand_on_the_page(full_card: Material, full_page: str) -> None:
    text = Parsed(full_page).text
    assert full_card.findings
    for finding in full_card.findings:
        assert finding.text in text
    assert "MS MARCO is part of this model's training data" in text


def test_an_opened_cell_shows_the_queries_at_both_ends_with_their_best_documents(full_page: str) -> None:
    opened = re.findall(r'<dl class="ends">(.*?)</dl>', full_page, re.DOTALL)
    assert len(opened) > 70
    for ends in opened:
        assert len(re.findall(r"<dd>[01]\.\d{3} <bdi>\d{7}</bdi>", ends)) == 6
        assert len(re.findall(r"<bdi>d[123]\d{7}</bdi>", ends)) == 18


def test_the_report_writes_the_page_with_documents_of_the_run_that_lies_beside_a_result(
    tmp_path: Path, make_result: Make
) -> None:
    known = registered(paths.configs())
    for name, kept in (("a", True), ("b", False)):
        result = make_result(0.5, model=f"mine-{name}", dataset="own", key=name)
        write_result(tmp_path / "results" / name / "result.json", result)
        if kept:
            run = Run("x", {query: ranking([(f"found-for-{query}", 1.0)]) for query in ("q0", "q1", "q2", "q3")})
            write_run(tmp_path / "results" / name / "run.trec", run, depth=10)
    (made,) = [path for path in report(tmp_path, known).paths if path.name == "report.html"]
    html = made.read_text(encoding="utf-8")
    assert made == tmp_path / "tables" / "report.html"
    assert html.count("<bdi>found-for-q1</bdi>") == 1
    assert html.count("no run lies beside the result") == 1


def test_comparisons_stand_on_the_page_with_what_the_data_can_tell_and_averages_over_languages_before_them(
    make_material: MakeMaterial, make_result: Make, register: Callable[..., Registered]
) -> None:
    known = register(["alpha", "bm25"], [("poly", "de"), ("poly", "en")])
    results = [
        make_result(value, model=model, dataset="poly", language=language)
        for model, value in (("alpha", 0.9), ("bm25", 0.2))
        for language in ("de", "en")
    ]
    html = page(make_material(*results, known=known))
    blocks = re.findall(r'<details class="block" id="(block-[^"]+)"><summary>(.*?)</summary>', html, re.DOTALL)
    assert [at for at, _ in blocks] == [
        "block-compared-poly-average-over-2-languages", "block-compared-poly-de", "block-compared-poly-en",
    ]  # fmt: skip
    assert all("1 comparison: 1 cannot be told" in summary for _, summary in blocks)
    text = Parsed(html).text
    assert "alpha bm25 cannot be told at n = 4 +0.700" in text


def test_every_verdict_has_a_sign_of_its_own() -> None:
    assert set(SIGNS) == set(Verdict)
    assert len(set(SIGNS.values())) == len(Verdict)


def test_the_report_command_starts_without_what_only_a_page_needs(root: Path) -> None:
    code = (
        "import sys, harness.report.card\n"
        "sys.exit(','.join({'jinja2', 'scipy', 'matplotlib', 'harness.report.page.build'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
