"""A test of a site as one JSON object."""

from dataclasses import asdict
from typing import Any

from chatbot.marks import Figures, Outcome, worst
from ui.exam import Compared, Run

# How questions end where an entry answers, and where none does.
RESULTS = {True: ("right", "wrong", "suggested", "refused"), False: ("answered", "suggested", "refused")}


def as_json(run: Run) -> dict[str, Any]:
    """All that a report says, but for its pictures."""
    return {
        "site": run.site.name,
        "snapshot": run.snapshot,
        "at": run.at.isoformat(timespec="seconds"),
        "models": dict(run.models),
        "bands": run.site.bands.model_dump(),
        "questions": len(run.outcomes),
        **_figures(run.figures),
        "golden": {
            "asked": len(run.held),
            "broken": [{**asdict(one.golden), "why": one.broke, **_outcome(one.outcome)} for one in run.broken],
        },
        "worst": {key: [_outcome(one) for one in ones] for key, ones in worst(run.outcomes).items()},
        "cases": [_outcome(one) for one in run.outcomes],
        **({"compared": _compared(run.compared)} if run.compared else {}),
    }


def _figures(found: Figures) -> dict[str, Any]:
    curve = found.curve
    return {
        "rates": {key: rate.as_json() for key, rate in found.rates.items()},
        "kinds": [
            {
                "kind": tally.kind,
                "answerable": tally.answerable,
                "asked": tally.results.total(),
                **{result: tally.rate(result).as_json() for result in RESULTS[tally.answerable]},
                "offered": tally.offered,
            }
            for tally in found.tallies
        ],
        "by_band": {band: dict(worth) for band, worth in found.bands.items() if worth},
        "calibration": {
            "error": round(found.calibration_error, 4),
            "bins": [{"probability": round(one.probability, 4), "right": one.right.as_json()} for one in found.bins],
        },
        "roc_auc": round(curve.roc_area, 4) if curve else None,
        "average_precision": round(curve.average_precision, 4) if curve else None,
        "latency_ms": {band: one._asdict() for band, one in found.latency.items()},
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    probability = one.answer.probability
    return {
        "kind": one.question.kind,
        "question": one.question.text,
        "wanted": [{"id": entry.id, "question": entry.question, "url": entry.link} for entry in one.wanted],
        "result": one.result,
        "band": str(one.band),
        "status": one.answer.status,
        "probability": None if probability is None else round(probability, 6),
        "found_first": one.first,
        "cited": [{"question": citation.question, "url": citation.url} for citation in one.answer.citations],
        "suggestions": list(one.answer.suggestions),
        "ms": one.ms,
    }


def _compared(compared: Compared) -> dict[str, Any]:
    return {
        "older": compared.older,
        "apart": compared.apart,
        **_figures(compared.figures),
        "changed": [{"before": _outcome(old), "now": _outcome(new)} for old, new in compared.changed],
    }
