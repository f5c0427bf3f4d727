"""The index on disk: one folder, one writer, many readers.

catalog.py   documents, stories, edges and the list of segments, in SQLite
tables.py    their columns, and the checksum of a row
segments.py  one immutable file of sorted postings
merging.py   eight segments into one, a little at a time
postings.py  all segments and the newest postings, asked as one
store.py     catalogue and postings: commits, flushes, merges
folder.py    the folder: who may write, what may go, what is synced
locks.py     SQLite's locks, kept while its file is read past it

A row or a block that is not as it was written raises CorruptIndexError where
it is read. What is missing is noticed too: documents, commits and segments are
numbered without gaps, and the last commit is noted beside the catalogue.
"""
