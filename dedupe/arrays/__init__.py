"""Arrays of every stage: ragged, packed, grouped by equal values, larger than memory.

rows.py      rows of several columns   -> taken, joined
ragged.py    rows of unequal length in flat arrays
packed.py    two rows                  -> one number that sorts as they do
equals.py    hashes                    -> equal ones together
spill.py     arrays that may be larger than memory
growth.py    parts                     -> an array that grows where it stands
joined.py    tables                    -> one table that grows at its end
"""
