"""What of an answer's Markdown may lead somewhere: links to the site's own hosts and the configured contacts. No images, no HTML. Pure.

A page that somebody tampered with is published like any other; so nothing that an answer shows loads anything or leads away, whoever wrote it.
Only what is surely a link of the site's own is left as Markdown for one; of all else, the signs that make links are taken apart.
"""

import re
from collections.abc import Set
from urllib.parse import urlsplit

HTML = (
    "a|abbr|address|area|article|aside|audio|b|base|blockquote|body|br|button|canvas|caption|center|cite|code|col|dd|del|details|dialog|div|dl|dt"
    "|em|embed|fieldset|figure|figcaption|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link"
    "|main|map|mark|marquee|math|meta|nav|noscript|object|ol|option|p|param|picture|pre|q|s|script|section|select|slot|small|source|span|strong|style"
    "|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|title|tr|track|u|ul|use|var|video|wbr"
)
TAG = re.compile(rf"</?(?:{HTML})(?=[\s/>])[^<>]{{0,2000}}>|<!--.{{0,2000}}?-->", re.IGNORECASE | re.DOTALL)
# What a renderer may take for a tag all the same.
TAG_LIKE = re.compile(r"<(?=[/!?a-zA-Z])")
AUTOLINK = re.compile(r"<((?:(?:https?|mailto|tel):)?[^<>\s]{1,500}@?[^<>\s]{1,500})>", re.IGNORECASE)
# A link or an image in its plainest form, or an address that stands in the text as it is.
LINK = re.compile(
    r"(!?)\[([^\[\]\n]{0,500})\]\([ ]{0,3}<?([^()<>\s\\]{0,1000})>?(?:[ ]+(?:\"[^\"\[\]()\n]{0,300}\"|'[^'\[\]()\n]{0,300}'))?[ ]{0,3}\)"
    r"|(?<![a-z\d/])(?:https?:)?//[^\s<>()\[\]，。；、！？]{1,1000}|(?<![\w.@/-])www\.[^\s<>()\[\]，。；、！？]{1,1000}",
    re.IGNORECASE,
)
PREFIX = re.compile(r"^(?:(?:https?:)?//)?(?:www\.)?", re.IGNORECASE)
# What follows an address and would make another host of it.
GOES_ON = re.compile(r"[^\s<]*?(?:@|[。．]\w|\.[a-z])", re.IGNORECASE)
DEFINITION = re.compile(r"\](?=:)")
KEPT = re.compile("\ue000(\\d+)\ue001")
# Addresses that only now stand in the text as they are.
PREFIXES_LEFT = re.compile(r"(?:https?:)?//(?=[\w\[])", re.IGNORECASE)
ROUNDS = 3


def only_own_links(text: str, hosts: Set[str], contacts: Set[str]) -> str:
    """`text` with the links whose host is one of `hosts`, or below one, and those to `contacts` (an address, a number or a URL).

    Of other links their text stays, of a bare address all but what makes it one; of images their description; of HTML what is between the tags.
    """
    kept: list[str] = []

    def keep(link: str) -> str:
        kept.append(link)
        return f"\ue000{len(kept) - 1}\ue001"

    def judged(match: re.Match[str]) -> str:
        image, label, target = match.groups()
        if target is not None:
            return keep(f"[{label}]({target})") if not image and _is_own(target, hosts, contacts) else label
        url = match.group()
        if _is_own(url, hosts, contacts) and not GOES_ON.match(text, match.end()):
            return keep(url)
        return PREFIX.sub("", url)

    text = re.sub("[\ue000\ue001]", "", text)
    for _ in range(ROUNDS):
        text = TAG.sub("", text)
    text = TAG_LIKE.sub("< ", AUTOLINK.sub(_unbracketed, text))
    text = LINK.sub(judged, text)
    text = DEFINITION.sub("] ", text.replace("![", "[").replace("](", "] ("))
    text = PREFIXES_LEFT.sub("", text)
    return KEPT.sub(lambda match: kept[int(match.group(1))], text.replace("!\ue000", "! \ue000"))


def host_of(url: str) -> str:
    """The host of an address, without "www."; "" where it has none."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _unbracketed(match: re.Match[str]) -> str:
    found = match.group(1)
    return found if "@" in found or "//" in found or found.lower().startswith(("mailto:", "tel:")) else match.group()


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
