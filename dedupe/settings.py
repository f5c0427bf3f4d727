"""What a run may vary, validated once.

Every default names the benchmark that chose it; `dedupe config show` prints
them. A TOML file holds the same names at its top level.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

from dedupe.errors import InputError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from dedupe.names import Names


_SIZE = re.compile(r"\s*(?:(\d+(?:\.\d+)?)\s*([KMGT]?i?B?))?\s*", re.IGNORECASE)
_FREE = frozenset({"threads", "all_passages", "memory_limit"})
"""Settings that change no judgement: how fast it is made, in what memory, how much is told."""
_UNITS = {
    letter + ending: base**power
    for power, letter in enumerate(("", "K", "M", "G", "T"))
    for base, endings in ((1000, ("", "B")), (1024, ("I", "IB")))
    for ending in endings
}
"""Bytes of a unit, in capitals."""


def current_folder() -> str:
    """Return what relative paths start from, to record it; "" where it was removed meanwhile."""
    try:
        return os.getcwd()  # noqa: PTH109 - names of files stay strings
    except OSError:
        return ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one run; frozen, and safe to share.

    Attributes:
        n_slots: slots of a MinHash signature (benchmarks/recall.py; which sketch
            fills them, benchmarks/sketch.py).
        band_rows: signature slots of one LSH band; n_slots // band_rows bands
            (benchmarks/recall.py).
        rare_sampling: one shingle in this many enters the rare-shingle index
            (benchmarks/recall.py).
        rare_cap: a shingle in more documents than this links only its
            documents of smallest hash (benchmarks/recall.py).
        bucket_cap: a band bucket above this many documents is split by further
            slots, and what stays is linked to its documents of smallest hash
            (benchmarks/recall.py).
        containment_floor: a pair whose larger containment is below this is
            dropped before alignment (benchmarks/recall.py).
        passage_gap: words that may differ between two matched runs of one
            passage, on either side (benchmarks/passages.py).
        passage_words: matched words that a passage needs at least
            (benchmarks/passages.py).
        seed: of every hash; another seed gives other sketches, not other facts.
        threads: worker threads; 0 takes one for each core.
        all_passages: keep the aligned passages of every verified pair.
        names: file of agencies and outlets to know besides those of the package; kept as
            an absolute path, so that what records it can be used from any folder.
        memory_limit: memory that a run should stay below, as in "2GB"; empty for none.
    """

    n_slots: int = 128
    band_rows: int = 3
    rare_sampling: int = 4
    rare_cap: int = 32
    bucket_cap: int = 64
    containment_floor: float = 0.05
    passage_gap: int = 45
    passage_words: int = 12
    seed: int = 1
    threads: int = 0
    all_passages: bool = False
    names: str = ""
    memory_limit: str = ""

    def __post_init__(self) -> None:
        """Raise SettingsError for a value of the wrong type or out of range."""
        ranges = {
            "n_slots": (16, 1024),
            "band_rows": (1, 16),
            "rare_sampling": (1, 64),
            "rare_cap": (2, 10_000),
            "bucket_cap": (2, 100_000),
            "containment_floor": (0.0, 1.0),
            "passage_gap": (0, 1000),
            "passage_words": (3, 1000),
            "seed": (0, 2**63 - 1),
            "threads": (0, 1024),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            kind = float if isinstance(low, float) else int
            if isinstance(value, bool) or not isinstance(value, (int, kind)):
                raise SettingsError(f"{name} must be {kind.__name__}, not {value!r}")
            if not low <= value <= high:
                raise SettingsError(f"{name} must be from {low} to {high}, not {value!r}")
        if not isinstance(self.all_passages, bool):
            raise SettingsError(f"all_passages must be true or false, not {self.all_passages!r}")
        if not isinstance(self.names, str):
            raise SettingsError(f"names must be the path of a file, not {self.names!r}")
        if self.names:
            place = os.path.join(current_folder(), self.names)  # noqa: PTH118 - a name stays a string
            object.__setattr__(self, "names", place)
        if not isinstance(self.memory_limit, str) or not _SIZE.fullmatch(self.memory_limit):
            raise SettingsError(
                f'memory_limit must be a size as in "2GB" or "500MB", not {self.memory_limit!r}'
            )

    @property
    def memory_limit_bytes(self) -> int:
        """The memory limit in bytes; 0 for none."""
        number, unit = re.match(_SIZE, self.memory_limit).groups("")  # type: ignore[union-attr]
        return int(float(number or 0) * _UNITS[unit.upper()])

    @property
    def hash_seed(self) -> int:
        """The seed spread over 64 bits (a step of splitmix64, Steele et al. 2014)."""
        return (self.seed * 0x9E3779B97F4A7C15 + 0x243F6A8885A308D3) & (2**64 - 1)

    def known_names(self) -> Names | None:
        """Return the names to know, None for those of the package alone.

        Raises:
            InputError: the file of `names` cannot be read, or is of another form.
        """
        if not self.names:
            return None
        from pathlib import Path

        from dedupe.names import load_names

        try:
            return load_names(Path(self.names))
        except OSError as error:
            raise InputError(
                f"{self.names}: the file of names that the settings ask for cannot be read "
                f"({error.strerror}); put it back, or name another"
            ) from error

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Build settings from names and values.

        Raises:
            SettingsError: an unknown name (the nearest known one is suggested)
                or a bad value.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(known)}"
                raise SettingsError(f'unknown setting "{name}"{hint}')
        return cls(**values)

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read settings from a TOML file; a path in it starts from the file's folder.

        Raises:
            SettingsError: the file is missing, not TOML, or holds a bad setting.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: not a TOML file: {error}") from error
        names = values.get("names")
        if names and isinstance(names, str):
            values["names"] = str(path.parent / names)
        try:
            return cls.from_dict(values)
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from error

    def decisive(self) -> dict[str, Any]:
        """Return names and values of the settings that can change a judgement."""
        return {name: value for name, value in self.to_dict().items() if name not in _FREE}

    def differing(self, other: Settings) -> list[str]:
        """Return the names of the settings by which judgements of the two may differ."""
        theirs = other.decisive()
        return [name for name, value in self.decisive().items() if value != theirs[name]]

    def to_dict(self) -> dict[str, Any]:
        """Return names and values, ready for JSON or TOML."""
        return dataclasses.asdict(self)
