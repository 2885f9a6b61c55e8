"""Which language a text is written in, and whether it asks: by script, word and shape. Pure; good enough for short questions."""

import re
from collections import Counter
from functools import lru_cache

STOPWORDS = {
    "en": (
        "the a an is are do does did i you my your we our how what when where can to of in for and it on with not "
        "if be have will was were has"
    ).split(),
    "de": "der die das und ist nicht ich wie was kann mein ein eine zu mit für wo werden wird sie wir es auf den im".split(),
    "fr": "le la les est une des je vous comment que qui puis mon ma pour avec pas quel quelle où du dans sur il".split(),
    "es": "el los las es una cómo qué puedo mi para con por dónde cuál del en al su si hay".split(),
    "pt": "o os as é um uma como que posso meu minha para com não onde qual do da em ao há".split(),
    "it": "il lo gli è un una come che posso mio mia per con non dove quale del della si ho sono".split(),
}
# The languages that their script gives away.
SCRIPTS = ("zh", "ja", "ko", "ru", "ar", "th")
QUESTION_WORDS = re.compile(
    r"^(?:how|what|when|where|why|who|which|can|could|do|does|did|is|are|am|will|would|should|may|have|has|i\b"
    r"|wie|was|wann|wo|warum|wer|welche|kann|ist|sind|gibt|muss|darf|comment|que|quel|quand|où|pourquoi|qui|puis-je|est-ce"
    r"|cómo|qué|cuándo|dónde|por qué|quién|cuál|puedo|¿)\b|^¿",
    re.IGNORECASE,
)
CHINESE_QUESTION = re.compile(
    r"如何|怎么|怎样|怎麼|为什么|為什麼|为何|什么|什麼|哪|多少|多久|几|吗|嗎|呢|是否|能否|可否|可以.*吗|谁|何时|何處|か[。?？]?$|ですか|ますか"
)


@lru_cache(4096)  # extraction asks it of the same lines again and again
def asks(text: str) -> bool:
    """Whether a text has the shape of a question. A hint only: 15 % of real FAQ questions have no such shape."""
    text = text.strip()
    return bool(re.search(r"[?？؟]", text) or QUESTION_WORDS.match(text) or CHINESE_QUESTION.search(text))


def detect(text: str, default: str = "en") -> str:
    """ISO 639-1 code of `text`: zh, ja, ko, ru, ar, th by script, en, de, fr, es, pt, it by words; else `default`."""
    counts = {
        "kana": len(re.findall(r"[\u3040-\u30ff]", text)),
        "han": len(re.findall(r"[\u3400-\u9fff\uf900-\ufaff]", text)),
        "ko": len(re.findall(r"[\uac00-\ud7af]", text)),
        "ru": len(re.findall(r"[\u0400-\u04ff]", text)),
        "ar": len(re.findall(r"[\u0600-\u06ff]", text)),
        "th": len(re.findall(r"[\u0e00-\u0e7f]", text)),
    }
    words = re.findall(r"[^\W\d_]+", re.sub(r"[\u3040-\u9fff\uac00-\ud7af]", " ", text).casefold())
    if counts["kana"] and counts["kana"] * 5 >= counts["han"]:
        return "ja"
    # A Chinese question may name a product in Latin letters: one character weighs about as much as a word.
    if counts["han"] and counts["han"] * 2 >= len(words):
        return "zh"
    for code in ("ko", "ru", "ar", "th"):
        if counts[code] * 2 >= sum(map(len, words)) and counts[code]:
            return code
    return _by_words(words, default)


def _by_words(words: list[str], default: str) -> str:
    counts = Counter(words)
    scores = {code: sum(counts[word] for word in stop) for code, stop in STOPWORDS.items()}
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] else default
