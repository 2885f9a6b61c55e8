"""The bot's events as server-sent events, and the shapes of requests: the contract with the widget. Pure.

start    {"conversation"}                 at once
sources  {"citations": […]}               at most once, before the first word
delta    {"text"}                         checked pieces of the answer
answer   {"text","status",…,"turn"}       exactly once; its text replaces the deltas
error    {"message"}                      instead of an answer
"""

import json
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chatbot.messages import Answer, Delta, Event
from ui.chat import answer_json

MAX_MESSAGE_CHARS = 2000


class ChatRequest(BaseModel):
    """A visitor's message. Nothing of prompt, model or history can be set from outside."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=MAX_MESSAGE_CHARS, examples=["如何退货？"])
    site: str | None = Field(
        None, max_length=63, description="may be left out when the server has one site", examples=["demo"]
    )
    conversation: str | None = Field(None, max_length=128, description="the token of the `start` event, to go on")


class Rating(BaseModel):
    """A thumb on one of the visitor's own turns."""

    model_config = ConfigDict(extra="forbid")

    conversation: str = Field(max_length=128)
    turn: int = Field(ge=1, le=2**53, description="`turn` of the `answer` event")
    rating: int = Field(ge=-1, le=1, description="1 up, −1 down, 0 taken back")
    note: str = Field("", max_length=1000)
    site: str | None = Field(None, max_length=63)


def sse(name: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def to_sse(event: Event, turn: int) -> bytes:
    """One event of the bot."""
    if isinstance(event, Delta):
        return sse("delta", {"text": event.text})
    if isinstance(event, Answer):
        return sse("answer", {**answer_json(event), "turn": turn})
    return sse("sources", {"citations": [asdict(citation) for citation in event.citations]})
