"""The errors of the chatbot.

KefuError
└── ChatbotError
    ├── GeneratorUnavailable   a named generator cannot be loaded
    ├── GeneratorFailed        a loaded generator broke off or was too slow; the published answer is shown instead
    │   ├── GeneratorBusy      it has too many visitors to come to this one in time
    │   └── GeneratorRefused   it works, but not on this prompt
    ├── VisitorLeft            nobody waits for the answer any more
    └── MemoryFailed           conversations cannot be stored
"""

from crawler.errors import KefuError


class ChatbotError(KefuError):
    """Raised while answering."""


class GeneratorUnavailable(ChatbotError):
    """Raised when a generator cannot be had."""


class GeneratorFailed(ChatbotError):
    """Raised when a generator breaks off in the middle of its work."""


class GeneratorBusy(GeneratorFailed):
    """Raised when a generator that works well cannot begin in time."""


class GeneratorRefused(GeneratorFailed):
    """Raised when a generator that works well has no answer to a prompt: it is too long, or a filter's or a rule's to refuse."""


class VisitorLeft(ChatbotError):
    """Raised in the midst of an answer that nobody waits for."""


class MemoryFailed(ChatbotError):
    """Raised when the database cannot be used."""
