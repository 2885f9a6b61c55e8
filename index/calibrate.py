"""Features of a hit list -> probability that the first hit answers. A logistic model, read from JSON, never pickle."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from index.errors import IndexFailure


@dataclass(frozen=True)
class Calibration:
    """Logistic regression (Platt 1999): weights by feature name, and an intercept."""

    weights: Mapping[str, float]
    intercept: float

    def probability(self, features: Mapping[str, float]) -> float:
        """0 to 1; a feature that is missing counts as 0."""
        z = self.intercept + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))


def load_calibration(path: Path | None = None) -> Calibration:
    """The calibration of a file, or the one that ships with Kefu.

    Raises:
        IndexFailure: the file is no calibration.

    """
    try:
        text = path.read_text("utf-8") if path else files("index").joinpath("calibration.json").read_text("utf-8")
        data = json.loads(text)
        return Calibration({str(k): float(v) for k, v in data["weights"].items()}, float(data["intercept"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexFailure(
            f"{path or 'calibration.json'} is no calibration ({error}). Leave calibration unset to use the one that ships"
        ) from error
