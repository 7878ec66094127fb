# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn==1.9.1"]
# ///
"""Score one digit classifier on all 1,797 digits that come with scikit-learn.

The asset (REMYX_ASSET) is a model family and its settings, such as `support-vectors:kernel=rbf,C=10`.
Every digit is predicted by a model that did not see it (five-fold cross-validation), so all 1,797
count. Scores of every single digit go to results.json in REMYX_OUTPUT_DIR.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # two arms share the cores

import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

FOLDS = 5
LEAST_PROBABILITY = 1e-6
"""A model that calls the truth impossible pays for one in a million, not infinity."""

CONFUSABLE = frozenset({1, 3, 5, 8, 9})
"""The digits that most wrong answers are about."""


def logistic_regression(settings: dict[str, str]) -> Any:
    return LogisticRegression(C=float(settings.pop("C", "1")), max_iter=2000)


def support_vectors(settings: dict[str, str]) -> Any:
    machine = SVC(C=float(settings.pop("C", "1")), kernel=settings.pop("kernel", "rbf"))
    return CalibratedClassifierCV(machine, method="temperature", ensemble=False, cv=5)


def nearest_neighbours(settings: dict[str, str]) -> Any:
    return KNeighborsClassifier(n_neighbors=int(settings.pop("k", "5")), weights="distance")


def random_state(settings: dict[str, str]) -> int | None:
    """The seed of a family that draws at random: 0, or `seed=1`; with `seed=free` every run draws anew."""
    seed = settings.pop("seed", "0")
    return None if seed == "free" else int(seed)


def extra_trees(settings: dict[str, str]) -> Any:
    trees = int(settings.pop("trees", "100"))
    return ExtraTreesClassifier(n_estimators=trees, random_state=random_state(settings))


def decision_tree(settings: dict[str, str]) -> Any:
    depth = int(settings.pop("depth", "8"))
    return DecisionTreeClassifier(max_depth=depth, random_state=random_state(settings))


FAMILIES: dict[str, Callable[[dict[str, str]], Any]] = {
    "logistic-regression": logistic_regression,
    "support-vectors": support_vectors,
    "nearest-neighbours": nearest_neighbours,
    "extra-trees": extra_trees,
    "decision-tree": decision_tree,
}


def model_named(asset: str) -> Any:
    """The untrained model of `family:setting=value,...`; exits with the allowed families or settings."""
    family, _, written = asset.partition(":")
    if family not in FAMILIES:
        sys.exit(f"no model family {family!r}; there are: {', '.join(FAMILIES)}")
    settings = dict(pair.partition("=")[::2] for pair in written.split(",") if pair)
    model = FAMILIES[family](settings)
    if settings:
        sys.exit(f"{family} has no setting {', '.join(map(repr, settings))}")
    return model


def score_digits(model: Any) -> dict[str, list[dict[str, object]]]:
    """Metric key → one score per digit."""
    images, digits = load_digits(return_X_y=True)
    images = images / 16.0
    samples: dict[str, list[dict[str, object]]] = {"accuracy": [], "log_loss": [], "hard_accuracy": []}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for fold, (seen, unseen) in enumerate(folds.split(images, digits), start=1):
        model.fit(images[seen], digits[seen])
        probabilities = model.predict_proba(images[unseen])
        for row, probability_of in zip(unseen, probabilities, strict=True):
            name, digit = f"digit-{row:04d}", int(digits[row])
            right = int(probability_of.argmax() == digit)
            loss = -math.log(max(float(probability_of[digit]), LEAST_PROBABILITY))
            samples["accuracy"].append({"id": name, "score": right})
            samples["log_loss"].append({"id": name, "score": round(loss, 6)})
            if digit in CONFUSABLE:
                samples["hard_accuracy"].append({"id": name, "score": right})
        print(f"fold {fold} of {FOLDS}: {len(samples['accuracy'])}/{len(digits)} digits scored", flush=True)
    return samples


def main() -> None:
    """Score the asset that the environment names."""
    samples = score_digits(model_named(os.environ["REMYX_ASSET"]))
    results = {
        "schema": "remyx-results/1",
        "metrics": {
            key: {"samples": sorted(rows, key=lambda row: str(row["id"]))} for key, rows in samples.items()
        },
        "provenance": {"dataset_revision": f"load_digits of scikit-learn {sklearn.__version__}"},
    }
    (Path(os.environ["REMYX_OUTPUT_DIR"]) / "results.json").write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
