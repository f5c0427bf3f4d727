"""A result in; what a person reads, or the same as data, out.

    Result  ->  summarize()      dict, ready for --json
                  `->  render()  rich renderables: a table and a few lines
    Result  ->  write_csv()      documents.csv and stories.csv
    Result  ->  write_page()     report.html: one file that needs no network

words.py        the sentences that terminal and page share, cleared of what steers either
summary.py      the figures of a result, and its largest stories
terminal.py     a summary as rich renderables
spreadsheet.py  documents and stories as CSV
page.py         the page as a whole: figures, outlets, the run
accounts.py     each story of the page: its origin, evidence and documents
drawing.py      who copied whom, and when: where each document is drawn

Titles and names come from strangers: nothing they hold may move the cursor,
recolour the terminal, reverse the line, run in a spreadsheet, or in a browser.
"""

from dedupe.report.page import write_page
from dedupe.report.spreadsheet import write_csv
from dedupe.report.summary import summarize
from dedupe.report.terminal import render

__all__ = ["render", "summarize", "write_csv", "write_page"]
