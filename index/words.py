"""Text to tokens: NFKC, case, simplified characters, Chinese by jieba's search mode, other scripts by word. Pure.

For BM25 there are two ways to cut more finely: `terms` for what an entry says, `grams` for how a question is spelt.
"""

import logging
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

# Chinese runs end words: "7天" is a number and a word, not one word.
WORD = r"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
TOKEN = re.compile(rf"[\u3400-\u9fff\uf900-\ufaff]+|[\u3040-\u30ff]+|{WORD}(?:['’]{WORD})?")
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
# Visitors leave them out of Latin letters: "devolucion". In other scripts a mark makes another letter.
ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
HAN_RUN = re.compile(rf"{HAN.pattern}+")
# Words that every question has, so that they say nothing about which entry answers.
STOPWORDS = frozenset(
    (
        "的 了 吗 呢 吧 啊 呀 嘛 是 我 你 您 我们 你们 请问 请 一下 想 要 会 有 和 与 及 在 就 都 也 还 把 被 给 对 从 到 the a an is are was were be do "
        "does did i you my your our we it its to of in on for and or at with can could would will shall should "
        "please me us"
    ).split()
)
SUFFIXES = ("ings", "ing", "ies", "es", "s", "ed")


def tokens(text: str) -> list[str]:
    """Tokens of `text`, stop words left out unless nothing else is there."""
    return _words(plain(text))


def _words(text: str) -> list[str]:
    found = list(_tokens(text))
    return [token for token in found if token not in STOPWORDS] or found


def in_order(text: str) -> list[str]:
    """The words of a text as they stand there, Chinese by jieba, none left out or changed."""
    runs = TOKEN.findall(text)
    return [word for run in runs for word in (_jieba().cut(run) if HAN.match(run) else [run])]


def terms(text: str) -> list[str]:
    """Tokens, and each two neighbouring Chinese characters: where a word is cut in two ways, these still meet."""
    text = plain(text)
    pairs = (run[n : n + 2] for run in HAN_RUN.findall(text) for n in range(len(run) - 1))
    return [*_words(text), *(pair for pair in pairs if pair not in STOPWORDS)]


def grams(text: str) -> list[str]:
    """Each three neighbouring letters of the tokens, their ends marked: misspelt and inflected words still meet."""
    found: list[str] = []
    for token in tokens(text):
        marked = token if HAN.match(token) else f"_{token}_"
        found += [marked[n : n + 3] for n in range(max(1, len(marked) - 2))]
    return found


def plain(text: str) -> str:
    """One spelling of a text: full width as half, capitals as small, no accents, traditional Chinese as simplified."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    return str(_simplifier().convert(text)) if HAN.search(text) else text


def _tokens(text: str) -> Iterator[str]:
    for match in TOKEN.finditer(text):
        run = match.group()
        if HAN.match(run):
            yield from (word for word in _jieba().cut_for_search(run))
        else:
            yield _stem(run)


def _stem(word: str) -> str:
    """Cut the commonest English endings; wrong for some words, the same wrong for question and entry."""
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and word.isascii():
            return word[: -len(suffix)] + ("y" if suffix == "ies" else "")
    return word


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@cache
def _jieba() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()
