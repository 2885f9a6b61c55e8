"""The errors of the chatbot.

KefuError
└── ChatbotError
    ├── GeneratorUnavailable   a named generator cannot be loaded
    ├── GeneratorFailed        a loaded generator broke off or was too slow; the published answer is shown instead
    └── MemoryFailed           conversations cannot be stored
"""

from crawler.errors import KefuError


class ChatbotError(KefuError):
    """Raised while answering."""


class GeneratorUnavailable(ChatbotError):
    """Raised when a generator cannot be had."""


class GeneratorFailed(ChatbotError):
    """Raised when a generator breaks off in the middle of its work."""


class MemoryFailed(ChatbotError):
    """Raised when the database cannot be used."""
