"""Stage 8: stories in; who wrote each first, who copied whom, and why we think so.

documents, stories, pairs, passages, clues  ->  attribute()  ->  Attribution

columns.py   the stage: what is settled at once, what is judged; the results
tables.py    the clues of a document, the pairs of a story, looked up
pages.py     outlets, texts and clocks, looked up where a story needs them
docket.py    stories as columns; exact copies and an outlet's own versions are one work
judging.py   a docket judged: at a glance, by texts, by the records of outlets
evidence.py  a story, and a piece of evidence
signals.py   the table of signals: what each looks for, and its points
said.py      signals of one page: credits, scars, self-references
compared.py  signals of two pages: what one kept and the other lost
traces.py    signals of where a page's parts came from: residue, links
days.py      signals of the days that texts name
edits.py     signals of how aligned text was edited
standing.py  signals of what a work holds of all others, and of its outlet's record
findings.py  all signals of clues and texts asked; kernels/glances.py finds the others
reasons.py   evidence of all stories as columns
model.py     what is summed, over all trees at once; kernels/origins.py sums it
placing.py   relation and parent of each document, direction of each pair
parents.py   the relations, and a placed document
crossings.py what one story's page took from others: round-ups and their parents
verdict.py   the origin named or "cannot tell"
counterfactual.py  what the verdict would be without each kind of evidence
writing.py   columns to what is told of each story
rows.py      the row of stories.jsonl
"""

from dedupe.attribute.columns import Attribution, attribute

__all__ = ["Attribution", "attribute"]
