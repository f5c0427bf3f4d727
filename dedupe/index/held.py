"""Numbers of documents in; where they stand and what they are, each read once, out.

Reading a thousand rows in one question costs a fifth of reading them one by
one. What was read is kept, so a Held is good for one commit or one question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.index.records import Stored
from dedupe.storage.tables import ALONE, GROUPED, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dedupe.storage.store import Store


class Held:
    """Documents of an index, and their places.

    Args:
        store: the index.
    """

    def __init__(self, store: Store) -> None:
        self.store, self.catalog = store, store.catalog
        self._places: dict[int, Place] = {}
        self._documents: dict[int, Stored] = {}

    def later(self, judged: Iterable[int]) -> Held:
        """Return it without what a commit may have changed.

        Args:
            judged: documents whose edges are others now; the places are left out in any case.
        """
        held = Held(self.store)
        held._documents = self._documents
        for number in judged:
            held._documents.pop(number, None)
        return held

    def load_places(self, numbers: Iterable[int]) -> None:
        """Read where documents stand, and those that speak for them, in few questions."""
        wanted = set(numbers).difference(self._places)
        while wanted:
            rows = self.catalog.get_many("places", wanted)
            found = {number: Place._make(row) for number, row in rows.items()}
            self._places |= found
            if len(found) < len(wanted):
                self.catalog.need("places", min(wanted.difference(found)))
            wanted = {place.leader for place in found.values()}.difference(self._places)

    def place(self, number: int) -> Place:
        """Return where a document stands.

        Raises:
            CorruptIndexError: there is no such document.
        """
        if number not in self._places:
            self.load_places([number])
        return self._places[number]

    def is_live(self, number: int) -> bool:
        """Say whether a document is current: neither replaced nor removed."""
        return self.place(number).state <= GROUPED

    def forwarded(self, number: int) -> int:
        """Return a document, or the one that stands for it when it is gone; 0 for none."""
        place = self.place(number)
        while place.state not in {ALONE, GROUPED}:
            if place.leader == number:
                return 0
            number = place.leader
            place = self.place(number)
        return number

    def load(self, numbers: Iterable[int]) -> None:
        """Read documents in few questions."""
        wanted = set(numbers).difference(self._documents)
        rows = self.catalog.get_many("documents", wanted)
        if len(rows) < len(wanted):
            self.catalog.need("documents", min(wanted.difference(rows)))
        self._documents |= {number: Stored(number, row) for number, row in rows.items()}

    def document(self, number: int) -> Stored:
        """Return a document.

        Raises:
            CorruptIndexError: there is none.
        """
        if number not in self._documents:
            self.load([number])
        return self._documents[number]

    def documents(self, numbers: Iterable[int]) -> list[Stored]:
        """Return documents, in the order given."""
        numbers = list(numbers)
        self.load(numbers)
        return [self._documents[number] for number in numbers]
