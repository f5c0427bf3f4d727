"""Tokens, flags and shingles by definition: what `kernels/text.py` must compute.

Code points one by one, positions in UTF-8 bytes, hashes as Python integers. No
constant is taken from the kernels.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

SHINGLE_WORDS = 3
_LOW_64 = 2**64 - 1
_MULTIPLY_1, _MULTIPLY_2 = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
_STEP = 0x9E3779B97F4A7C15
_ONE_LETTER = {
    "\u064a": "\u06cc",
    "\u0649": "\u06cc",
    "\u0643": "\u06a9",
    "\u06c1": "\u0647",
    "\u06c3": "\u0629",
}
_ALONE = [
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF),
    (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF),
]  # fmt: skip


class Token(NamedTuple):
    """A word: its folded form, its bytes in the text, and what is known of it."""

    folded: str
    start: int
    end: int
    quoted: bool
    number: bool
    capitalised: bool
    sentence_start: bool


def fold(char: str) -> str | None:
    """Return a word character's folded form, "" if it is passed over, None for a separator."""
    if not _is_word(char):
        return "" if unicodedata.category(char) == "Cf" else None
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    folded = ""
    for part in unicodedata.normalize("NFKD", decomposed):
        is_accent = unicodedata.category(part)[0] == "M" and unicodedata.combining(part) > 0
        is_variant = 0xFE00 <= ord(part) <= 0xFE0F or 0xE0100 <= ord(part) <= 0xE01EF
        if _is_word(part) and not is_accent and not is_variant and part != "\u0640":
            digit = unicodedata.decimal(part, None)
            folded += _ONE_LETTER.get(part, part if digit is None else str(digit))
    return folded


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in {"L", "M", "N"}


def stands_alone(char: str) -> bool:
    """Say whether a character is of a script written without spaces."""
    return any(low <= ord(char) <= high for low, high in _ALONE)


def tokens(text: str) -> list[Token]:
    """Cut a text into tokens; what is passed over within or right behind one belongs to it."""
    found: list[Token] = []
    quote = Quote()
    starts_sentence = True
    in_token = joins = False
    at = line_start = 0
    for place, char in enumerate(text):
        end = at + len(char.encode())
        following = text[place + 1 : place + 2]
        folded = fold(char)
        if folded is None:
            in_token = joins = False
            starts_sentence |= char in ".!?\u3002\uff01\uff1f\u061f\u06d4\u0964\u2026"
            if char == "\n":
                if following == "\n" or at - line_start > 120:
                    quote.kind = ""
                    starts_sentence = True
                line_start = at
            quote.read(char, following)
        elif folded and not (joins and not stands_alone(char)):
            capital = char.isupper() or char.istitle()
            is_quoted, is_number = bool(quote.kind), folded.isdigit()
            found.append(Token(folded, at, end, is_quoted, is_number, capital, starts_sentence))
            starts_sentence = False
        elif in_token:
            number = found[-1].number and (folded.isdigit() or not folded)
            whole = found[-1].folded + folded
            found[-1] = found[-1]._replace(folded=whole, end=end, number=number)
        if folded:
            in_token = quote.after_word = True
            joins = not stands_alone(char)
        at = end
    return found


class Quote:
    """Whether the text at hand is quoted: "" no, else the mark that opened it."""

    def __init__(self) -> None:
        self.kind = ""
        self.after_word = False

    def read(self, char: str, following: str) -> None:
        """Read a separator; `following` is the next character or nothing."""
        if char in "\u201c\u00ab\u201e\u300c\u300e":
            self.kind = "double"
        elif char in "\u201d\u00bb\u300d\u300f":
            self.kind = ""
        elif char in '"\uff02':
            self.kind = "" if self.kind == "double" else "double"
        elif self.kind != "double":
            self._read_single(char, following)
        self.after_word = False

    def _read_single(self, char: str, following: str) -> None:
        if char == "\u2018":
            self.kind = "single"
        elif char in "'\u2019":
            if following < "A":
                self.kind = ""
            elif not self.after_word:
                self.kind = "single"


def token_hash(folded: str, seed: int) -> int:
    """Hash a folded word: its code points packed into 64-bit numbers, absorbed one by one.

    A code point takes one byte if it is ASCII and three if not.
    """
    packed = [0]
    n_bytes = 0
    for char in folded:
        width = 1 if char.isascii() else 3
        if n_bytes + width > 8:
            packed.append(0)
            n_bytes = 0
        packed[-1] = packed[-1] << 8 * width | ord(char)
        n_bytes += width
    state = seed
    for number in packed:
        state = (state ^ number) * _MULTIPLY_1 & _LOW_64
        state ^= state >> 32
    return mix(state)


def mix(value: int) -> int:
    """Spread a 64-bit number as MurmurHash3's finaliser does."""
    value = (value ^ value >> 33) * _MULTIPLY_1 & _LOW_64
    value = (value ^ value >> 33) * _MULTIPLY_2 & _LOW_64
    return value ^ value >> 33


def shingles(hashes: list[int]) -> list[int]:
    """Hash every run of three token hashes as a polynomial; all of them if there are fewer."""
    length = min(SHINGLE_WORDS, len(hashes))
    if not length:
        return []
    runs = [hashes[i : i + length] for i in range(len(hashes) - length + 1)]
    powers = [pow(_STEP, length - 1 - i, 2**64) for i in range(length)]
    return [mix(sum(x * y for x, y in zip(run, powers, strict=True)) & _LOW_64) for run in runs]
