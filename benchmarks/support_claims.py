"""What the judge of support is trained on: a sentence, what it is to rest on, and which of its words that does not hold.

Three sources of sentences: those that were written for this (`data/claims`), those of SummEdits, and those made here by rule from
published texts (a sentence of the text, or a question of CMRC or DRCD with its answer put in, and then a number, a name, a word or a
negation of it changed).
"""

import difflib
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from crawler.language import detect
from crawler.records import read_jsonl

HELD, OPEN, CONTRADICTED, UNKNOWN = 0, 1, 2, -1
SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n]?|\n")
ENDS = re.compile(r"(?<=[。！？!?\n])|(?<=[.!?])(?=\s)")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
NAME_EN = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")
WORD_EN = re.compile(r"\b[a-z]{4,}\b")
ASKED_ZH = re.compile(
    r"(?:在)?(?:哪(?:一|两|几|些)?(?:个|家|所|年|天|月|位|部|座|种|里|些|裡|個)?\w{0,2}?|什么(?:时候|地方|时间)?|什麼(?:時候|地方|時間)?|谁|誰|多少|何时|何時|何地|何处|几|幾)"
)
OPPOSITES = """
以内 以外|以上 以下|之前 之后|之後 之前|最多 至少|最早 最晚|所有 部分|全部 部分|免费 收费|可以 不可以|能 不能|需要 不需要|支持 不支持|包含 不含|包括 不包括|允许 禁止|必须 可以|高于 低于|多于 少于
增加 减少|提高 降低|提前 推迟|买家 卖家|您 我们|顾客 商家|线上 线下|国内 国外|工作日 周末|自动 手动|首次 再次|同意 拒绝|接受 拒绝|成功 失败|有 没有|会 不会|是 不是|已 未|开始 结束|开启 关闭|收取 退还|支付 退还|长期 短期
at least, at most|more than, less than|before, after|within, after|free, paid|all, some|always, sometimes|can, cannot|must, may|never, always|include, exclude|includes, excludes|allowed, forbidden|buyer, seller|customer, shop
higher, lower|increase, decrease|earlier, later|first, last|online, in person|weekdays, weekends|automatically, manually|accepted, declined|agreed, refused|with, without|new, used|cheap, expensive|largest, smallest|older, younger
is, is not|are, are not|will, will not|does not, does|do not, do|is not, is|only, also|every, no|both, neither|long, short|large, small|full, partial|required, optional|up to, over|daily, weekly|monthly, yearly|won, lost|bought, sold
"""


@dataclass(frozen=True)
class Claim:
    """A sentence and the texts that it is to rest on. `wrong` are its (start, end, label); `unsure` says that one of `wrong` holds, not which."""

    kind: str
    document: str
    text: str
    sources: tuple[str, ...]
    wrong: tuple[tuple[int, int, int], ...] = ()
    unsure: bool = False


def from_written(folder: Path) -> Iterator[Claim]:
    """Claims that people wrote, with the words marked that are wrong."""
    for path in sorted(folder.glob("*.jsonl")):
        for _, row in read_jsonl(path):
            for claim in row["claims"]:
                text = claim["text"]
                marks = [(span, CONTRADICTED) for span in claim.get("contradicted") or ()]
                marks += [(span, OPEN) for span in claim.get("added") or ()]
                wrong = tuple((text.index(span), text.index(span) + len(span), label) for span, label in marks if span)
                yield Claim(path.stem, f"{path.stem} {row['id']}", text, tuple(row["sources"]), wrong)


def from_summedits(path: Path) -> Iterator[Claim]:
    """Edited summaries: of one that is wrong, some of the words that differ from the first summary are."""
    first: dict[str, str] = {}
    for _, row in read_jsonl(path):
        document, _, edit = row["id"].rpartition("_")
        if edit == "og":
            first[document] = row["answer"]
        source = tuple(row["sources"])
        if row["supported"]:
            yield Claim(path.stem, f"{path.stem} {document}", row["answer"], source)
        elif document in first:
            wrong = tuple((start, end, CONTRADICTED) for start, end in changed(first[document], row["answer"]))
            if wrong:
                yield Claim(path.stem, f"{path.stem} {document}", row["answer"], source, wrong, unsure=len(wrong) > 1)


def changed(before: str, after: str) -> Iterator[tuple[int, int]]:
    """Where the words of `after` stand that are not in `before`; of what was only taken out, the word that follows."""
    words = [(m.start(), m.end()) for m in re.finditer(r"\w+|[^\w\s]", after)]
    old = re.findall(r"\w+|[^\w\s]", before)
    match = difflib.SequenceMatcher(None, old, [after[a:b] for a, b in words], autojunk=False)
    for what, _, _, start, end in match.get_opcodes():
        if what != "equal" and words[start : max(end, start + 1)]:
            found = words[start : max(end, start + 1)]
            yield found[0][0], found[-1][1]


def from_squad(path: Path, rng: random.Random, share: float) -> Iterator[Claim]:
    """A question with its answer in the place of the word that asks; beside it, with another piece of the paragraph there."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    for number, article in enumerate(articles):
        for place, paragraph in enumerate(article["paragraphs"]):
            text = paragraph["context"]
            answers = sorted({item["answers"][0]["text"] for item in paragraph["qas"]})
            document = f"{path.stem} {number}-{place if len(articles) < 2 else 0}"
            for item in paragraph["qas"]:
                asked = item["question"].strip().rstrip("？?")
                found = list(ASKED_ZH.finditer(asked))
                if len(found) != 1 or rng.random() > share:
                    continue
                start, end = found[0].span()
                right = item["answers"][0]["text"].rstrip("。，")
                if not 1 < len(right) <= 24:
                    continue
                yield Claim("question", document, f"{asked[:start]}{right}{asked[end:]}。", (text,))
                others = [a for a in answers if a not in right and right not in a and len(a) <= 24 and _like(a, right)]
                wrong = rng.choice(others) if others and rng.random() < 0.6 else _altered(right, text, rng)
                if wrong and wrong != right:
                    label = ((start, start + len(wrong), CONTRADICTED),)
                    yield Claim("question", document, f"{asked[:start]}{wrong}{asked[end:]}。", (text,), label)


def _like(one: str, other: str) -> bool:
    return bool(NUMBER.search(one)) == bool(NUMBER.search(other))


def from_texts(texts: Sequence[tuple[str, str]], rng: random.Random) -> Iterator[Claim]:
    """Sentences of (document, text), as they are or with something changed, or with their text no longer there."""
    names = defaultdict(list)
    for _, text in texts:
        names[detect(text)] += NAME_EN.findall(text)
    for document, text in texts:
        said = [s.strip() for s in ENDS.split(text) if s and len(s.strip()) >= 12]
        for place, sentence in enumerate(said):
            if len(sentence) > 260 or sentence.endswith(("?", "？")):
                continue
            drawn = rng.random()
            if drawn < 0.25:
                yield Claim("sentence", document, _reworded(sentence, rng), (text,))
            elif drawn < 0.4 and len(said) > 2:
                rest = tuple(s for n, s in enumerate(said) if n != place)
                words = [
                    (m.start(), m.end(), OPEN)
                    for m in re.finditer(r"[^\W_]{2,}", sentence)
                    if m.group() not in text.replace(sentence, "")
                ]
                if words:
                    yield Claim("taken out", document, sentence, ("\n".join(rest),), tuple(words))
            elif edit := _edited(sentence, text, names[detect(text)], rng):
                yield Claim("changed", document, edit[0], (text,), ((edit[1], edit[2], edit[3]),))


def _reworded(sentence: str, rng: random.Random) -> str:
    """A part of a sentence that still holds: without what a small model drops and a person would not miss."""
    if rng.random() < 0.5:
        return sentence
    return re.sub(
        r"^(?:and|also|but|so|please note that|此外|另外|同时|并且|请注意)[,，]?\s*", "", sentence, flags=re.IGNORECASE
    ).rstrip("。.")


def _edited(sentence: str, text: str, names: Sequence[str], rng: random.Random) -> tuple[str, int, int, int] | None:
    ways = [_number, _opposite, _opposite, _negated, _name, _inserted, _swapped]
    rng.shuffle(ways)
    for way in ways:
        if found := way(sentence, text, names, rng):
            return found
    return None


def _put(sentence: str, start: int, end: int, new: str, label: int = CONTRADICTED) -> tuple[str, int, int, int]:
    return f"{sentence[:start]}{new}{sentence[end:]}", start, start + len(new), label


def _number(sentence: str, text: str, _: Sequence[str], rng: random.Random) -> tuple[str, int, int, int] | None:
    found = list(NUMBER.finditer(sentence))
    if not found:
        return None
    one = rng.choice(found)
    others = [n for n in NUMBER.findall(text) if n != one.group()]
    new = rng.choice(others) if others and rng.random() < 0.5 else _other_number(one.group(), rng)
    return None if new == one.group() else _put(sentence, *one.span(), new)


def _other_number(number: str, rng: random.Random) -> str:
    digits = list(number)
    places = [n for n, c in enumerate(digits) if c.isdigit()]
    place = rng.choice(places)
    digits[place] = rng.choice([d for d in "123456789" if d != digits[place]])
    if rng.random() < 0.2:
        return "".join(digits) + "0"
    return "".join(digits)


def _opposite(sentence: str, _: str, __: Sequence[str], rng: random.Random) -> tuple[str, int, int, int] | None:
    found = []
    for one, other in PAIRS:
        pattern = rf"\b{one}\b" if one[0].isascii() else (rf"(?<![不没未可]){one}" if len(one) < 3 else one)
        found += [(m.start(), m.end(), other) for m in re.finditer(pattern, sentence)]
    if not found:
        return None
    return _put(sentence, *rng.choice(found))


def _negated(sentence: str, _: str, __: Sequence[str], rng: random.Random) -> tuple[str, int, int, int] | None:
    found = list(re.finditer(r"不(?=[\u4e00-\u9fff])|没有|无需|未|(?<= )not (?=\w)|n't\b", sentence))
    if not found:
        return None
    one = rng.choice(found)
    if one.group() == "n't" and sentence[: one.start()].endswith(("ca", "wo")):
        return None
    text = sentence[: one.start()] + sentence[one.end() :]
    following = re.compile(r"\w{1,2}" if ord(one.group()[0]) > 0x3000 else r"\w+").search(text, one.start())
    return (text, following.start(), following.end(), CONTRADICTED) if following else None


def _name(sentence: str, text: str, names: Sequence[str], rng: random.Random) -> tuple[str, int, int, int] | None:
    if detect(sentence) == "zh":
        return _noun(sentence, text, rng)
    found = list(NAME_EN.finditer(sentence))
    if not found or not names:
        return None
    one = rng.choice(found)
    others = [n for n in NAME_EN.findall(text) if n not in one.group() and one.group() not in n]
    new = rng.choice(others) if others and rng.random() < 0.5 else rng.choice(names)
    return None if new in sentence else _put(sentence, *one.span(), new)


def _noun(sentence: str, text: str, rng: random.Random) -> tuple[str, int, int, int] | None:
    """A Chinese noun, name or verb for another of its kind in the text."""
    inside, at = [], 0
    for word, kind in _kinds(sentence):
        if kind in KINDS and len(word) > 1:
            inside.append((word, kind, at))
        at += len(word)
    if not inside:
        return None
    word, kind, start = rng.choice(inside)
    others = sorted({w for w, k in _kinds(text) if k == kind and len(w) > 1 and w not in sentence})
    return _put(sentence, start, start + len(word), rng.choice(others)) if others else None


@lru_cache(100)
def _kinds(text: str) -> list[tuple[str, str]]:
    import jieba.posseg

    return [tuple(pair) for pair in jieba.posseg.lcut(text)]


def _inserted(sentence: str, text: str, _: Sequence[str], rng: random.Random) -> tuple[str, int, int, int] | None:
    """A word that narrows or widens."""
    if detect(sentence) == "zh":
        found = re.search(r"(?<=[\u4e00-\u9fff])(?:可以|需要|支持|提供|收取|会|可)", sentence)
        words = ["只", "全部", "免费", "通常", "优先", "仅限会员", "一律"]
    else:
        found = re.search(
            r"(?<=\s)(?:delivery|order|orders|customers|returns|guests|members|tickets|products|repairs|payment|appointments)\b",
            sentence,
        )
        words = [
            "domestic ",
            "international ",
            "online ",
            "first-time ",
            "urgent ",
            "most ",
            "premium ",
            "unopened ",
            "large ",
            "local ",
        ]
    if not found:
        return None
    word = rng.choice(words)
    return None if word.strip() in text else _put(sentence, found.start(), found.start(), word, OPEN)


def _swapped(sentence: str, text: str, _: Sequence[str], rng: random.Random) -> tuple[str, int, int, int] | None:
    """A word for another one of the text that ends alike."""
    if detect(sentence) == "zh":
        return _noun(sentence, text, rng)
    found = [m for m in WORD_EN.finditer(sentence) if m.group() not in COMMON]
    if not found:
        return None
    one = rng.choice(found)
    others = sorted(
        {w for w in WORD_EN.findall(text) if w[-2:] == one.group()[-2:] and w not in sentence and w not in COMMON}
    )
    return _put(sentence, *one.span(), rng.choice(others)) if others else None


def _altered(answer: str, text: str, rng: random.Random) -> str:
    """Another answer of the kind of this one."""
    if NUMBER.search(answer):
        one = rng.choice(list(NUMBER.finditer(answer)))
        return answer[: one.start()] + _other_number(one.group(), rng) + answer[one.end() :]
    found = _noun(answer, text, rng)
    return found[0] if found else ""


KINDS = ("n", "nr", "ns", "nt", "nz", "v", "vn", "a", "t")
COMMON = frozenset(
    "this that with from your have will they them their there then than when what which where while into over also been more most some such only each here ours yours about after before other these those would could should does just because".split()
)


def _pairs() -> list[tuple[str, str]]:
    found = []
    for line in OPPOSITES.strip().splitlines():
        for pair in line.split("|"):
            one, other = (part.strip() for part in (pair.split(",") if "," in pair else pair.split()))
            found += [(one, other), (other, one)]
    return sorted(set(found), key=lambda pair: -len(pair[0]))


PAIRS = _pairs()
