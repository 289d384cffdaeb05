from __future__ import annotations

import unicodedata

import bm25s.stopwords
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.retrieve.analyzers import analyzer

# fmt: off
LANGUAGES = [
    "ar", "bn", "da", "de", "el", "en", "es", "fa", "fi", "fr", "hi", "hu", "id", "it", "ja", "ko", "nl", "pt", "ro",
    "ru", "sv", "sw", "te", "th", "tr", "vi", "whitespace", "yo", "zh",
]
LUCENE_STOP_WORDS = {
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
}
# fmt: on
VARIATION_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))


def test_english_is_stemmed_by_the_first_porter_algorithm() -> None:
    # Porter's second algorithm (Snowball's `english`) writes "generous" and "fair" for the first two.
    terms = analyzer("en").tokens("generously fairly Relational HOPPING ponies")
    assert terms == ["gener", "fairli", "relat", "hop", "poni"]


def test_english_words_of_one_and_two_letters_are_not_stemmed() -> None:
    assert analyzer("en").tokens("s us x vitamin e") == ["s", "us", "x", "vitamin", "e"]


def test_english_stop_words_are_the_thirty_three_of_lucene() -> None:
    assert analyzer("en").stop_words == LUCENE_STOP_WORDS
    assert analyzer("en").tokens("This is the way that WE should not go") == ["wai", "we", "should", "go"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("the cell's cells\u2019 CELL\u2019S", ["cell", "cell", "cell"]),
        ("3.5 1,000 i.e. e.g.x 2.x", ["3.5", "1,000", "i.", "e.g.x", "2", "x"]),
        ("p53-dependent (IL-2) foo_bar", ["p53", "depend", "il", "2", "foo", "bar"]),
        ("'quoted' don't \u2014 \U0001f600 ...", ["quot", "don't"]),
        ("co\u00adoperate", ["cooper"]),
    ],
)
def test_english_words_end_where_lucene_ends_them(text: str, tokens: list[str]) -> None:
    assert analyzer("en").tokens(text) == tokens


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("hi", "हिन्दी की किताबें।", ["हिन्दी", "की", "किताबें"]),
        ("bn", "বাংলাদেশের রাজধানী ঢাকা।", ["বাংলাদেশের", "রাজধানী", "ঢাকা"]),
        ("te", "తెలుగు భాష", ["తెలుగు", "భాష"]),
        ("th", "ที่นี่ กรุงเทพ", ["ที่นี่", "กรุงเทพ"]),
        (
            "vi",
            unicodedata.normalize("NFD", "Hà Nội, Việt Nam?"),
            unicodedata.normalize("NFD", "hà nội việt nam").split(),
        ),
    ],
)
def test_a_combining_mark_does_not_end_a_word(language: str, text: str, words: list[str]) -> None:
    assert analyzer(language).cut(text) == words


def test_hindi_is_stemmed_after_its_stop_words_are_taken_out() -> None:
    one, many = analyzer("hi").tokens("किताब"), analyzer("hi").tokens("की किताबें")
    assert one == many == ["किताब"]


def test_joiners_do_not_change_a_word_and_part_words_in_persian() -> None:
    assert analyzer("hi").tokens("क्\u200dष") == analyzer("hi").tokens("क्ष")
    assert analyzer("fa").cut("\u0645\u06cc\u200c\u062e\u0648\u0631\u062f") == [
        "\u0645\u06cc",
        "\u062e\u0648\u0631\u062f",
    ]


@pytest.mark.parametrize(
    ("language", "text", "tokens"),
    [
        ("de", "Die Häuser der Städte", ["haus", "stadt"]),
        ("fr", "L'avion et l\u2019eau", ["avion", "eau"]),
        ("it", "dell'amore", ["amor"]),
        ("es", "las casas", ["cas"]),
        ("ru", "и книгами", ["книг"]),
        ("fi", "talossa", ["talo"]),
        ("nl", "de huizen", ["huis"]),
        ("pt", "os livros", ["livr"]),
        ("id", "yang membaca", ["baca"]),
        ("ar", "في الكتاب", ["كتاب"]),
    ],
)
def test_stop_words_and_endings_go_by_language(language: str, text: str, tokens: list[str]) -> None:
    assert analyzer(language).tokens(text) == tokens


@pytest.mark.parametrize("language", ["sw", "yo"])
def test_swahili_and_yoruba_are_split_at_whitespace_alone(language: str) -> None:
    assert analyzer(language).tokens(" Rais wa\tKenya\nni nani? ") == ["Rais", "wa", "Kenya", "ni", "nani?"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("東京都", ["東京", "京都"]),
        ("東", ["東"]),
        ("2020年にiPhone 12を", ["2020", "年に", "iphone", "12", "を"]),
        ("東京。大阪", ["東京", "大阪"]),
        ("한국어 말", ["한국", "국어", "말"]),
        ("\uff21\uff22\uff23\uff11 ｶﾞｽ", ["abc1", "ガス"]),
        ("中.文 v3.5", ["中", "文", "v3.5"]),
        ("葛\U000e0100城", ["葛城"]),
        ("the 中文 of", ["中文"]),
    ],
)
@pytest.mark.parametrize("language", ["zh", "ja", "ko"])
def test_runs_of_cjk_become_overlapping_bigrams_and_other_words_stay(
    language: str, text: str, tokens: list[str]
) -> None:
    assert analyzer(language).tokens(text) == tokens


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.text())
def test_terms_are_never_empty_and_hold_no_whitespace(language: str, text: str) -> None:
    terms = analyzer(language).tokens(text)
    assert all(term.split() == [term] for term in terms)


@given(text=st.text(st.characters(categories=["L", "M", "N"], max_codepoint=0x1FFFF), min_size=1))
def test_no_letter_mark_or_digit_is_lost_between_words(text: str) -> None:
    plain = "".join(letter for letter in text if letter.isalnum() or unicodedata.category(letter)[0] == "M")
    kept = "".join(analyzer("bn").tokens(plain))
    assert kept == "".join(letter for letter in plain.lower() if letter not in VARIATION_SELECTORS)


def test_an_unknown_language_is_refused_with_the_languages_there_are() -> None:
    with pytest.raises(ConfigError, match=r"unknown language of BM25: got 'xx', expected one of ar, bn, da, .*, zh"):
        analyzer("xx")


def test_the_lists_of_bm25s_hold_single_words_as_the_analysers_cut_them() -> None:
    # A stop word that its own analyser would cut in two could never be met.
    for language, name in {"de": "GERMAN", "fr": "FRENCH", "it": "ITALIAN", "ru": "RUSSIAN", "nl": "DUTCH"}.items():
        for word in getattr(bm25s.stopwords, f"STOPWORDS_{name}"):
            assert analyzer(language).tokens(word) == []
