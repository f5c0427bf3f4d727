"""The bytes of a web page in, its text out: by the charset that it states.

a byte order mark, else UTF-8, else what the server states, else <meta charset="iso-8859-1">
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Longer ones first: that of UTF-32 begins with one of UTF-16."""
_HEAD_BYTES = 4_096
"""Browsers look for the charset only in a page's first bytes; so do we."""
_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta\b[^<>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""Pages that state a small charset are in the larger one; browsers read them so.

Source: the labels of the WHATWG's Encoding Standard.
"""
_NO_CHARSETS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
"""Codecs of Python's that no page uses; some take quadratic time."""


def marked_charset(content: bytes) -> str | None:
    """Return "utf-16" or "utf-32" where bytes begin with the byte order mark of one, else None."""
    return next((name for mark, name in _MARKS if content.startswith(mark)), None)


def decode_page(content: bytes, header: str = "", *, mend: bool) -> str:
    """Return the text of a page, or of a text that a server sent.

    A byte order mark goes before all that is stated, and is dropped. Bytes past ASCII that are
    UTF-8 are read as such, too, whatever is stated. Others are read by the first charset stated
    that they are in.

    Args:
        content: the bytes of the page; the first 4,096 may state its charset.
        header: the Content-Type that the server stated, which goes first.
        mend: where no charset fits, put U+FFFD for what is not in the first that
            is known; UTF-8 where none is.

    Raises:
        UnicodeDecodeError: no charset fits, and `mend` is false; its `reason` is a
            message, its `start` the first byte that is not in the marked charset or UTF-8.
    """
    marked = marked_charset(content)
    if marked:
        return content.decode(marked, "replace" if mend else "strict")
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text, wrong = content.decode(), None
    except UnicodeDecodeError as error:
        text, wrong = "", error
    if wrong is None and not content.isascii():
        return text
    stated = _stated(content, header)
    known = [name for name in map(_known, stated) if name]
    for charset in (meant for name in known for meant in (_MEANT.get(name, name), name)):
        try:
            return content.decode(charset)
        except UnicodeError:
            continue
    if wrong is None:
        return text
    if mend:
        first = known[0] if known else "utf-8"
        return content.decode(_MEANT.get(first, first), "replace")
    wrong.reason = _reason(stated)
    raise wrong


def _stated(content: bytes, header: str) -> list[str]:
    """Return the names that the server and the page give, in that order."""
    named, meta = _HEADER.search(header), _META.search(content, 0, _HEAD_BYTES)
    names = [named.group(1)] if named else []
    if meta:
        name = meta.group(1).decode()
        # What was read as ASCII is not in a charset of two bytes a character.
        names.append("utf-8" if name.lower().startswith(("utf-16", "utf-32")) else name)
    return list(dict.fromkeys(names))


def _known(stated: str) -> str | None:
    """Return Python's name of a charset, or None where it has none."""
    try:
        name = codecs.lookup(stated).name
        if name in _NO_CHARSETS:
            return None
        # Python's "hex" and its like turn bytes into bytes, and are refused only here.
        b" ".decode(name, "replace")
    except LookupError:
        return None
    return name


def _reason(stated: list[str]) -> str:
    others = [name for name in stated if _known(name) != "utf-8"]
    if not others:
        return "not UTF-8"
    told = (name if _known(name) else f"{name}, which is unknown" for name in others)
    return f"not UTF-8, nor in the charset that it states ({'; '.join(told)})"
