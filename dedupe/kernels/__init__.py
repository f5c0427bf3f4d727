"""Loops the compiler understands: arrays in, arrays out; no str, no Document.

json_lines.py JSON lines        -> places of values
json_strings.py places of strings -> strings of a column
fold.py      the table that folds a code point before it is hashed
text.py      UTF-8 bytes        -> tokens
token_hashes.py  UTF-8 bytes    -> hashes of tokens alone
eight_bytes.py  eight bytes     -> which are of a word
hashing.py   a word             -> its hash
shingles.py  hashes of tokens   -> hashes of runs of words
lines.py     UTF-8 bytes        -> lines
blocks.py    UTF-8 bytes        -> blocks of a page and their traits
repeats.py   blocks of pages    -> what an outlet repeats
layout.py    traits of blocks   -> features of the page's layout
story.py     features           -> story or furniture
spans.py     blocks that are cut -> the ranges of a text that are kept
words.py     UTF-8 bytes        -> which listed words stand in a text
mentions.py  listed words       -> the lines that hold them
sorting.py   hashes             -> sorted, distinct
totals.py    an array           -> its total; where its largest value stands
sketch.py    shingles           -> signature slots
digest.py    documents          -> signatures and samples, in one pass
grouping.py  hashes             -> those that are equal, a partition at a time
pairs.py     sorted keys        -> candidate pairs; sorted sets -> overlaps
merging.py   sorted pairs       -> each once with its count; two lists as one
screening.py pairs, sketches    -> which pairs may lie above the floor
crowds.py    near-copies        -> the few pairs that each of a crowd keeps
components.py  pairs            -> what they connect
align.py     tokens of a pair   -> measures (columns.py names them) and passages
anchors.py   one text           -> where its shingles stand
facts.py     one text           -> narration, numbers, names
passages.py  anchors            -> passages
sentences.py stems of a pair     -> sentences that tell the same
gather.py    those sentences    -> passages in other words
edits.py     aligned passages    -> which token is which; what was lost
checksums.py rows               -> whether they are as they were written
postings.py  sorted postings    -> where keys stand, in memory and in a file's bytes
frequency.py sorted keys     -> in how many documents of an index and a batch each stands
telling.py   tokens of a pair   -> how both tell it: likest sentences, letters, facts
openings.py  tokens of a pair   -> names before what both share
trees.py     features           -> sums of regression trees
graphs.py   documents of stories -> works
glances.py   works              -> what clocks, lengths and outlets say
sums.py      reasons            -> their sums, and the chances that follow
origins.py   weights of edges   -> chance of each origin and parent, over all trees
elimination.py  a matrix        -> inverse and determinant
candidate_origins.py  chances of works   -> the likeliest origins
places.py    chances of parents -> relation and parent of each document
links.py     pairs of a story   -> how close documents and works are
arborescence.py  gains of edges -> the heaviest tree

A stage validates; a kernel trusts. `_compile.py` is the one door to Numba,
`_cache.py` keeps what it compiled, and `_loading.py` takes from the cache what was compiled before.
"""
