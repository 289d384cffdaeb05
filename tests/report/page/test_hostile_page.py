"""Text from outside on the page: shown as what it is, and nothing else, wherever it comes from."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.page.setting import inert
from tests.report.page.hostile import HOSTILE
from tests.report.page.parsing import Parsed

MakePage = Callable[[str], str]
ACTIVE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_makes_no_element_and_no_attribute(make_hostile_page: MakePage, text: str) -> None:
    harmless, hostile = Parsed(make_hostile_page("word")), Parsed(make_hostile_page(text))
    assert hostile.counts == harmless.counts
    shape = [(tag, sorted(attributes)) for tag, attributes in hostile.elements]
    assert shape == [(tag, sorted(attributes)) for tag, attributes in harmless.elements]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_acts_without_being_seen_is_shown_as_an_escape(make_hostile_page: MakePage, text: str) -> None:
    html = make_hostile_page(text)
    assert {letter for letter in html if unicodedata.category(letter) in ACTIVE} == {"\n"}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_still_there_to_be_read(make_hostile_page: MakePage, text: str) -> None:
    assert " ".join(Parsed(make_hostile_page(text)).texts).count(str(inert(text)).strip()) > 20


def test_no_address_but_the_cards_own_becomes_a_link(make_hostile_page: MakePage) -> None:
    html = make_hostile_page("javascript:alert(1) https://example.com [a](https://example.com)")
    addresses = {href for href in Parsed(html).values("href") if not href.startswith("#")}
    assert addresses == {"data:,", 'https://example.org/a"b'}


@given(text=st.text(st.characters(exclude_categories=[])))
def test_any_text_is_on_one_line_before_it_is_escaped(text: str) -> None:
    assert not [letter for letter in str(inert(text)) if unicodedata.category(letter) in ACTIVE]
