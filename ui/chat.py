"""One turn: a visitor's message, the bot's events, what is stored, and the answer as JSON. Knows no HTTP."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from chatbot.bot import Bot
from chatbot.generators import while_here
from chatbot.memory import Memory
from chatbot.messages import Answer, Conversation, Event
from ui.desk import Desk
from ui.errors import BadCall


def conversation_of(memory: Memory, site: str, token: str | None, *, strict: bool = False) -> Conversation:
    """The conversation of a token, or a new one. An unknown token and a foreign one look the same.

    Raises:
        BadCall: with `strict`, for a token that no conversation has.

    """
    found = memory.load(token, site) if token else None
    if found is None and token and strict:
        raise BadCall("there is no such conversation on this site. Leave --conversation out to begin a new one")
    return found or memory.start(site)


def turn(
    desk: Desk, site: str, question: str, conversation: Conversation, left: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Event, int]]:
    """The events of a site's bot; with the `Answer` comes the number it was stored under, 0 with the others.

    Raises:
        VisitorLeft: soon after `left` says so.

    """
    began, bot = time.perf_counter(), desk.site(site)[1]
    for event in replace(bot, generator=while_here(bot.generator, left)).reply(question, conversation):
        if isinstance(event, Answer):
            desk.metrics.answered(site, event, time.perf_counter() - began)
            yield event, desk.memory.record(conversation.token, question, event)
        else:
            yield event, 0


def answer_in(
    bot: Bot, memory: Memory, site: str, question: str, token: str | None, *, strict: bool = False
) -> dict[str, Any]:
    """A whole turn as the JSON of `kefu ask`."""
    conversation = conversation_of(memory, site, token, strict=strict)
    answer, ms = timed_reply(bot, question, conversation)
    memory.record(conversation.token, question, answer)
    return {**answer_json(answer), "conversation": conversation.token, "ms": ms}


def timed_reply(bot: Bot, question: str, conversation: Conversation) -> tuple[Answer, dict[str, float]]:
    """The answer, and milliseconds: to the first event, and in all."""
    began = time.perf_counter()
    first, answer = 0.0, None
    for event in bot.reply(question, conversation):
        first = first or time.perf_counter() - began
        if isinstance(event, Answer):
            answer = event
    assert answer is not None  # noqa: S101 - Bot.reply ends with exactly one
    return answer, {"first": round(first * 1000, 1), "total": round((time.perf_counter() - began) * 1000, 1)}


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as the command line and the API give it."""
    probability = None if answer.probability is None else round(answer.probability, 6)
    return {
        "text": answer.text,
        "status": answer.status,
        "probability": probability,
        "generator": answer.generator,
        "citations": [asdict(citation) for citation in answer.citations],
        "suggestions": list(answer.suggestions),
    }
