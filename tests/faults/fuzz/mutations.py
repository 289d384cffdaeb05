"""Damage to files, drawn at random from a seed: bits, bytes, lines, numbers, keys, nesting, encodings, lengths."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutation = Callable[[random.Random, bytes], bytes]

NUMBER = re.compile(rb"[+-]?[0-9][0-9_.]*(?:[eE][+-]?[0-9]+)?")
NUMBERS = [
    b"nan", b"NaN", b"inf", b"-inf", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1e39", b"1e-400", b"-0", b"-0.0",
    b"0", b"00", b"007", b"+1", b"-1", b"1.", b".5", b"1,5", b"1_0", b"0x1F", b"0o17", b"1e5", b"12:30:00", b"1e", b"",
    b"2147483648", b"4294967296", b"18446744073709551616", b"9" * 30, b"9" * 5000, b"0." + b"3" * 400, b"1 2", b"[1]",
    b".nan", b".inf", b"9" * 400, b"true", b"null", b"no", b'"1"', b"{}",
    *(letters.encode() for letters in ("\u0661\u0662", "\uff11", "\u00b2")),
]  # fmt: skip
KEY = re.compile(rb'"[^"\n]{1,40}"(?=\s*:)|(?m:^\s*[A-Za-z_]+(?=:))')
CONTROLS = [
    b"\0", b"\x07", b"\x08", b"\x0b", b"\x0c", b"\r", b"\x1b[2J", b"\x7f", *(
        letter.encode() for letter in "\u0085\u00a0\u00ad\u200b\u2028\u2029\u202e\u2066\ufeff\ufffd\U000e0001"
    ),
]  # fmt: skip
BROKEN = [b"\xff", b"\xfe\xff", b"\xc3(", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf8\x88\x80\x80\x80", b"\xe2\x82", b"\x80"]
ESCAPES = [b"\\u0000", b"\\ud800", b"\\udc00", b"\\u2028", b"\\x", b"\\", b'\\"', b"\\n", b"\\u00", b'"', b"'", b"#"]
WORDS = [
    b"!!python/object/apply:os.getcwd []", b"!x", b"&a [*a]", b"&a", b"*a", b"<<: {a: 1}", b"_target_: os.getcwd",
    b"---\n", b"${oc.env:HOME}", b"${x}", b"%YAML 9.9\n", b"../../etc/passwd", b"/etc/passwd", b"~", b"|", b">", b"?",
    b"a" * 200, b"\t", b"  ", b": ", b"- ",
]  # fmt: skip
LENGTHS = [0, 1, 7, 8, 2**16, 100_000_001, 2**31, 2**32, 2**40, 2**62, 2**63, 2**64 - 1]


def place(chosen: random.Random, content: bytes) -> int:
    return chosen.randrange(len(content) + 1)


def put(content: bytes, start: int, stop: int, new: bytes) -> bytes:
    return content[:start] + new + content[stop:]


def flip(chosen: random.Random, content: bytes) -> bytes:
    if not content:
        return b"\x01"
    where = chosen.randrange(len(content))
    return put(content, where, where + 1, bytes([content[where] ^ (1 << chosen.randrange(8))]))


def insert(chosen: random.Random, content: bytes) -> bytes:
    where = place(chosen, content)
    return put(content, where, where, chosen.randbytes(chosen.choice([1, 1, 1, 2, 8])))


def delete(chosen: random.Random, content: bytes) -> bytes:
    where = place(chosen, content)
    return put(content, where, where + chosen.choice([1, 1, 1, 2, 8, 40]), b"")


def duplicate(chosen: random.Random, content: bytes) -> bytes:
    start, where = place(chosen, content), place(chosen, content)
    return put(content, where, where, content[start : start + chosen.choice([1, 4, 20, 100])])


def zeros(chosen: random.Random, content: bytes) -> bytes:
    start, size = place(chosen, content), chosen.choice([1, 8, 100])
    return put(content, start, start + size, bytes(len(content[start : start + size])))


def truncate(chosen: random.Random, content: bytes) -> bytes:
    where = place(chosen, content)
    return content[: chosen.choice([where, where, len(content) - 1, content.rfind(b"\n", 0, where) + 1])]


def lines(chosen: random.Random, content: bytes) -> bytes:
    found = content.split(b"\n")
    one, other = chosen.randrange(len(found)), chosen.randrange(len(found))
    match chosen.randrange(5):
        case 0:
            found[one], found[other] = found[other], found[one]
        case 1:
            found.insert(other, found[one])
        case 2:
            del found[one]
        case 3:
            found.insert(one, chosen.choice([b"", b" ", b"#", b"{}", b"[]", b"null", b"\t"]))
        case 4:
            found[one : one + 2] = [b"".join(found[one : one + 2])]
    return b"\n".join(found)


def number(chosen: random.Random, content: bytes) -> bytes:
    found = list(NUMBER.finditer(content))
    if not found:
        return insert(chosen, content)
    one = chosen.choice(found)
    return put(content, *one.span(), chosen.choice(NUMBERS))


def digit(chosen: random.Random, content: bytes) -> bytes:
    found = list(re.finditer(rb"[0-9]", content))
    if not found:
        return flip(chosen, content)
    return put(content, *chosen.choice(found).span(), str(chosen.randrange(10)).encode())


def key(chosen: random.Random, content: bytes) -> bytes:
    found = list(KEY.finditer(content))
    if not found:
        return duplicate(chosen, content)
    one, other = chosen.choice(found), chosen.choice(found)
    return put(content, *one.span(), chosen.choice([other[0], one[0][::-1], one[0].upper(), b'"x"', b'""']))


def nest(chosen: random.Random, content: bytes) -> bytes:
    where = place(chosen, content)
    opened, closed = chosen.choice([(b"[", b"]"), (b'{"a":', b"}"), (b"{a: ", b"}"), (b"- ", b"")])
    deep = chosen.choice([1, 10, 100, 100, 5000, 20_000])
    return put(content, where, where, opened * deep + (b"1" + closed * deep if chosen.random() < 0.5 else b""))


def spliced(words: list[bytes]) -> Mutation:
    def splice(chosen: random.Random, content: bytes) -> bytes:
        where = place(chosen, content)
        return put(content, where, where, chosen.choice(words))

    return splice


def encoding(chosen: random.Random, content: bytes) -> bytes:
    match chosen.randrange(6):
        case 0 | 1:
            return b"\xef\xbb\xbf" + content
        case 2:
            return content.replace(b"\n", b"\r\n")
        case 3:
            return content.replace(b"\n", b"\r")
        case 4:
            return content.decode(errors="replace").encode("utf-16")
        case _:
            return content.decode(errors="replace").encode("latin-1", errors="replace")


def length(chosen: random.Random, content: bytes) -> bytes:
    size = chosen.choice([8, 8, 4])
    where = chosen.choice([0, 0, place(chosen, content)])
    told = chosen.choice([*LENGTHS, len(content), len(content) - 8, len(content) - 7])
    return put(content, where, where + size, (told % 256**size).to_bytes(size, "little"))


def long(chosen: random.Random, content: bytes) -> bytes:
    where = place(chosen, content)
    return put(content, where, where, chosen.choice([b"x", b" ", b"9", b"\n", b"\t"]) * chosen.choice([500, 70_000]))


ALL: list[Mutation] = [
    flip, flip, insert, delete, duplicate, zeros, truncate, lines, lines, number, number, number, number, digit, digit,
    key, key, spliced(CONTROLS), spliced(BROKEN), spliced(ESCAPES), spliced(WORDS), encoding, length,
]  # fmt: skip
RARE: list[Mutation] = [nest, long]
"""Large ones, which cost time to make and to read."""


def mutated(chosen: random.Random, content: bytes) -> bytes:
    """Return `content` damaged once to three times."""
    for _ in range(chosen.choice([1, 1, 1, 2, 3])):
        content = chosen.choice(RARE if chosen.random() < 0.04 else ALL)(chosen, content)
    return content
