"""What of an answer's Markdown may lead somewhere: links to the site's own hosts and the configured contacts. No images, no HTML. Pure.

A page that somebody tampered with is published like any other; so nothing that an answer shows loads anything or leads away, whoever wrote it.
"""

import re
from collections.abc import Set
from urllib.parse import urlsplit

IMAGE = re.compile(r"!\[([^\[\]]*)\](?:\([^)]*\)?|\[[^\]]*\])?")
# A link, or an address that stands in the text as it is.
LINK = re.compile(
    r"\[([^\[\]]*)\]\(\s*<?([^)\s>]*)>?[^)]*\)?"
    r"|(?<![a-z\d])(?:https?:)?//[^\s<>()\[\]，。；、！？]+|(?<![\w.@/-])www\.[^\s<>()\[\]，。；、！？]+",
    re.IGNORECASE,
)
REFERENCE = re.compile(r"\[([^\[\]]+)\]\[(?!\d{1,2}\])[^\]]*\]")
DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\]]+\]:.*$", re.MULTILINE)
TAG = re.compile(r"<(?:/?[a-zA-Z][^>]*|!--.*?--|![^>]*|\?[^>]*)>", re.DOTALL)
OPEN_TAG = re.compile(r"<(?=[/!?a-zA-Z])")  # one that is never closed
AUTOLINK = re.compile(r"<((?:https?|mailto|tel):[^>\s]*)>", re.IGNORECASE)
SCHEME = re.compile(r"^(?:https?:)?//", re.IGNORECASE)
WWW = re.compile(r"^www\.", re.IGNORECASE)


def only_own_links(text: str, hosts: Set[str], contacts: Set[str]) -> str:
    """`text` with the links whose host is one of `hosts`, or below one, and those to `contacts` (an address, a number or a URL).

    Of other links their text stays, of a bare address all but what makes it one; of images their description; of HTML nothing.
    """

    def kept(match: re.Match[str]) -> str:
        label, target = match.groups()
        if target is not None:
            return match.group() if _is_own(target, hosts, contacts) else label
        url = match.group()
        return url if _is_own(url, hosts, contacts) else WWW.sub("", SCHEME.sub("", url))

    before = ""
    while text != before:  # what is taken out may bring together what was apart
        before = text
        text = AUTOLINK.sub(r"\1", text)
        text = OPEN_TAG.sub("", TAG.sub("", text))
        text = DEFINITION.sub("", REFERENCE.sub(r"\1", IMAGE.sub(r"\1", text)))
        text = LINK.sub(kept, text)
    return text


def host_of(url: str) -> str:
    """The host of an address, without "www."; "" where it has none."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _is_own(target: str, hosts: Set[str], contacts: Set[str]) -> bool:
    scheme, colon, rest = target.partition(":")
    if colon and scheme.casefold() in ("mailto", "tel"):
        return rest.partition("?")[0] in contacts
    if target in contacts:
        return True
    if (
        not re.match(r"(?:https?:)?//|www\.", target, re.IGNORECASE)
        or "\\" in target
        or "@" in target.partition("?")[0]
    ):
        return False
    host = host_of(target)
    return any(host == own or host.endswith(f".{own}") for own in hosts if own)
