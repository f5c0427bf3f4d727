"""What an index answers: Match for one document, IndexStory for one story.

Which story a document belongs to is known at once. Who wrote it first is
worked out when it is asked for, from the story as it then is.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from dedupe.comparison import Passage
    from dedupe.index.reading import Account, Attributed

NEW, VERSION, UNCHANGED = "new", "version", "unchanged"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Match:
    """How a document stands to an index.

    Attributes:
        document: its id.
        story: name of its story: the id of the story's first document. Documents of one
            commit count in the order of their ids, here and in what is new.
        is_new_story: no document of the index tells this story.
        is_new_text: no document it is compared with, older versions of it included, has
            the same cleaned words in the same order.
        probability: of shared lineage with the nearest document; 0.0 without any.
        nearest: id of that document, or None.
        merged: stories that this document showed to be one with `story`. What it
            parted, `Index.stories` tells with `since`.
        change: what adding it did: "new", the first document of its id; "version",
            a new version of it; "unchanged", nothing, since the index holds it just
            so. None of a query.
    """

    document: str
    story: str
    is_new_story: bool
    is_new_text: bool
    probability: float
    nearest: str | None
    merged: tuple[str, ...]
    change: str | None = None
    _read: Callable[[], Attributed] = dataclasses.field(repr=False, compare=False)

    @functools.cached_property
    def _account(self) -> Account:
        # Little beside the story, which may be kept for many of its documents, or for none.
        return self._read().account(self.document)

    @property
    def relation(self) -> str:
        """How it relates to its parent, or origin, single, derived."""
        return self._account.relation

    @property
    def parent(self) -> str | None:
        """Id of the document it was likely taken from, or the name of an absent source."""
        return self._account.parent

    @property
    def origin(self) -> dict[str, Any]:
        """Who likely wrote the story first: name, document, in_collection, probability, band."""
        return dict(self._account.origin)

    @property
    def passages(self) -> list[tuple[str, Passage]]:
        """What it shares with others of its story: their id, and where; its side is a."""
        return list(self._account.passages)

    @property
    def coverage(self) -> dict[str, float]:
        """What share of its kept text, in code points, the passages with each other cover, by id.

        Of others of its story; one without passages is not named.
        """
        return dict(self._account.coverage)

    def to_brief(self) -> dict[str, Any]:
        """Return as plain values what is known at once."""
        names = ("document", "story", "is_new_story", "is_new_text", "probability", "nearest")
        values = {name: getattr(self, name) for name in names} | {"merged": list(self.merged)}
        return values | ({"change": self.change} if self.change else {})

    def to_dict(self) -> dict[str, Any]:
        """Return all but the passages, and what they cover, as plain values."""
        names = ("relation", "parent", "origin")
        return self.to_brief() | {name: getattr(self, name) for name in names}


@dataclasses.dataclass(frozen=True, kw_only=True)
class IndexStory:
    """A story of an index.

    Attributes:
        story: its name: the id of its first document.
        documents: ids, by the order of adding; those of one commit by their ids.
        sources: outlets.
        merged: names of stories that went into it.
        changed: number of the commit that changed its documents last; 0 for a
            document that never had others.
    """

    story: str
    documents: tuple[str, ...]
    sources: tuple[str, ...]
    merged: tuple[str, ...]
    changed: int
    _read: Callable[[], Attributed] = dataclasses.field(repr=False, compare=False)

    @property
    def size(self) -> int:
        """Count its documents."""
        return len(self.documents)

    @functools.cached_property
    def _attributed(self) -> Attributed:
        return self._read()

    @property
    def origin(self) -> dict[str, Any]:
        """Who likely wrote it first: name, document, in_collection, probability, band."""
        return dict(self._attributed.origin)

    @property
    def relations(self) -> dict[str, tuple[str, str | None]]:
        """Relation and parent of each document that was read."""
        ids = self._attributed.table.column("id").to_pylist()
        found = self._attributed
        return {one: (found.relation(one), found.parent(one)) for one in ids}

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "story": self.story,
            "size": self.size,
            "documents": list(self.documents),
            "sources": list(self.sources),
            "merged": list(self.merged),
            "origin": self.origin,
            "relations": {
                one: {"relation": relation, "parent": parent}
                for one, (relation, parent) in self.relations.items()
            },
        }
