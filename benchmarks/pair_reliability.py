"""Labelled pairs of the held halves in; how far probabilities may be believed, out.

    python benchmarks/pair_reliability.py --out FOLDER

For both models, each source apart: the expected calibration error (Naeini et
al., 2015) and the Brier score, printed, and the reliability diagram of each
source, as SVG.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import datasets
import metrics
from fit_pairs import MODELS, NAMES, Labelled, collect, judged
from reliability import diagram

from dedupe.verify.relation import probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Told(NamedTuple):
    """What a model said of a source's held pairs, and what is true.

    Attributes:
        source: its name.
        told: probabilities, float64 (P,).
        truth: bool (P,).
    """

    source: str
    told: NDArray[np.float64]
    truth: NDArray[np.bool_]


def main() -> None:
    """Print the errors and write the diagrams."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA)
    parser.add_argument("--out", type=Path, help="folder for the diagrams")
    options = parser.parse_args()
    labelled = list(collect(options.data))
    for name in NAMES:
        answers = held_answers(name, labelled)
        print(f"\n{name}\n  {'source':10} {'pairs':>6} {'ECE':>6} {'Brier':>6}")
        for one in answers:
            truth, told = one.truth.tolist(), one.told.tolist()
            error, score = metrics.calibration_error(truth, told), metrics.brier(truth, told)
            print(f"  {one.source:10} {len(told):6} {error:6.3f} {score:6.3f}")
            if options.out:
                options.out.mkdir(parents=True, exist_ok=True)
                file = options.out / f"{name}-{one.source}.svg"
                file.write_text(diagram(truth, told), encoding="utf-8")


def held_answers(name: str, labelled: Sequence[Labelled]) -> list[Told]:
    """Say what the fitted models, first and closer, tell of held pairs whose label is known."""
    models = [json.loads(path.read_text(encoding="utf-8")) for path in MODELS]
    answers = []
    for one in labelled:
        label = getattr(one, name)
        known = one.held & (label >= 0)
        if known.any():
            odds, _ = judged(one, *models)
            told = probability(odds[known, NAMES.index(name)])
            answers.append(Told(one.source, told, label[known] == 1))
    return answers


if __name__ == "__main__":
    main()
