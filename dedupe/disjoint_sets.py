"""Numbers in sets that are united: who belongs together, pair by pair (union-find)."""

from __future__ import annotations


class DisjointSets:
    """Sets of numbers, each named by its smallest; a number not seen yet is alone."""

    def __init__(self) -> None:
        self._root: dict[int, int] = {}

    def find(self, one: int) -> int:
        """Return the smallest of the set that holds a number."""
        root = self._root
        root.setdefault(one, one)
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    def unite(self, one: int, other: int) -> None:
        """Make the sets of two numbers one."""
        low, high = sorted((self.find(one), self.find(other)))
        self._root[high] = low

    def all(self) -> list[int]:
        """Return all numbers seen, rising."""
        return sorted(self._root)
