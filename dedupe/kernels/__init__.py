"""Loops the compiler understands: arrays in, arrays out; no str, no Document.

    fold.py    the table that folds a code point before it is hashed
    text.py    UTF-8 bytes        -> tokens, shingles
    sketch.py  shingles           -> signature slots
    pairs.py   sorted keys        -> candidate pairs; sorted shingles -> overlaps
    align.py   tokens of a pair   -> aligned passages

A stage validates; a kernel trusts. `_compile.py` is the one door to Numba.
"""
