"""Every sentence against the passages it may rest on: facts exactly, words by coverage. Pure.

A sentence passes when each number, address and link in it stands in one cited passage, that passage holds most of its
content words, and one sentence of the passage says it: agrees on negation, and holds little that was left out, for what
a small model leaves out is the condition ("the shop pays" for "the shop pays if it is faulty"). The number of that passage becomes the sentence's citation: the model's own
[1] is not believed. What is written in another language than its source cannot be compared word by word and does not pass.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from chatbot.facts import LINK, missing, without_facts
from chatbot.prompt import plain
from crawler.language import detect
from crawler.records import normalised
from index.words import tokens

MIN_COVERAGE = 0.6
MIN_RECALL = 0.4
MIN_SHARED = 0.5
# What a generator ends with when it was stopped in the middle of a sentence.
CUT_OFF = "…"
# A full stop after a bare number is a list's ("1. Sign in"), not a sentence's; nor is one after a single letter ("U.S.", "p.m.") or after these.
ABBREVIATIONS = (
    *("Mr", "Mrs", "Ms", "Dr", "St", "No", "vs", "approx", "incl", "excl", "Inc", "Ltd", "Co", "Corp", "min", "max"),
    *("Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec"),
)
NO_END = "".join(rf"(?<!\b{word}\.)" for word in ("[A-Za-z]", *ABBREVIATIONS))
SENTENCE_END = re.compile(
    rf"(?<=[。！？!?\n])|(?<=[^\d\s。！？!?]\.){NO_END}(?=\s)|(?<=\d{{3}}\.)(?=\s)",
)
CLAUSE_END = re.compile(r"[。！？!?\n，,；;：:]|\.(?=\s|$)")
# When something holds. In Chinese a clause of time ends so, or stands before what may be done then.
AT = r"(?<![及实随同小按准定临当平有暂到届何])时|期间|期間|(?<![目以当提])前|(?<![售最今然前])[后後]"
TIME = rf"(?:{AT})(?=[，,可才能不即方再就请須须需])|情况下|情況下|\b(?:when|while|before|after(?![- ]?sales)|until)\b"
RESTRICTION = re.compile(
    r"如果|若|除|仅|只|须|必须|但|不过|限|前提|的话|不含|时[，,]|时候|情况下|\b(?:if|unless|except|only|when|but|must|provided|long as|until|however|excluding)\b",
    re.IGNORECASE,
)
# What makes a promise out of the rest when it is dropped from within a sentence.
CONDITION = re.compile(
    r"如果|若|除非|除外|(?<!不)仅|只有|只能|只限|前提|的话|\b(?:if|unless|except|only|provided|as long as|excluding)\b",
    re.IGNORECASE,
)
WHEN = re.compile(TIME, re.IGNORECASE)
# What still says when, in other words.
TIMED = re.compile(
    rf"{AT}|{TIME}|(?<![国境市室])内(?![容部衣存置])|满(?![意足])|超过|\b(?:if|once|within|over|up to)\b|{RESTRICTION.pattern}",
    re.IGNORECASE,
)
LATIN = re.compile(r"[A-Za-z]{2,}")
# Names, of products say: words in Latin letters among Chinese, and words with capitals, a row of them being one name.
NAME_AMONG_CHINESE = re.compile(r"[A-Za-z]+(?:[ '’.&-]+[A-Za-z]+)*")
CAPITAL = r"(?<![A-Za-z])(?:[A-Z]|[a-z]+[A-Z])[A-Za-z]*(?:['’]s)?"
NAME = re.compile(rf"{CAPITAL}(?:[ :&-]+(?:(?:of|the|for|in|de) )*{CAPITAL})*")
MARKUP = re.compile(r"<[a-z/!]|\]\(|\wscript:", re.IGNORECASE)
NEGATION = re.compile(
    r"不|没|無法|无法|无需|無需|无须|無須|毋|勿|未|非|禁止|拒绝|拒絕|(?<![避难以])免(?![费費疫得])|别(?=[忘再用把让去动碰放])"
    r"|\b(?:no|not|never|cannot|without|none|neither|nor|unable|ineligible|invalid|prohibited|forbidden)\b|n't\b|\bnon-(?=[a-z])|\bnon(?=refund|return|transfer)"
    r"|\bun(?=(?:opened|used|worn|washed|damaged|available|paid|authori[sz]ed|limited|sealed|wrapped|finished|verified|registered|confirmed|delivered|supported|safe)\b)",
    re.IGNORECASE,
)
# Words in which 不 and 无 negate nothing, or which ask.
NO_NEGATION = re.compile(
    r"不同|不仅|不但|不过|不断|不久|不错|不少|不好意思|不客气|不论|无论|不管|是不是|能不能|可不可以|要不要|差不多|非常|未来|not only|no problem",
    re.IGNORECASE,
)


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Whole sentences out of a stream of text; the last one may lack its full stop."""
    text = ""
    for piece in pieces:
        text += piece
        *whole, text = SENTENCE_END.split(text)
        yield from (sentence for sentence in whole if sentence.strip())
    if text.strip():
        yield text


def judgeable(sentence: str, passages: Sequence[str], language: str) -> list[int]:
    """Numbers, from 1, of the passages that a sentence may rest on if a judge believes it: of those with most of its words, however many do.

    They hold all its facts. About what shares no more than half of its words with a passage in its language, negates what that does not, or drops its
    condition, no judge is asked: a small one overlooks that. Passages in another language serve where the first is in one, for there is
    no better in its own. `language` is what the sentence was to be written in.
    """
    words = _words(sentence)
    if _is_no_sentence(sentence, words):
        return []
    languages = [detect(passage) for passage in passages]
    own, bare = _language_of(sentence, languages, language), _without_marks(sentence)
    shared = {
        number: len(words & _words(passage)) / len(words)
        for number, passage in enumerate(passages, 1)
        if not missing(bare, passage)
    }
    same = {number for number in shared if languages[number - 1] == own}
    near = {number for number in same if shared[number] > MIN_SHARED}
    may = {number for number in near if _is_not_against(sentence, words, passages[number - 1])}
    if not near and languages[0] != own:  # what a passage in its own language is about is not for another to allow
        may = shared.keys() - same
    most = max((shared[number] for number in may), default=0.0)
    return sorted(number for number in may if shared[number] == most)


def has_other_names(sentence: str, passage: str, asked: str, language: str) -> bool:
    """Whether a sentence has a name that its passage has not; of an English one over a passage in another script that cannot be told.

    Of a name of several words that the visitor said too, the passage need have one; of a sentence's first word it cannot be told whether it is one.
    """
    of_passage = detect(passage)
    own = _language_of(sentence, [of_passage], language)
    if own not in (of_passage, "zh"):
        return False
    held, said = (set(LATIN.findall(text.casefold())) for text in (passage, asked))
    text = LINK.sub(" ", sentence).strip()
    for name in (NAME_AMONG_CHINESE if own == "zh" else NAME).finditer(text):
        words = LATIN.findall(name.group().casefold())
        others = set(words[1:] if own != "zh" and name.start() == 0 else words) - held
        if others and (not others <= said or held.isdisjoint(words)):
            return True
    return False


def _language_of(sentence: str, languages: Sequence[str], expected: str) -> str:
    """What a sentence is written in: the language that was asked for, unless it is one of the passages'. Of a few words any other is a wrong guess."""
    found = detect(sentence, expected)
    return found if found in languages else expected


def stands_in(sentence: str, passages: Sequence[str]) -> bool:
    """Whether a sentence is one of a passage, word for word."""
    said = normalised(sentence)
    return any(said == normalised(plain(other)) for passage in passages for other in SENTENCE_END.split(passage))


def _is_no_sentence(sentence: str, words: Set[str]) -> bool:
    return not words or bool(MARKUP.search(sentence)) or sentence.rstrip().endswith(CUT_OFF)


def supported_by(sentence: str, passages: Sequence[str]) -> int:
    """Number, from 1, of the passage that supports a sentence best; 0 when none does."""
    words = _words(sentence)
    if _is_no_sentence(sentence, words):
        return 0
    best, best_coverage = 0, 0.0
    for number, passage in enumerate(passages, 1):
        held = len(words & _words(passage)) / len(words)
        if (
            held > best_coverage
            and held >= MIN_COVERAGE
            and not missing(_without_marks(sentence), passage)
            and _says_it(sentence, words, passage)
        ):
            best, best_coverage = number, held
    return best


def _says_it(sentence: str, words: set[str], passage: str) -> bool:
    """Whether the sentence of the passage that is nearest says this one: not much more, and not the opposite.

    The end of a source sentence may be left out unless it restricts; its beginning may not: in Chinese the condition
    comes first and needs no word for "if".
    """
    return any(
        len(words & source) >= MIN_RECALL * len(source)
        and not RESTRICTION.search(left_out)
        and not WHEN.search(left_out)
        and _keeps_condition(sentence, kept)
        and _same_negation(sentence, kept)
        for kept, left_out, source in _nearest_openings(words, passage)
    )


def _is_not_against(sentence: str, words: set[str], passage: str) -> bool:
    """Whether a sentence neither denies the sentence of a passage that is nearest nor drops its condition."""
    return any(
        not CONDITION.search(left_out)
        and not WHEN.search(left_out)
        and _keeps_condition(sentence, kept)
        and _same_negation(sentence, kept)
        for kept, left_out, _ in _nearest_openings(words, passage)
    )


def _keeps_condition(sentence: str, kept: str) -> bool:
    """Whether a sentence says under which condition, and when, where its source does, in whatever words."""
    return (not CONDITION.search(kept) or bool(RESTRICTION.search(sentence))) and (
        not WHEN.search(kept) or bool(TIMED.search(sentence))
    )


def _nearest_openings(words: set[str], passage: str) -> list[tuple[str, str, set[str]]]:
    """The openings of a passage's sentences with most of some words, what each leaves out, and its own words."""
    said = [(kept, left_out, _words(kept)) for kept, left_out in _openings(passage)]
    most = max((len(words & source) for _, _, source in said), default=0)
    return [opening for opening in said if len(words & opening[2]) == most > 0]


def _openings(passage: str) -> Iterator[tuple[str, str]]:
    """Every sentence of a passage but questions, cut after each of its clauses: what is kept, and what is left out."""
    for sentence in SENTENCE_END.split(passage):
        if sentence.rstrip().endswith(("?", "？")):
            continue
        ends = [match.end() for match in CLAUSE_END.finditer(sentence)]
        for end in dict.fromkeys((*ends, len(sentence))):
            yield sentence[:end], sentence[end:]


def _words(text: str) -> set[str]:
    """Content words; numbers and links are compared as facts."""
    return {word for word in tokens(without_facts(_without_marks(text))) if not word.isdecimal()}


def clean(sentence: str) -> str:
    """A model's sentence without its own citation marks and without links' Markdown."""
    text = re.sub(r"!?\[([^\]]{0,500})\]\([^)]{0,2000}\)", r"\1", _without_marks(sentence))
    return re.sub(r"^\s*(?:\d{1,2}[.)、](?!\d)|[-*•](?![-*•\d]))\s*", "", text).strip()


def _without_marks(sentence: str) -> str:
    return re.sub(
        r"\s{0,9}[\[【(（]\s{0,9}(?:资料|来源|passage|source)?\s*\d{1,2}(?:\s*[,，、]\s*\d{1,2})*\s*[\]】)）]",
        "",
        sentence,
        flags=re.IGNORECASE,
    )


def _same_negation(sentence: str, source: str) -> bool:
    """Whether a sentence negates as often as its source, or each clause as the clause of the source most like it."""
    if _negations(sentence) == _negations(source):
        return True
    sources = [(_words(clause), _negations(clause)) for clause in CLAUSE_END.split(source)]
    return all(
        _negations(clause) in _most_like(words, sources)
        for clause in CLAUSE_END.split(sentence)
        if (words := _words(clause))
    )


def _most_like(words: set[str], sources: Sequence[tuple[set[str], int]]) -> set[int]:
    """How often the clauses with the most words in common negate; several, when they tie."""
    overlaps = [(len(words & source), negations) for source, negations in sources]
    most = max(overlap for overlap, _ in overlaps)
    return {negations for overlap, negations in overlaps if overlap == most}


def _negations(text: str) -> int:
    return len(NEGATION.findall(NO_NEGATION.sub("", text.replace("’", "'"))))
