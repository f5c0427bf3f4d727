"""A crawler asks: have I seen this story, and whose is it? The stages of a run, one by one.

    document  ->  Index.add()  ->  Match

asked.py     what a caller gives           -> the same, or an error
opened.py    Index: opening, locking, forking; add, query, remove, story
adding.py    documents into the catalogue, their stories brought up to date
keys.py      sketches                       -> keys that find documents again
lookup.py    names                         -> the documents and stories that have them
outlets.py   new pages                      -> what is known of their outlets' furniture
matching.py  new documents                  -> measured pairs, with each other and with old ones
edges.py     measured pairs                 -> what is kept of them, and back
stories.py   new and removed documents      -> stories clustered anew
review.py    old pairs                      -> measured again with what is known now
reading.py   a story                        -> relations, parents, origin
answers.py   Match, IndexStory
records.py   a document                     -> its row in the catalogue, and back
"""

from dedupe.index.answers import IndexStory, Match
from dedupe.index.opened import Index

__all__ = ["Index", "IndexStory", "Match"]
