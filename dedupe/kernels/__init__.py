"""Loops the compiler understands: arrays in, arrays out; no str, no Document.

fold.py      the table that folds a code point before it is hashed
text.py      UTF-8 bytes        -> tokens, shingles
blocks.py    UTF-8 bytes        -> blocks of a page and their traits
layout.py    traits of blocks   -> story or furniture
words.py     UTF-8 bytes        -> which listed words stand in a text
sketch.py    shingles           -> signature slots
digest.py    documents          -> signatures and samples, in one pass
pairs.py     sorted keys        -> candidate pairs; sorted sets -> overlaps
align.py     tokens of a pair   -> measures and passages
             (anchors.py, facts.py, passages.py: its parts)
trees.py     features           -> sums of regression trees

A stage validates; a kernel trusts. `_compile.py` is the one door to Numba.
"""
