"""Features of a hit list -> probability that the first hit answers. A logistic model, read from JSON, never pickle."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from index.errors import IndexFailure

# Beyond these the cheap features are sure enough, and the reader is not asked.
NO_DOUBT = (0.03, 0.97)
READ = "read"


def sigmoid(log_odds: float) -> float:
    """Log odds to a probability."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, log_odds))))


@dataclass(frozen=True)
class Logistic:
    """Logistic regression (Platt 1999): weights by feature name, and an intercept."""

    weights: Mapping[str, float]
    intercept: float

    def probability(self, features: Mapping[str, float]) -> float:
        """0 to 1; a feature that is missing counts as 0."""
        z = self.intercept + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        return sigmoid(z)


@dataclass(frozen=True)
class Calibration:
    """What search says -> probability: without the reader, and with what the reader of this name says beside it."""

    cheap: Logistic
    read: Logistic | None = None
    reader: str = ""

    def probability(self, features: Mapping[str, float]) -> float:
        """0 to 1, by `read` where the features hold what the reader said."""
        return (self.read if self.read and READ in features else self.cheap).probability(features)

    def doubts(self, probability: float) -> bool:
        """Whether the reader is worth its time."""
        return NO_DOUBT[0] < probability < NO_DOUBT[1]


def load_calibration(path: Path | None = None) -> Calibration:
    """The calibration of a file, or the one that ships with Kefu.

    Raises:
        IndexFailure: the file is no calibration.

    """
    try:
        text = path.read_text("utf-8") if path else files("index").joinpath("calibration.json").read_text("utf-8")
        data = json.loads(text)
        read = _logistic(data["read"]) if "read" in data else None
        return Calibration(_logistic(data), read, str(data.get("reader", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexFailure(
            f"{path or 'calibration.json'} is no calibration ({error}). Leave calibration unset to use the one that ships"
        ) from error


def as_json(calibration: Calibration) -> str:
    """The file that `load_calibration` reads."""
    said: dict[str, Any] = _said(calibration.cheap)
    if calibration.read:
        said |= {"reader": calibration.reader, "read": _said(calibration.read)}
    return json.dumps(said, indent=1) + "\n"


def _logistic(data: Any) -> Logistic:
    return Logistic({str(k): float(v) for k, v in data["weights"].items()}, float(data["intercept"]))


def _said(logistic: Logistic) -> dict[str, Any]:
    return {"weights": dict(logistic.weights), "intercept": logistic.intercept}
