"""Texts of every kind a page may hold, for hypothesis to make.

Words are of scripts with and without spaces, composed and decomposed, with
marks, ligatures, full-width forms, invisible characters, NULs and emoji.
Every letter was in Unicode long before the folding table was made, so what
`unicodedata` says of it does not depend on the running Python.
"""

from __future__ import annotations

from hypothesis import strategies as st

WORDS = (
    "harbour", "Harbour", "HARBOUR", "the", "The", "a", "pilot's", "pilot\u2019s", "O\u2019Neill",
    "Stra\u00dfe", "STRASSE", "\u0130stanbul", "na\u00efve", "nai\u0308ve", "caf\u00e9",
    "cafe\u0301", "\u00c5ngstr\u00f6m", "A\u030angstro\u0308m", "e\u0301\u0327\u0323",
    "\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03cc\u03c2", "\u041c\u043e\u0441\u043a\u0432\u0430",
    "\u0438\u0306", "\u0439", "\ufb01nance", "finance", "\ufb03", "\uff26\uff55\uff4c\uff4c",
    "3", "42", "3.5", "2,000", "\u0663\u0664", "\u06f3\u06f4", "\uff13", "1st", "\u00bd", "\u00b2",
    "\u0627\u062e\u0628\u0627\u0631", "\u0643\u062a\u0627\u0628", "\u06a9\u062a\u0627\u0628",
    "\u0639\u0644\u064a", "\u0639\u0644\u06cc", "\u0645\u064f\u062d\u0645\u0651\u062f\u064c",
    "\u0645\u0640\u0640\u062d\u0645\u062f", "\u0645\u06cc\u200c\u0631\u0648\u062f",
    "\u0628\u0646\u062f\u0631\u06af\u0627\u06c1", "\u0628\u0646\u062f\u0631\u06af\u0627\u0647",
    "\u6e2f\u53e3", "\u6e2fABC\u53e3", "2024\u5e74", "\u304c\u304e", "\u304b\u3099",
    "\u30cb\u30e5\u30fc\u30b9", "\uff76\uff9e",
    "\u0e17\u0e48\u0e32\u0e40\u0e23\u0e37\u0e2d", "\u0e19\u0e49\u0e33",
    "\ud55c\uad6d\uc5b4", "\u1112\u1161\u11ab\u1100\u116e\u11a8",
    "\u0915\u094d\u0937\u0924\u094d\u0930\u093f\u092f", "\u1019\u103c\u1014\u103a\u1019\u102c",
    "soft\u00adware", "\U0001d400\U0001d401", "\U00020000\U0002a6d6",
)  # fmt: skip

MARKS = (
    " ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", ".", ". ", "? ", "! ",
    ", ", "; ", "\u3002", "\u061f", "\u06d4", "\u0964", "\u2026 ", " \u2013 ", "-",
    '"', ' "', '" ', "'", " '", "' ", "\u201c", "\u201d", "\u2018", "\u2019", "\u2019 ", "\u00ab",
    "\u00bb", "\u201e", "\u300c", "\u300d", "\uff02",
    "\x00", "\u200b", "\u200d", "\u200f", "\ufeff", "\u0301", "\ufe0f", "\ufffd",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f6a2", "\U0001f1f5\U0001f1f0", "\u00a9",
    "$", "%", "(", ")", "\n" + "-" * 130 + "\n",
)  # fmt: skip

pieces = st.one_of(st.sampled_from(WORDS), st.sampled_from(MARKS))
texts = st.lists(pieces, max_size=40).map("".join)
"""Mixed text in any order of words and marks, empty included."""

plain_words = st.sampled_from(
    ("tide", "Ferry", "harbour", "crew", "7", "19", "Marlow", "said", "the", "of")
)
quoted = st.lists(plain_words, min_size=1, max_size=4).map(lambda words: f'"{" ".join(words)}"')
articles = st.lists(st.one_of(plain_words, plain_words, quoted, st.just(".")), max_size=45).map(
    " ".join
)
"""Few words, much repeated: texts that share shingles by chance, in odd places."""
