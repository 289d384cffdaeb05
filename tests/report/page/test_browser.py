"""The page in a real browser: nothing sticks out, the keyboard opens what opens, hostile text stays text.

Needs Chromium and its driver (Debian: `chromium`, `chromium-driver`) and selenium; without them these tests are
skipped, and the summary counts them. HARNESS_SCREENSHOTS names a folder that keeps the pictures.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.page.looks import CONTRAST, CUT, EVERYTHING

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
WIDTHS = (360, 800, 1400)
SCHEMES = ("light", "dark")
TALLEST = 6000
"""Pixels of a picture."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window, driven by selenium."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs a browser: no chromium and chromedriver on this machine")
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs a browser: no selenium here")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-dev-shm-usage",
        "disable-gpu",
        "hide-scrollbars",
        "force-device-scale-factor=1",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, full_page: str) -> Path:
    """The page of the whole card on disk."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(full_page, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go."""
    named = os.environ.get("HARNESS_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _open(browser: Any, path: Path, width: int, scheme: str = "light", media: str = "screen") -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    browser.get(path.as_uri())


def _picture(browser: Any, path: Path) -> None:
    sizes = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": sizes["width"], "height": min(sizes["height"], TALLEST), "scale": 1}
    made = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
    path.write_bytes(base64.b64decode(made["data"]))


@pytest.fixture
def committed(root: Path) -> Path:
    """The page of the results that the repository shows."""
    return root / "reports" / "tables" / "report.html"


@pytest.fixture(params=["whole card", "committed"])
def shown(request: pytest.FixtureRequest, file: Path, root: Path) -> Path:
    """The page of the whole card, and that of the results which the repository shows."""
    return file if request.param == "whole card" else root / "reports" / "tables" / "report.html"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways_and_tells_the_browser_of_no_fault(
    browser: Any, shown: Path, pictures: Path, width: int, scheme: str
) -> None:
    _open(browser, shown, width, scheme)
    _picture(browser, pictures / f"{shown.parent.name}-{width}-{scheme}.png")
    reach = "return [document.documentElement.scrollWidth, window.innerWidth]"
    assert browser.execute_script(reach) == [width, width]
    for opened in ("details.block", "td details", "figure details"):
        browser.execute_script(f"document.querySelectorAll('{opened}').forEach(one => {{ one.open = true }})")
        assert browser.execute_script(reach) == [width, width], f"with {opened} open"
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_column_of_a_table_stays_while_the_others_scroll_in_their_box(
    browser: Any, file: Path, width: int
) -> None:
    _open(browser, file, width)
    browser.execute_script("document.querySelectorAll('td details').forEach(one => { one.open = true })")
    scrolled, left = browser.execute_script("""
        const box = [...document.querySelectorAll('.scroll')].find(one => one.scrollWidth > one.clientWidth + 60);
        const head = box.querySelector('thead th');
        box.scrollLeft = 10000;
        return [box.scrollLeft, head.getBoundingClientRect().left - box.getBoundingClientRect().left];
    """)
    assert scrolled > 50
    assert 0 <= left <= 2


def test_the_style_is_applied_in_both_schemes_and_text_stands_out_from_its_ground(browser: Any, file: Path) -> None:
    grounds = set()
    for scheme in SCHEMES:
        _open(browser, file, 1400, scheme)
        worst = browser.execute_script(CONTRAST)
        assert worst[0] >= 4.5, f"{scheme}: {worst}"
        grounds.add(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_tab_reaches_the_skip_link_and_the_first_cell_and_enter_opens_it(browser: Any, file: Path) -> None:
    keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
    _open(browser, file, 800)
    reached = []
    for _ in range(60):
        browser.switch_to.active_element.send_keys(keys.TAB)
        reached.append(
            browser.execute_script("return document.activeElement.tagName + ' ' + document.activeElement.className")
        )
        if reached[-1].startswith("SUMMARY"):
            break
    assert reached[0] == "A skip"
    assert reached[-1].startswith("SUMMARY")
    assert browser.execute_script("return document.querySelector('td details').open") is False
    browser.switch_to.active_element.send_keys(keys.ENTER)
    assert browser.execute_script("return document.querySelector('td details').open") is True
    assert browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle") != "none"
    browser.switch_to.active_element.send_keys(keys.ENTER)
    assert browser.execute_script("return document.querySelector('td details').open") is False


def test_a_link_to_what_many_results_share_opens_it(browser: Any, file: Path) -> None:
    _open(browser, file, 800)
    browser.execute_script("document.querySelector('td details').open = true")
    browser.execute_script("document.querySelector('td details .panel a').click()")
    seen = "const to = document.querySelector(location.hash); return [to.closest('details').open, to.id]"
    opened, at = browser.execute_script(seen)
    assert opened
    assert at.startswith("way-")


def test_on_paper_nothing_is_opened_nothing_is_cut_and_the_ground_is_white(
    browser: Any, file: Path, pictures: Path
) -> None:
    _open(browser, file, 1060, "dark", media="print")
    assert browser.execute_script("return document.querySelectorAll('details[open]').length") == 0
    assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.execute_script(CUT) == []
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    (pictures / "print.pdf").write_bytes(base64.b64decode(printed["data"]))
    assert (pictures / "print.pdf").stat().st_size > 10_000
    _picture(browser, pictures / "print.png")


def test_hostile_text_is_text_to_a_browser_too(
    browser: Any, make_hostile_page: Callable[[str], str], tmp_path: Path, pictures: Path
) -> None:
    counts = []
    for name, text in (("harmless", "word"), ("hostile", EVERYTHING)):
        path = tmp_path / f"{name}.html"
        path.write_text(make_hostile_page(text), encoding="utf-8")
        _open(browser, path, 800)
        counts.append(browser.execute_script("return document.querySelectorAll('*').length"))
        assert (
            browser.execute_script(
                "return document.scripts.length + document.querySelectorAll('[onerror], [onmouseover], img').length"
            )
            == 0
        )
        assert browser.execute_script("return window.hit") is None
        assert browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]") == [800, 800]
    _picture(browser, pictures / "hostile.png")
    assert counts[0] == counts[1]
    assert browser.get_log("browser") == []
