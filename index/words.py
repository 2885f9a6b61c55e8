"""Text to tokens: NFKC, case, simplified characters, Chinese by jieba's search mode, other scripts by word, stemmed. Pure.

Stems are those of Snowball (Porter 2001, https://snowballstem.org), of words without their accents, which visitors leave out. The
language that is named is that of the text, and for a question one that the site is written in: both must be cut alike. For BM25 there are two ways to cut more finely: `terms` for what an entry says, `grams` for how a question is spelt.
"""

import logging
import re
import threading
import unicodedata
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

# Chinese runs end words: "7天" is a number and a word, not one word.
WORD = r"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
TOKEN = re.compile(rf"[\u3400-\u9fff\uf900-\ufaff]+|[\u3040-\u30ff]+|{WORD}(?:'{WORD})?")
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
STEMMERS = {
    "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hu": "hungarian", "it": "italian",
    "lt": "lithuanian", "nb": "norwegian", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
# An article that has run into its word, in French, Italian and Catalan.
ELIDED = re.compile(r"^(?:[cdjlmnst]|qu|un|dell|all|nell|sull|dall)'(?=.)")
ELIDING = frozenset(("fr", "it", "ca"))
STEMMING = threading.Lock()  # a stemmer holds the word that it works on


def tokens(text: str, language: str = "en") -> list[str]:
    """Stems of the words of `text`, stop words left out unless nothing else is there. `language` is ISO 639-1."""
    return [_stem(word, language) for word in _words(plain(text))]


def in_order(text: str) -> list[str]:
    """The words of a text as they stand there, Chinese by jieba, none left out or changed."""
    runs = TOKEN.findall(text)
    return [word for run in runs for word in (_jieba().cut(run) if HAN.match(run) else [run])]


def terms(text: str, language: str = "en") -> list[str]:
    """Tokens, and each two neighbouring Chinese characters: where a word is cut in two ways, these still meet."""
    text = plain(text)
    pairs = (run[n : n + 2] for run in HAN_RUN.findall(text) for n in range(len(run) - 1))
    return [*(_stem(word, language) for word in _words(text)), *(pair for pair in pairs if pair not in STOPWORDS)]


def grams(text: str) -> list[str]:
    """Each three neighbouring letters of the words, their ends marked: misspelt words still meet. None of Chinese: terms do that."""
    words = _words(HAN_RUN.sub(" ", plain(text)))
    return [f"_{word}_"[n : n + 3] for word in words for n in range(len(word))]


def lettered(text: str) -> float:
    """Share of the words of a text that are not Chinese, 0 to 1: how much of it `grams` says."""
    words = _words(plain(text))
    return sum(not HAN.match(word) for word in words) / max(1, len(words))


def cut_by() -> str:
    """What texts are cut by: an index that was made by others is to be made anew."""
    return " ".join(f"{name} {_version(name)}" for name in ("jieba", "opencc", "snowballstemmer"))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # packed into one file, or not to be read by this user
        return "?"


def plain(text: str) -> str:
    """One spelling of a text: full width as half, capitals as small, no accents, traditional Chinese as simplified."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    return str(_simplifier().convert(text)) if HAN.search(text) else text


def _words(text: str) -> list[str]:
    runs = TOKEN.findall(text)
    found = [word for run in runs for word in (_jieba().cut_for_search(run) if HAN.match(run) else [run])]
    return [word for word in found if word not in STOPWORDS] or found


@lru_cache(1 << 16)
def _stem(word: str, language: str) -> str:
    if HAN.match(word):
        return word
    if language in ELIDING:
        word = ELIDED.sub("", word)
    with STEMMING:
        return str(_stemmer(language).stemWord(word))


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer

    algorithm = STEMMERS.get(language, "")
    # Where PyStemmer is installed it serves, and may know fewer.
    return snowballstemmer.stemmer(algorithm if algorithm in snowballstemmer.algorithms() else "english")


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@cache
def _jieba() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()
