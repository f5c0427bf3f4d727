"""A crawler asks: have I seen this story, and whose is it? The stages of a run, a commit at a time.

    document  ->  Index.add()  ->  Match

asked.py      what a caller gives           -> the same, or an error
open_index.py an index that is open: files, locks, threads, forks
index.py      Index: add, query, remove, story and the rest of what can be asked
adding.py     documents into the catalogue, their stories brought up to date
keys.py       sketches                       -> keys that find documents again
held.py       numbers of documents           -> what the catalogue holds of them, read once
lookup.py     names                          -> the documents and stories that have them
outlets.py    new pages                      -> what is known of their outlets' furniture
frequency.py  sampled shingles               -> weights, by the texts of the index
matching.py   new documents                  -> measured pairs, with each other and with old ones
edges.py      measured pairs                 -> what is kept of them, and back
placing.py    new documents, and those gone  -> where each stands
pending.py    stories and components         -> read together, changed, written together
clustering.py a component's leaders          -> which of them tell one story
copies.py     a component's leaders          -> the edges between them, as a run's
stories.py    new documents, and those gone  -> the stories they change
review.py     old pairs                      -> measured again with what is known now
reading.py    a story                        -> relations, parents, origin
telling.py    documents and stories          -> Match, IndexStory
answers.py    Match, IndexStory
records.py    a document                     -> its row in the catalogue, and back
"""

from dedupe.index.answers import IndexStory, Match
from dedupe.index.index import Index

__all__ = ["Index", "IndexStory", "Match"]
