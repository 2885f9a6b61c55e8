"""Yes or no: how much rather a model begins its answer with one than with the other. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from chatbot.errors import GeneratorFailed, GeneratorRefused

YES, NO = "yes", "no"
LIKELIEST = 20  # first words that are asked for: what the protocol allows
RAREST = 1e-6
# What a server that tells no likelihoods says is taken for so much.
SAID_ONLY = 2.0


def log_odds(choice: Mapping[str, Any]) -> float:
    """Of one choice of an answer in the OpenAI protocol, asked for with `logprobs`.

    Raises:
        GeneratorRefused: it begins with neither.
        GeneratorFailed: it is no such choice.

    """
    try:
        likely = _likely(choice)
        said = str((choice.get("message") or {}).get("content") or "").strip().casefold()
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise GeneratorFailed("the server sent something else than an answer") from error
    if any(likely.values()):
        return math.log(likely[YES] + RAREST) - math.log(likely[NO] + RAREST)
    for word, odds in ((YES, SAID_ONLY), (NO, -SAID_ONLY)):
        if said.startswith(word):
            return odds
    raise GeneratorRefused("the model was asked for yes or no and said neither")


def _likely(choice: Mapping[str, Any]) -> dict[str, float]:
    """How likely the first word is each of the two, however it is spelled."""
    content = (choice.get("logprobs") or {}).get("content")
    likely = {YES: 0.0, NO: 0.0}
    # Some models begin with a space or a line.
    first = next((token for token in content or () if str(token["token"]).strip()), None)
    for token in (first.get("top_logprobs") or ()) if first else ():
        word = token["token"].strip().casefold()
        if word in likely:
            likely[word] += math.exp(min(0.0, float(token["logprob"])))
    return likely
