"""How a code point is read: folded, dropped, or taken as a boundary.

    code point  ->  entries[(pages[cp >> 8] << 8) + (cp & 255)]  ->  uint32

An entry below `IGNORED` is a separator and says which kind; `IGNORED` is
passed over; anything above is a word character, as flags and a 21-bit folded
code point (or, under `EXPANDS`, a place in `expansions`, whose first number is
the count of code points that follow).

Folding is compatibility decomposition, case folding, the loss of combining
marks, one form for the letters that Arabic and Urdu keyboards disagree on, and
ASCII digits. So decomposed, accented, curly and full-width spellings of one
word are one token. The table is a file, not the running Python's Unicode
version, because two runs (or an index and its reader) must hash alike:
`python -m dedupe.kernels.fold` writes it anew.
"""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEPARATOR, SENTENCE_END, NEWLINE = 0, 1, 2
QUOTE_OPEN, QUOTE_CLOSE, QUOTE_TOGGLE, SINGLE_OPEN, APOSTROPHE = 3, 4, 5, 6, 7
IGNORED = 15

CODE_POINT = (1 << 21) - 1
IS_ITSELF = 1 << 25
IS_UPPER = 1 << 26
IS_DIGIT = 1 << 27
STANDS_ALONE = 1 << 28
EXPANDS = 1 << 29

_FILE = Path(__file__).with_name("fold.npz")

_SENTENCE_ENDS = ".!?\u3002\uff01\uff1f\u061f\u06d4\u0964\u2026"
_OPENING, _CLOSING, _TOGGLING = (
    "\u201c\u00ab\u201e\u300c\u300e",
    "\u201d\u00bb\u300d\u300f",
    '"\uff02',
)
_APOSTROPHES = "'\u2019"
_ONE_LETTER = str.maketrans(
    {
        "\u064a": "\u06cc",
        "\u0649": "\u06cc",
        "\u0643": "\u06a9",
        "\u06c1": "\u0647",
        "\u06c3": "\u0629",
    }
)
_TATWEEL = "\u0640"
# Scripts written without spaces: each character is a token.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)


class Fold(NamedTuple):
    """The folding table.

    pages       uint16 (4352,)   page of each block of 256 code points
    entries     uint32 (256*n,)  entries of the n distinct pages
    expansions  uint32 (m,)      counted runs of folded code points
    """

    pages: NDArray[np.uint16]
    entries: NDArray[np.uint32]
    expansions: NDArray[np.uint32]


@functools.cache
def load_fold() -> Fold:
    """Read the table that ships with the package."""
    with np.load(_FILE, allow_pickle=False) as arrays:
        return Fold(arrays["pages"], arrays["entries"], arrays["expansions"])


def build_fold() -> Fold:
    """Compute the table from the running Python's Unicode data."""
    expansions: list[int] = []
    known: dict[tuple[int, ...], int] = {}
    pages = np.zeros(0x1100, dtype=np.uint16)
    numbers: dict[bytes, int] = {}
    rows: list[NDArray[np.uint32]] = []
    for page in range(0x1100):
        row = np.array(
            [_entry(page << 8 | low, expansions, known) for low in range(256)], dtype=np.uint32
        )
        key = row.tobytes()
        if key not in numbers:
            numbers[key] = len(rows)
            rows.append(row)
        pages[page] = numbers[key]
    return Fold(pages, np.concatenate(rows), np.array(expansions, dtype=np.uint32))


def _entry(code: int, expansions: list[int], known: dict[tuple[int, ...], int]) -> int:
    if 0xD800 <= code <= 0xDFFF:
        return SEPARATOR
    char = chr(code)
    folded = _fold_one(char)
    if folded == " ":
        return _separator_kind(char)
    if not folded:
        return IGNORED
    flags = IS_UPPER if char.isupper() or char.istitle() else 0
    flags |= IS_DIGIT if folded.isdigit() else 0
    flags |= STANDS_ALONE if _is_unspaced(code) else 0
    codes = tuple(map(ord, folded))
    if codes == (code,):
        # ASCII carries its own code, which spares the hot loop a branch; the rest
        # does not, so that the pages of a whole script are one page.
        return flags | IS_ITSELF | (code if code < 0x80 else 0)
    if len(codes) == 1:
        return flags | codes[0]
    if codes not in known:
        known[codes] = len(expansions)
        expansions.extend((len(codes), *codes))
    return flags | EXPANDS | known[codes]


def _fold_one(char: str) -> str:
    if not _is_word(char):
        return "" if unicodedata.category(char) == "Cf" else " "
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    kept = (part for part in decomposed if _is_word(part) and not _is_dropped(part))
    return "".join(map(_one_form, kept)).translate(_ONE_LETTER)


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _is_dropped(char: str) -> bool:
    is_mark = unicodedata.category(char)[0] == "M"
    variant = 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF
    return char == _TATWEEL or variant or (is_mark and unicodedata.combining(char) > 0)


def _one_form(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def _is_unspaced(code: int) -> bool:
    return any(low <= code <= high for low, high in _UNSPACED)


def _separator_kind(char: str) -> int:
    kinds = (
        (_SENTENCE_ENDS, SENTENCE_END),
        ("\n", NEWLINE),
        (_OPENING, QUOTE_OPEN),
        (_CLOSING, QUOTE_CLOSE),
        (_TOGGLING, QUOTE_TOGGLE),
        ("\u2018", SINGLE_OPEN),
        (_APOSTROPHES, APOSTROPHE),
    )
    return next((kind for chars, kind in kinds if char in chars), SEPARATOR)


if __name__ == "__main__":
    np.savez_compressed(_FILE, **build_fold()._asdict())
