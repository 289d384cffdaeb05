"""How BM25 cuts a text into terms, for every language of the card and some more.

The order is that of Lucene's analysers (words, lower case, stop words, stemmer), with Snowball's stemmers from
PyStemmer (MIT and BSD; 3.1 is the first with Persian). English is Anserini's DefaultEnglishAnalyzer: possessives cut,
Lucene's 33 stop words, the first Porter algorithm. The other stop words are the lists that bm25s (MIT) ships, else
those of the package stop-words (BSD-3-Clause).

A word is a run of letters, combining marks and digits; a point or apostrophe between letters and a point or comma
between digits belong to it (the rules WB6, 7, 11 and 12 of UAX #29, which Lucene's StandardTokenizer follows). As in
Lucene the text is not normalised (no NFKC), but for the width of letters in Chinese, Japanese and Korean, as in
CJKWidthFilter. Joiners, soft hyphens and variation selectors are taken out of words, since texts with and without them
mean the same; in Persian the non-joiner parts words, as in Lucene's PersianCharFilter. In French and Italian
apostrophes part words and the elided articles are stop words, which does what Lucene's ElisionFilter does.

Where this differs from Anserini (`AnalyzerMap.java`, `IndexCollection.java`):
    ja, ko          bigrams; Anserini has dictionaries (Kuromoji, Nori)
    bn, te, th, vi  words alone, without stemmer and stop words; Anserini has Lucene's analysers for the first three
                    (Thai is cut by a dictionary), and analyses Vietnamese as English
    ar, fa, hi      Lucene's folding of letter variants and digits is left out, but for what Snowball does itself
Swahili and Yoruba are as in Anserini: split at whitespace and nothing else, case and punctuation kept. So is the
language called `whitespace`, for texts in any other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import Stemmer
import stop_words
from bm25s import stopwords as bm25s_lists

from harness.errors import lookup

Cut = Callable[[str], list[str]]
"""Text -> its words in order, lower-cased unless the language keeps case."""


def _marks() -> str:
    # `\w` knows letters and digits alone: without the marks every Hindi, Bengali or Thai vowel sign would end a word.
    return "".join(letter for letter in map(chr, range(0x300, 0x20000)) if unicodedata.category(letter)[0] == "M")


_RUN = rf"[\w{_marks()}]+"
_IN_LETTERS = r"(?<=\D)[.:\u00b7'\u2019](?=[^\W\d])"
_IN_DIGITS = r"(?<=\d)[.,;'\u2019](?=\d)"
_WORD = re.compile(rf"{_RUN}(?:(?:{_IN_LETTERS}|{_IN_DIGITS}){_RUN})*")
_INVISIBLE = re.compile("[\u00ad\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_APOSTROPHE = re.compile("['\u2019]")
_POSSESSIVE = re.compile("['\u2019]s$")
_HALF_OR_FULL_WIDTH = re.compile("[\uff01-\uff9f]+")
_HAN = "\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7ff"
_CJK_RUN = re.compile(f"([{_HAN}{_KANA}{_HANGUL}]+)")


def _words(text: str) -> list[str]:
    found: list[str] = _WORD.findall(_INVISIBLE.sub("", text).replace("_", " ").lower())
    return found


def _english_words(text: str) -> list[str]:
    return [_POSSESSIVE.sub("", word) for word in _words(text)]


def _elided_words(text: str) -> list[str]:
    return _words(_APOSTROPHE.sub(" ", text))


def _persian_words(text: str) -> list[str]:
    return _words(text.replace("\u200c", " "))


def _bigrams(text: str) -> list[str]:
    narrow = _HALF_OR_FULL_WIDTH.sub(lambda run: unicodedata.normalize("NFKC", run[0]), _INVISIBLE.sub("", text))
    found: list[str] = []
    for place, piece in enumerate(_CJK_RUN.split(narrow)):
        if place % 2 == 0:
            found.extend(_words(piece))
        elif len(piece) == 1:
            found.append(piece)
        else:
            found.extend(piece[start : start + 2] for start in range(len(piece) - 1))
    return found


_CUTS: dict[str, tuple[Cut, str | None]] = {
    "ar": (_words, "arabic"),
    "bn": (_words, None),
    "da": (_words, "danish"),
    "de": (_words, "german"),
    "el": (_words, "greek"),
    "en": (_english_words, "porter"),
    "es": (_words, "spanish"),
    "fa": (_persian_words, "persian"),
    "fi": (_words, "finnish"),
    "fr": (_elided_words, "french"),
    "hi": (_words, "hindi"),
    "hu": (_words, "hungarian"),
    "id": (_words, "indonesian"),
    "it": (_elided_words, "italian"),
    "ja": (_bigrams, None),
    "ko": (_bigrams, None),
    "nl": (_words, "dutch"),
    "pt": (_words, "portuguese"),
    "ro": (_words, "romanian"),
    "ru": (_words, "russian"),
    "sv": (_words, "swedish"),
    "sw": (str.split, None),
    "te": (_words, None),
    "th": (_words, None),
    "tr": (_words, "turkish"),
    "vi": (_words, None),
    "whitespace": (str.split, None),
    "yo": (str.split, None),
    "zh": (_bigrams, None),
}
"""Language -> how its words are cut, and the name of its Snowball algorithm."""

_ENGLISH = bm25s_lists.STOPWORDS_EN
_BM25S_LISTS: dict[str, tuple[str, ...]] = {
    "de": bm25s_lists.STOPWORDS_GERMAN,
    "en": _ENGLISH,
    "es": bm25s_lists.STOPWORDS_SPANISH,
    "fr": bm25s_lists.STOPWORDS_FRENCH,
    "it": bm25s_lists.STOPWORDS_ITALIAN,
    # A list of words does not fit bigrams; Lucene's CJKAnalyzer takes out English words alone.
    "ja": _ENGLISH,
    "ko": _ENGLISH,
    "nl": bm25s_lists.STOPWORDS_DUTCH,
    "pt": bm25s_lists.STOPWORDS_PORTUGUESE,
    "ru": bm25s_lists.STOPWORDS_RUSSIAN,
    "sv": bm25s_lists.STOPWORDS_SWEDISH,
    "tr": bm25s_lists.STOPWORDS_TURKISH,
    "zh": _ENGLISH,
}
_PACKAGE_LISTS = ("ar", "da", "el", "fa", "fi", "hi", "hu", "id", "ro")


@dataclass(frozen=True, eq=False)
class Analyzer:
    """How texts of one language become terms; not to be shared between threads (its stemmer keeps a cache)."""

    language: str
    cut: Cut
    stop_words: frozenset[str]
    stemmer: Stemmer.Stemmer | None
    stem_from: int = 1
    """The length of the shortest words that are stemmed."""

    def tokens(self, text: str) -> list[str]:
        """Return the terms of `text` in order, repeated ones repeated.

        >>> analyzer("en").tokens("The cell's proteins are binding")
        ['cell', 'protein', 'bind']
        """
        words = [word for word in self.cut(text) if word not in self.stop_words]
        if self.stemmer is None:
            return words
        stems = self.stemmer.stemWords(words)
        return [stem if len(word) >= self.stem_from else word for word, stem in zip(words, stems, strict=True)]


def analyzer(language: str) -> Analyzer:
    """Return the analyser of a language by its ISO 639-1 code.

    Raises:
        ConfigError: no analyser for that code; the message lists the codes that have one.
    """
    cut, algorithm = lookup("language of BM25", language, _CUTS)
    stemmer = Stemmer.Stemmer(algorithm) if algorithm else None
    # Porter's paper and Lucene leave words of one and two letters alone; Snowball's porter makes "s" an empty word.
    return Analyzer(language, cut, _stop_words(language), stemmer, stem_from=3 if algorithm == "porter" else 1)


def _stop_words(language: str) -> frozenset[str]:
    if language in _PACKAGE_LISTS:
        return frozenset(word.lower() for word in stop_words.get_stop_words(language))
    return frozenset(_BM25S_LISTS.get(language, ()))
