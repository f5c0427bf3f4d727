"""The table of signals by which a story's origin is judged: what each looks for, and its points.

    a signal, the case it found  ->  POINTS  ->  log-odds

Points are log-odds. They began as editors' rules of thumb; where copies with
known origins asked for much more or less of a signal, benchmarks/fit_origins.py
scaled all its cases by one factor: explicit credits, an outlet's own byline, its
own voice, residue. An explicit credit is right about fifty times in fifty-one, a
clock at best seven times in eight, a longer text a little more often than not.
Simulated clocks alone would want 1.3 for `clock`, dated newspaper pairs 2.2; 2.0
does well by both.

They stand here and nowhere else: the modules named in findings.py find the
cases and look up what each is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Signal(NamedTuple):
    """One row of the table of signals.

    Attributes:
        name: as it stands in a story's evidence.
        group: signals of one group on one target count once.
        what: what it looks for.
        fails_when: what makes it wrong.
        points: the most each case can say, in log-odds: of a clue's rule, or of
            what was found; negative where it speaks against its page.
        own: likewise for a page that so names its own outlet: it claims the story.
    """

    name: str
    group: str
    what: str
    fails_when: str
    points: Mapping[str, float]
    own: Mapping[str, float] = {}

    @property
    def most(self) -> float:
        """Return the most it can say, in log-odds, whichever way."""
        return max(map(abs, (*self.points.values(), *self.own.values())))


SIGNALS = (
    Signal(
        "credit", "credit",
        'explicit credit: "originally appeared on X", a copyright line, "according to X", "told X"',
        "it credits one fact or a photo, or is a footer template",
        {
            "appeared_on": 4.0, "republished": 4.0, "copyright": 4.0, "source_line": 3.5,
            "from_line": 3.5, "via": 1.9, "reported": 1.7, "told_outlet": 1.4,
            "as_first_reported": 3.0, "first_reported": 1.9, "contributed": 1.9,
            "copyright_one_owner": 1.4,
        },
    ),
    Signal(
        "pointer", "credit",
        "canonical address at another outlet",
        "a homepage, tracker or network-wide address; its absence says nothing",
        {"canonical": 3.5, "canonical_one_owner": 1.0},
    ),
    Signal(
        "dateline", "credit",
        'agency or outlet in the dateline: "CITY (AP) -"',
        "a callsign is taken for an agency",
        {"agency": 3.5, "outlet": 3.0},
        own={"agency": 2.5, "outlet": 2.0},
    ),
    Signal(
        "byline", "credit",
        'agency or outlet in the byline or signature: "By NAME, Associated Press"',
        'it signs a contribution: "AP contributed to this report"; others sign as Reuters does',
        {"byline": 3.2, "signature": 3.0, "desk_signature": 1.0},
        own={"byline": 3.4, "signature": 3.4, "desk_signature": 3.4},
    ),
    Signal(
        "unnamed_agencies", "derived",
        'a dateline that names nobody: "(Agencies)"',
        "house style",
        {"unnamed_agencies": -2.5},
    ),
    Signal(
        "scar", "scar",
        'a name cut out: "() ...", "told that", "in an interview with ."',
        "an extraction fault cuts names out of originals",
        {"one_kind": -2.5, "two_kinds": -3.2},
    ),
    Signal(
        "deletion", "deletion",
        'aligned text with "told X that" on one side and "told that" on the other',
        "both are copies of X",
        {"aligned": 3.6},
    ),
    Signal(
        "credit_lost", "credit",
        "one side credits a source, the other lost it, or names it in passing",
        "an editor who knew added the credit",
        {"lost": 1.5, "shortened": 1.5, "own_desk_instead": 2.0},
    ),
    Signal(
        "self_reference", "self",
        '"told this newspaper", or the outlet\'s own name',
        "a copy keeps the words",
        {"told_own_name": 2.8, "this_newspaper": 1.4},
    ),
    Signal(
        "dated_opening", "opening",
        "place and date open one side only",
        "house style",
        {"dated": 0.8},
    ),
    Signal(
        "residue", "residue",
        "another outlet's newsletter line, link tag or picture address, left in the page",
        "outlets of one owner share systems; a partner's advertisement",
        {
            "newsletter": 2.1, "utm": 2.1, "image_host": 1.7, "newsletter_one_owner": 0.6,
            "utm_one_owner": 0.6, "image_host_one_owner": 0.4,
        },
    ),
    Signal(
        "link", "link",
        "an address in the body at which another page of the story stands",
        'a "read more" list',
        {"link": 2.5, "link_one_owner": 1.5},
    ),
    Signal(
        "clock_bound", "clock_bound",
        "a date claimed before the day that the dateline names: that clock is not believed",
        "a dateline of last year's, or of another story",
        {"dateline_later": -0.8},
    ),
    Signal(
        "inner_time", "inner_time",
        'the day that the text names ("Sunday") fits another page\'s date, and not this one\'s',
        "features, and days to come",
        {"weekday": -0.6, "dateline_earlier": -0.6},
    ),
    Signal(
        "edit_kind", "edit",
        'one side of aligned text lost quotation marks or accents, is cut with "...", or says '
        '"the company said" for a name',
        "house style",
        {"generic_attribution": 1.0, "marks_lost": 0.6, "accents_lost": 1.0, "cut": 1.0},
    ),
    Signal(
        "quote_altered", "quote",
        "a quote that two others hold alike is worded otherwise",
        "the speaker said it twice",
        {"altered": -0.8},
    ),
    Signal(
        "shared_slip", "slip",
        "a rare misspelling that some share and the others do not: they are kin",
        "spellings of two countries",
        {"shared": 0.8},
    ),
    Signal(
        "union", "union",
        "one text holds all that any two others share",
        "a page merged of them holds it too",
        {"union": 0.8},
    ),
    Signal(
        "outlet_prior", "outlet_prior",
        "how often the outlet was the origin of other stories, decided without this signal",
        "circular: asked only where all else leaves the origin open",
        {"most": 1.0},
    ),
    Signal(
        "clock", "time",
        "publication intervals that do not meet, or are shifted",
        "wrong zones, overwritten updates, back-dating: about one clock in ten",
        {"apart": 2.0, "shifted": 1.4},
    ),
    Signal(
        "first_seen", "time",
        "order of sighting, where no page claims a date",
        "crawlers visit big outlets more often",
        {"apart": 0.7},
    ),
    Signal(
        "length", "length",
        "one text holds the other and more",
        "updates and round-ups grow",
        {"excerpt": 0.6, "other": 0.4},
    ),
    Signal(
        "one_outlet", "self",
        "every version found is one outlet's own",
        "its source was not collected",
        {"one_outlet": 0.3},
    ),
)  # fmt: skip
"""Every signal."""

POINTS = {signal.name: signal.points for signal in SIGNALS}
"""Points by signal and case."""

NAMING = ("credit", "pointer", "dateline", "byline")
"""Signals that name a source."""

CREDIT_POINTS = {rule: points for signal in NAMING for rule, points in POINTS[signal].items()}
"""Log-odds that the source named by a rule wrote the story first."""

OWN_POINTS = {
    rule: points
    for own in (*(signal.own for signal in SIGNALS), POINTS["self_reference"])
    for rule, points in own.items()
}
"""Log-odds that a page which so speaks of its own outlet is the origin."""

DERIVED_PAGE = -2.0
"""Log-odds that a page is the origin, if it credits a source that is not in hand. Half or twice as
much makes as many origins right (benchmarks/origins.py); half a Brier score of .061, twice .059."""

DERIVING = 2.0
"""A credit of so many points makes its page a copy, even alone. Of 1, 2 and 4 .860, .867 and .708
of origins of test trees are right (benchmarks/origins.py); with 1 spotify's relations fall from
.572 to .483, with 4 census's from .615 to .440."""

DESK_FORM = "desk_signature"
"""The rule of a line set as one agency sets its last: it names nobody."""

# Words that leave no doubt that a source is meant, whoever it is.
_EXPLICIT = frozenset({
    "appeared_on", "republished", "outlet", "canonical", "source_line", "from_line", "byline",
    "as_first_reported",
})  # fmt: skip
# Words that may mean the source of a story, and make no page alone a copy.
_HINTS = frozenset({"first_reported", DESK_FORM})


def makes_copy(rule: str) -> bool:
    """Say whether a credit makes a page a copy even when nothing else of the story is in hand."""
    return CREDIT_POINTS.get(rule, 0.0) >= DERIVING


def may_mean_absent(rule: str) -> bool:
    """Say whether a credit may mean that a source wrote the story which is not in hand."""
    return makes_copy(rule) or rule in _HINTS


def is_credit(kind: str, rule: str) -> bool:
    """Say whether by a clue a page says whom it has its text or a fact from.

    "told X" only quotes X, and a desk's form names nobody.
    """
    return kind in NAMING and rule in CREDIT_POINTS and rule not in ("told_outlet", DESK_FORM)


def points_of(signal: str, case: str, *, one_owner: bool) -> float:
    """Return the points of a case; less between outlets of one owner, which share systems."""
    points = POINTS[signal]
    whole = points.get(case, 0.0)
    return points.get(f"{case}_one_owner", whole) if one_owner else whole


def is_explicit(rule: str) -> bool:
    """Say whether a rule's words mean a source, be its name known or not."""
    return rule in _EXPLICIT


def derives(kind: str, rule: str, name: str | None) -> bool:
    """Say whether a clue alone makes its page a copy, if it does not name its own outlet."""
    if kind == "scar" or rule == "unnamed_agencies":
        return True
    return kind != "self_reference" and name is not None and makes_copy(rule)
