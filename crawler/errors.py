"""The error tree of Kefu's lower floors; the packages above add their own branches to `KefuError`.

KefuError
├── CrawlerError
│   ├── UrlRefused     a URL that must not be fetched (scheme, credentials, private address)
│   ├── FetchFailed    the network, the server or a limit ended a fetch
│   ├── PageBroken     a page took too much time or memory to read, or crashed its reader
│   ├── SandboxFailed  the process that reads pages cannot be started
│   └── BadRecord      a line of a record file cannot be read
├── IndexFailure       see index/errors.py
├── ChatbotError       see chatbot/errors.py
└── UiError            see ui/errors.py

Every message is one line and says what to do next: the command line prints it as it stands.
"""


class KefuError(Exception):
    """Anything that Kefu raises on purpose; its text is meant for a person."""


class CrawlerError(KefuError):
    """Raised while getting pages or reading records."""


class UrlRefused(CrawlerError):
    """Raised for a URL that Kefu must not fetch."""


class FetchFailed(CrawlerError):
    """Raised when the network, the server or one of our limits ended a fetch."""


class PageBroken(CrawlerError):
    """Raised when a page took too much time or memory to read, or crashed its reader."""


class SandboxFailed(CrawlerError):
    """Raised when the process that reads pages cannot be started."""


class BadRecord(CrawlerError):
    """Raised when a line of a record file cannot be read."""
