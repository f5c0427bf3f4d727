"""Addresses in a text: links to other outlets, and what is left of theirs.

    one line  ->  address_clues()  ->  clues: link, residue

A body may link to the page it was taken from. A link tag ("utm_source=") or a
picture's address that names another outlet was copied along with the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dedupe.clean.clue import Clue
from dedupe.documents import host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.clean.credits import Voice
    from dedupe.names import Names

_ADDRESS = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"'()\[\]{}]{4,400}", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)$", re.IGNORECASE)
_TAG = re.compile(r"[?&]utm_source=([A-Za-z0-9._-]{2,40})", re.IGNORECASE)


def address_clues(text: str, voice: Voice, names: Names, *, in_body: bool) -> Iterator[Clue]:
    """Read the addresses of one line that belong to a known outlet, and not to the page's own.

    Args:
        text: the line.
        voice: of the page.
        names: outlets to know, those of the collection too.
        in_body: a link counts only there; furniture links everywhere.
    """
    for match in _ADDRESS.finditer(text):
        address = match.group().rstrip(".,;:!?")
        start, end = match.start(), match.start() + len(address)
        tag = _TAG.search(address)
        name = names.known(tag.group(1)) or names.of_site(tag.group(1)) if tag else None
        if name and not voice.is_named(name, names):
            yield Clue("residue", name, "utm", start, end)
        owner = names.of_site(host(address))
        if owner is None or voice.is_named(owner, names):
            continue
        if _PICTURE.search(address.partition("?")[0]):
            yield Clue("residue", owner, "image_host", start, end)
        elif in_body and _has_path(address):
            yield Clue("link", owner, "link", start, end)


def _has_path(address: str) -> bool:
    return len((address.partition("://")[2] or address).partition("/")[2].strip("/")) > 1
