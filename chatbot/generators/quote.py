"""The generator without a model: the published answers, word for word."""

from collections.abc import Iterator

from chatbot.prompt import Prompt


def quote(prompt: Prompt) -> Iterator[str]:
    """The answer of the best hit."""
    yield prompt.hits[0].entry.answer
