"""What a running server counts, for Prometheus: figures, no text of anybody's."""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from chatbot.messages import Answer

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60)
CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True)
class Metrics:
    """The counters of one server. `outcomes` are those of `chatbot.bot.Outcome`."""

    registry: CollectorRegistry
    answers: Counter
    seconds: Histogram
    outcomes: Counter

    def answered(self, site: str, answer: Answer, seconds: float) -> None:
        """One answer, and how long a visitor waited for the whole of it."""
        self.answers.labels(site, answer.status, answer.generator).inc()
        self.seconds.labels(site, answer.generator).observe(seconds)

    def counter(self, site: str) -> Callable[[str], None]:
        """What a site's bot tells of its generator."""
        return lambda outcome: self.outcomes.labels(site, outcome).inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


def new_metrics() -> Metrics:
    """Counters in a registry of their own, at nothing."""
    own = CollectorRegistry()
    return Metrics(
        own,
        Counter("kefu_answers", "Answers given.", ("site", "status", "generator"), registry=own),
        Histogram(
            "kefu_answer_seconds", "Time to the whole answer.", ("site", "generator"), buckets=SECONDS, registry=own
        ),
        Counter("kefu_generated", "What became of a generator's text.", ("site", "outcome"), registry=own),
    )
