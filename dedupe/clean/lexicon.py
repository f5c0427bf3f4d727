"""Words to find in, the tables that find them out; see kernels/words.py.

words, their kinds  ->  build_lexicon()  ->  Lexicon
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dedupe.kernels.words import Lexicon

# Bytes as keys see them: each with its case as the first of a word, without as
# the second, and little more than letters as the third.
_LETTERS, _CAPITALS, _DIGIT, _FIRST_MARK = 1, 27, 53, 54
# Together 256 K keys, a byte each.
_SIZES = (128, 64, 32)
_MARKS = "\n ()',-./:;_&"
_SHIFTS = (11, 5, 0)
_PLACES = len(_SIZES)
# Western letters with accents are this byte and one that tells which: "é" is found as "e".
_ACCENTED = 0xC3
# An apostrophe as printers set it; two capitals with rare accents share its bytes.
_APOSTROPHE = "\u2019".encode()
_BASES = {
    byte: unicodedata.normalize("NFD", bytes([_ACCENTED, byte]).decode())[0].lower()
    for byte in range(0x80, 0xC0)
    if byte not in _APOSTROPHE
}


def build_lexicon(words: Mapping[bytes, tuple[int, int]], *, letters_only: bool = False) -> Lexicon:
    """Build the tables that find some words.

    Args:
        words: the kinds of each word, and those of its kinds that only count
            where no ASCII letter or digit follows it.
        letters_only: the words are letters and digits in lower case, and are
            found in any case, with accents or without, whatever other ASCII
            stands between.
    """
    from dedupe.kernels.words import SKIPPED, Lexicon

    classes = np.zeros(256, np.int16)
    used = sorted({byte for word in words for byte in word})
    classes[used] = np.arange(1, len(used) + 1)
    if letters_only:
        for byte in range(128):
            letter = chr(byte)
            classes[byte] = classes[ord(letter.lower())] if letter.isalnum() else SKIPPED
        # Words of other scripts keep these bytes to themselves.
        for byte in {_ACCENTED, *_APOSTROPHE}.difference(used):
            classes[byte] = SKIPPED
        for byte, letter in _BASES.items():
            if byte not in used and letter.isascii():
                classes[byte] = classes[ord(letter)]
    step, bits = _trie(words, classes)
    keys = (_keys(0), _keys(1), _keys(2))
    openings = _openings(words, keys, letters_only=letters_only)
    roots = np.ones(1, np.int64)
    return Lexicon(*keys, openings, roots, classes[None], step, bits[0], bits[1])


def join(one: Lexicon, other: Lexicon) -> Lexicon:
    """Find the words of two lexicons at once."""
    n_tries, n_states = len(one.roots), len(one.step)
    n_classes = max(one.step.shape[1], other.step.shape[1])
    step = np.zeros((n_states + len(other.step), n_classes), np.int32)
    step[:n_states, : one.step.shape[1]] = one.step
    step[n_states:, : other.step.shape[1]] = np.where(other.step > 0, other.step + n_states, 0)
    return one._replace(
        openings=(one.openings | (other.openings << n_tries)).astype(np.uint8),
        roots=np.concatenate([one.roots, other.roots + n_states]),
        classes=np.concatenate([one.classes, other.classes]),
        step=step,
        bits=np.concatenate([one.bits, other.bits]),
        whole=np.concatenate([one.whole, other.whole]),
    )


def _trie(
    words: Mapping[bytes, tuple[int, int]], classes: NDArray[np.int16]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the steps (Q, C) and the kinds (2, Q) of a trie; state 1 is its root.

    Words are sorted, so that what begins a word and an earlier one begins the one before, too.
    """
    spelled = sorted(words)
    sizes = np.array([len(word) for word in spelled], np.int64)
    is_letter = np.arange(sizes.max(initial=0)) < sizes[:, None]
    codes = np.zeros(is_letter.shape, np.int64)
    codes[is_letter] = classes[np.frombuffer(b"".join(spelled), np.uint8)]
    parts = np.ones(codes.shape, np.bool_)
    parts[1:] = codes[1:] != codes[:-1]
    is_new = np.logical_or.accumulate(parts, axis=1) & is_letter
    number = np.zeros(codes.shape, np.int64)
    number[is_new] = np.arange(2, 2 + np.count_nonzero(is_new))
    states = np.ones((len(spelled), int(sizes.max(initial=0)) + 1), np.int64)
    states[:, 1:] = np.maximum.accumulate(number, axis=0)
    n_states = 2 + np.count_nonzero(is_new)
    step = np.zeros((n_states, int(classes.max()) + 1), np.int32)
    step[states[:, :-1][is_new], codes[is_new]] = number[is_new]
    bits = np.zeros((2, n_states), np.int64)
    kinds = np.array([words[word] for word in spelled], np.int64).reshape(-1, 2)
    bits[:, states[np.arange(len(spelled)), sizes]] = kinds.T
    return step, bits


def _keys(place: int) -> NDArray[np.uint32]:
    """Return the part of a key that each byte gives at one of its three places."""
    codes = np.zeros(256, np.uint32)
    for byte in range(128):
        letter = chr(byte)
        if letter.isalpha():
            first = _CAPITALS if letter.isupper() and place == 0 else _LETTERS
            codes[byte] = first + ord(letter.lower()) - ord("a")
        elif letter.isdigit():
            codes[byte] = _DIGIT if place == 0 else _CAPITALS
        elif letter in _MARKS:
            codes[byte] = _other(place, _MARKS.index(letter))
    codes[128:] = [_other(place, len(_MARKS) + byte) for byte in range(128)]
    return codes << np.uint32(_SHIFTS[place])


def _other(place: int, number: int) -> int:
    """Spread what is neither letter nor digit over the codes that are left."""
    first = _FIRST_MARK if place == 0 else _CAPITALS + 1
    return first + number % (_SIZES[place] - first)


def _openings(
    words: Mapping[bytes, tuple[int, int]],
    keys: tuple[NDArray[np.uint32], ...],
    *,
    letters_only: bool,
) -> NDArray[np.uint8]:
    """Mark the keys of the first three bytes of every word, whatever follows a shorter one."""
    openings = np.zeros(int(np.prod(_SIZES)), np.uint8)
    everything = range(256)
    others = [byte for byte in everything if not (byte < 128 and chr(byte).isalnum())]
    skipped = [*(byte for byte in others if byte < 128), _ACCENTED, _APOSTROPHE[0]]
    accented: dict[str, list[int]] = {}
    for byte, letter in _BASES.items():
        accented.setdefault(letter, []).append(byte)
    begins = {(word[:3], kinds > 0) for word, (kinds, _) in words.items()}
    if not letters_only:
        # Most words are of three bytes and more, and leave nothing open: they are marked at once.
        whole = {begin for begin, _ in begins if len(begin) == _PLACES}
        bytes_at = np.frombuffer(b"".join(whole), np.uint8).reshape(-1, _PLACES).T
        openings[sum(key[byte] for key, byte in zip(keys, bytes_at, strict=True))] = 1
        begins = {(begin, goes_on) for begin, goes_on in begins if begin not in whole}
    for begin, goes_on in begins:
        # What must end the word goes on with no letter.
        after = everything if goes_on else others
        places = [[[byte] for byte in begin] + [list(after), list(everything)]]
        if letters_only:
            cases = [[byte, *bytes([byte]).upper(), *accented.get(chr(byte), ())] for byte in begin]
            places = [
                [*cases, list(after)],
                [cases[0], skipped, list(everything)],
                [*cases[:2], skipped],
            ]
        for first, second, third, *_ in places:
            openings[keys[0][first][:, None, None] + keys[1][second][:, None] + keys[2][third]] = 1
    return openings
