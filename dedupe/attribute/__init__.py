"""Stage 8: stories in; who wrote each first, who copied whom, and why we think so.

documents, stories, pairs, passages, clues  ->  attribute()  ->  Attribution

columns.py   stories in turn; the results by document and by pair
tables.py    the clues of a document, the pairs of a story, looked up
pages.py     outlets, texts and clocks, looked up where a story needs them
works.py     exact copies and an outlet's own versions count once
evidence.py  a story, a piece of evidence, and how evidence adds up
signals.py   the table of signals: what each looks for, and its points
said.py      signals of one page: credits, scars, self-references
compared.py  signals of two pages: what one kept and the other lost
traces.py    signals of where a page's parts came from: residue, links
days.py      signals of the days that texts name
clocks.py    signals of time
edits.py     signals of how aligned text was edited
standing.py  signals of what a work holds of all others, and of its outlet's record
findings.py  all signals asked
model.py     probabilities of every origin and parent, over all trees at once
verdict.py   the origin named or "cannot tell"
parents.py   the parent and relation of each document
counterfactual.py  what the verdict would be without each kind of evidence
crossings.py what one story's page took from others: round-ups and their parents
rows.py      the row of stories.jsonl
tree.py      one tree of the works, for parents.py
"""

from dedupe.attribute.columns import Attribution, attribute

__all__ = ["Attribution", "attribute"]
