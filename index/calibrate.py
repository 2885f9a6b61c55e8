"""Features of a hit list -> probability that the first hit answers. A logistic model, read from JSON, never pickle."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from index.errors import IndexFailure

# Beyond these the cheap features are sure enough, and the reader is not asked.
NO_DOUBT = (0.03, 0.97)
# What `fuse.features` says of a ranking.
FEATURES = (
    "told above_mean length across above_mean_across forms above_mean_forms text above_mean_text read read_forms read_text"
).split()


def sigmoid(log_odds: float) -> float:
    """Log odds to a probability."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, log_odds))))


@dataclass(frozen=True)
class Logistic:
    """Logistic regression: weights by feature name, and an intercept."""

    weights: Mapping[str, float]
    intercept: float

    def log_odds(self, features: Mapping[str, float]) -> float:
        """A feature that is missing counts as 0."""
        return self.intercept + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())


@dataclass(frozen=True)
class Calibration:
    """What search says -> probability: without the reader, and with what the reader of this name says beside it.

    `embedder` is the digest of the one it was fitted with. `shift` of the log odds is a site's own: `known_weight` times how far the
    mean log odds of what a site is known to answer are from `known_mean` (see `index.refit`), `asked_with` the reader it was found with.
    """

    cheap: Logistic
    read: Logistic | None = None
    reader: str = ""
    embedder: str = ""
    known_mean: float = 0.0
    known_weight: float = 0.0
    shift: float = 0.0
    asked_with: str = ""

    def probability(self, features: Mapping[str, float]) -> float:
        """0 to 1, by `read` where the features hold what the reader said."""
        return sigmoid(self.log_odds(features) + self.shift)

    def log_odds(self, features: Mapping[str, float]) -> float:
        """Of every site, before `shift`."""
        return (self.read if self.read and "read" in features else self.cheap).log_odds(features)

    def doubts(self, features: Mapping[str, float]) -> bool:
        """Whether the reader is worth its time: by what every site is judged by, or a fit would change what it was fitted to."""
        return NO_DOUBT[0] < sigmoid(self.cheap.log_odds(features)) < NO_DOUBT[1]


def load_calibration(path: Path | None = None) -> Calibration:
    """The calibration of a file, or the one that ships with Kefu.

    Raises:
        IndexFailure: the file is no calibration, or of features that this version does not have.

    """
    try:
        text = path.read_text("utf-8") if path else files("index").joinpath("calibration.json").read_text("utf-8")
        data = json.loads(text)
        read = _logistic(data["read"]) if "read" in data else None
        names: Any = {key: str(data.get(key, "")) for key in ("reader", "embedder", "asked_with")}
        numbers: Any = {key: float(data.get(key, 0)) for key in ("known_mean", "known_weight", "shift")}
        return Calibration(_logistic(data), read, **names, **numbers)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexFailure(
            f"{path or 'calibration.json'} is no calibration ({error}). Leave calibration unset to use the one that ships"
        ) from error


def as_json(calibration: Calibration) -> str:
    """The file that `load_calibration` reads."""
    said: dict[str, Any] = asdict(calibration)
    cheap, read = said.pop("cheap"), said.pop("read")
    return json.dumps({**cheap, **({"read": read} if read else {}), **said}, indent=1) + "\n"


def _logistic(data: Any) -> Logistic:
    if unknown := set(data["weights"]) - set(FEATURES):
        raise ValueError(f"there is no feature {', '.join(sorted(unknown))}")
    return Logistic({str(k): float(v) for k, v in data["weights"].items()}, float(data["intercept"]))
