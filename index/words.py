"""Text to tokens for BM25: NFKC, case, Chinese by jieba's search mode, other scripts by word. Pure."""

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
    found = list(_tokens(unicodedata.normalize("NFKC", text).casefold()))
    return [token for token in found if token not in STOPWORDS] or found


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
def _jieba() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()
