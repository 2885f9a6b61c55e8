"""What a fetch is asked and what it gives: `Response`, `Validators`, `Fetch`. Values; opens nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

REDIRECTS = (301, 302, 303, 307, 308)
HTML_KINDS = ("text/html", "application/xhtml+xml")
KEPT_HEADERS = ("etag", "last-modified", "retry-after", "x-robots-tag", "link", "content-language", "location")


@dataclass(frozen=True)
class Response:
    """What a server answered: final URL, status, Content-Type header, the inflated body, and `KEPT_HEADERS`.

    The names in `headers` are lower-case; `location` is ASCII. The body is empty unless the status is 2xx and the media
    type one that is read here: HTML, plain text, XML, gzip files.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_html(self) -> bool:
        """Whether the server, or failing that the body, says that this is a web page."""
        kind = media_type(self.content_type)
        if not kind:
            return b"<" in self.body[:512] and b"\x00" not in self.body[:512]
        return kind in HTML_KINDS


def media_type(content_type: str) -> str:
    """The kind that a Content-Type header names, lower-case, without its parameters."""
    # Some servers name it twice, and the two come joined with a comma.
    return re.split("[;,]", content_type)[0].strip().lower()


@dataclass(frozen=True)
class Validators:
    """What a server said last time of a page's state (RFC 9110, 13.1): "" where it said nothing."""

    etag: str = ""
    last_modified: str = ""


NOTHING_KNOWN = Validators()


class Fetch(Protocol):
    """A URL, and what is known of its page, to what the server answers."""

    def __call__(self, url: str, validators: Validators = NOTHING_KNOWN, /) -> Response: ...
