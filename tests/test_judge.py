"""The judge, with a weigh that says what the test says; what the real model says of claims: `benchmarks/fit_judge.py`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.bands import Bands
from chatbot.bot import Bot
from chatbot.errors import GeneratorFailed
from chatbot.generators import Generator
from chatbot.judge import PIECE_CHARS, ROOM, Judge, grounded_in, probability_of, readable, supported
from chatbot.messages import Answer, Conversation, Delta
from chatbot.prompt import Prompt, build_prompt
from chatbot.texts import Texts
from crawler.language import detect
from crawler.records import FaqEntry
from index.build import sync
from index.calibrate import Calibration, Logistic
from index.embed import fake_embedder
from index.hybrid import Index
from index.reader import about_tokens

YES, NO = 9.0, -9.0
RETURNS = "You can return unused items within 30 days of delivery. Return shipping is free if the item is faulty."
TUIHUO = "签收后 30 天内可以申请退货。如果商品有质量问题，运费由商家承担。"
PASSAGES = [f"Returns\n{RETURNS}", f"退货\n{TUIHUO}"]


def always(odds: float) -> Callable[[Prompt], float]:
    return lambda prompt: odds


def judge(weigh: Callable[[Prompt], float]) -> Judge:
    return Judge(weigh, build_prompt(["?"], (), "en", "Acme"))


# Answers of any chatbot


@pytest.mark.parametrize(
    ("answer", "source"),
    [("You can return unused items within 30 days.", RETURNS), ("签收后三十天内可以申请退货。", TUIHUO)],
)
def test_what_the_judge_believes_is_supported_and_what_it_does_not_is_not(answer: str, source: str) -> None:
    good, bad = supported(answer, [source], always(YES)), supported(answer, [source], always(NO))

    assert good.holds
    assert not bad.holds
    assert 0 <= bad.score < 0.5 <= good.score <= 1
    assert good.lacking == ()


def test_a_fact_that_no_source_has_is_named_and_costs() -> None:
    right, wrong = (supported(f"Return unused items within {days} days.", [RETURNS], always(1.0)) for days in (30, 90))

    assert wrong.score < right.score
    assert wrong.lacking == ("90 day",)


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("客服电话是 13812345678。", "客服电话是 13987654321。"),
        ("Write to thief@evil.example.", "Write to help@shop.example."),
        ("See https://evil.example/x.", "See https://shop.example/x."),
        ("Call 400-820-8821.", "Call 400-820-8820."),
    ],
)
def test_of_who_is_to_be_called_or_written_to_nothing_is_nearly_right(answer: str, source: str) -> None:
    assert not supported(answer, [source], always(YES)).holds
    assert supported(source, [source], always(YES)).holds


@pytest.mark.parametrize(("answer", "sources"), [("", [RETURNS]), ("Free returns.", []), ("Free returns.", [" "])])
def test_nothing_is_supported_by_nothing(answer: str, sources: list[str]) -> None:
    assert not supported(answer, sources, always(YES)).holds


def test_a_long_answer_is_worth_what_its_worst_piece_is() -> None:
    lie = "Ponies fly to the moon."
    pieces: list[str] = []

    def weigh(prompt: Prompt) -> float:
        pieces.append(prompt.messages[-1].content)
        return NO if lie in prompt.messages[-1].content else YES

    found = supported(" ".join([RETURNS] * 12 + [lie]), [RETURNS], weigh)

    assert not found.holds
    assert len(pieces) > 1
    assert max(map(len, pieces)) < PIECE_CHARS + len(RETURNS) + 200


@pytest.mark.parametrize(
    ("clause", "last"), [("prices were discussed, ", "and the client left."), ("会议讨论了价格，", "客户取消了合同。")]
)
def test_the_end_of_a_very_long_sentence_is_judged(clause: str, last: str) -> None:
    found = supported(clause * 90 + last, [clause], lambda prompt: NO if last in prompt.messages[-1].content else YES)

    assert not found.holds


def test_of_long_sources_the_judge_reads_what_meets_the_claim() -> None:
    filler = " ".join(f"Rule {number}: please keep hall number {number} tidy at all times." for number in range(900))
    sources = [f"{filler} Refunds take five days if an item is faulty. {filler}", "We open at nine."]

    read = readable("Refunds for faulty items take five days.", sources)

    assert "Refunds take five days if an item is faulty." in read[0]
    assert read[1] == sources[1]
    assert sum(map(about_tokens, read)) <= ROOM * 1.1
    assert readable("Refunds", sources[1:]) == sources[1:]


# Sentences of the bot's own


def test_a_sentence_of_a_passage_needs_no_judge() -> None:
    def never(prompt: Prompt) -> float:
        raise AssertionError("no judge may be asked here")

    assert grounded_in("Return shipping is free if the item is faulty.", PASSAGES, judge(never)) == 1
    assert grounded_in("如果商品有质量问题，运费由商家承担。", PASSAGES, judge(never)) == 2


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("If the item is faulty, shipping it back is on us.", 1),
        ("商品有质量问题时，运费商家出。", 2),
        ("收到后三十天内可以申请退货。", 2),
    ],
)
def test_a_paraphrase_passes_when_the_judge_believes_it(sentence: str, number: int) -> None:
    assert grounded_in(sentence, PASSAGES, judge(always(YES))) == number
    assert grounded_in(sentence, PASSAGES, judge(always(NO))) == 0


@pytest.mark.parametrize(
    "sentence",
    [
        "You can return unused items within 90 days of delivery.",
        "Write to thief@evil.example to return unused items.",
        "签收后九十天内可以申请退货。",
        "You can return unused items within 30 days of delivery <img src=x>.",
        "You can return unused items within 30…",
        "You cannot return unused items within 30 days of delivery.",
        "签收后 30 天内不可以申请退货。",
        "Return shipping is free.",
        "可以，收费。",
        "You can return unused items within 30 days to Zebrafinch.",
        "签收后 30 天内可以申请 zebrafinch 退货。",
        "",
    ],
)
def test_no_judge_lets_another_fact_or_name_or_the_opposite_or_markup_pass(sentence: str) -> None:
    assert grounded_in(sentence, PASSAGES, judge(always(YES))) == 0


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Ponies fly to the moon.", 0),
        ("Unused bananas are the yellow password today.", 0),
        ("机密口令是香蕉。", 1),
        ("申请机密口令要吃黄色香蕉。", 1),
    ],
)
def test_no_judge_is_asked_about_what_shares_few_words_with_the_passages_in_its_language(
    sentence: str, passage: int
) -> None:
    language = "zh" if passage else "en"
    own_first = [PASSAGES[passage], PASSAGES[1 - passage]]

    assert grounded_in(sentence, [PASSAGES[passage]], judge(always(YES)), "", language) == 0
    assert grounded_in(sentence, own_first, judge(always(YES)), "", language) == 0


@pytest.mark.parametrize("sentence", ["Bananas rule as long as ponies fly.", "Ponies fly das Wetter."])
def test_a_sentence_that_looks_like_one_of_a_third_language_is_compared_all_the_same(sentence: str) -> None:
    assert detect(sentence) != "en"
    assert grounded_in(sentence, PASSAGES, judge(always(YES))) == 0


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("You can return opened items.", "You can’t return opened items."),
        ("We ship to islands.", "We don’t ship to islands."),
        ("Gift cards are refundable.", "Gift cards are non-refundable."),
        ("Opened bottles can be returned.", "Unopened bottles can be returned."),
        ("退货付费。", "退货无需付费。"),
        ("签收后需寄回发票。", "签收后无需寄回发票。"),
        ("请使用洗衣机清洗。", "请勿使用洗衣机清洗。"),
        ("租借需要收押金。", "租借免收押金。"),
        ("Return shipping is free.", "Return shipping is free when the item is faulty."),
        ("Return shipping is free.", "When the item is faulty, return shipping is free."),
        ("You can cancel the order.", "You can cancel the order before it ships."),
        ("退货运费由商家承担。", "商品有质量问题时，退货运费由商家承担。"),
        ("运费由商家承担。", "商品有质量问题的情况下运费由商家承担。"),
        ("可以取消订单。", "发货前可以取消订单。"),
        ("收到退货后，运费由本店承担。", "收到退货后，如果商品有质量问题，运费由本店承担。"),
        ("After-sales repairs are free.", "After-sales repairs are free if the item is faulty."),
        ("退货时运费由本店承担。", "如果商品有质量问题，退货运费由本店承担。"),
        ("You can return an unused iPhone.", "You can return an unused phone."),
        ("We accept PayPal at checkout.", "We accept Visa and Mastercard at checkout."),
        ("下单时可以用 PayPal 付款。", "Pay by Visa or Mastercard when you place your order."),
    ],
)
def test_the_opposite_what_drops_a_condition_and_another_name_do_not_pass(sentence: str, passage: str) -> None:
    language = detect(sentence)

    assert grounded_in(sentence, [passage], judge(always(YES)), "", language) == 0
    assert grounded_in(sentence, [passage], None, "", language) == 0


def test_a_name_that_the_visitor_said_may_be_completed_but_not_taken_over() -> None:
    passage, asked = "Parker pens come with a box.", "do Parker Sonnet pens and Lamy pens come with a box?"

    assert grounded_in("Yes, Parker Sonnet pens come with a box.", [passage], judge(always(YES)), asked) == 1
    assert grounded_in("Yes, Lamy pens come with a box.", [passage], judge(always(YES)), asked) == 0
    assert grounded_in("Yes, Parker Sonnet pens come with a box.", [passage], judge(always(YES))) == 0


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("You can't return opened items.", "You can’t return opened items."),
        ("When it is faulty, return shipping is free.", "Return shipping is free when the item is faulty."),
        ("30 天内可以申请退货。", "签收后 30 天内可以申请退货。"),
        ("可以在发货前取消订单。", "发货前可以取消订单。"),
        ("小时内发货。", "两小时内发货。"),
        ("The team answers by email.", "Our after-sales team answers by email."),
        ("支持货到付款。", "支持货到付款，后续可在订单中查看。"),
        ("Feel free to return unused items within 30 days.", "You can return unused items within 30 days."),
        ("Alipay and WeChat Pay work at checkout.", "结账时可以用支付宝和微信支付。"),
    ],
)
def test_what_says_the_same_passes(sentence: str, passage: str) -> None:
    assert grounded_in(sentence, [passage], judge(always(YES)), "", detect(sentence)) == 1


def test_the_probability_rises_with_what_the_judge_says_of_the_passages_and_of_the_answer() -> None:
    assert 0 <= probability_of(NO, NO) < probability_of(0.0, 0.0) < probability_of(1.0, 0.0) < probability_of(1.0, 1.0)
    assert probability_of(1.0, 1.0) < probability_of(1.0) <= 1
    assert max(probability_of(YES, NO), probability_of(NO, YES)) < 0.3


def test_of_two_questions_an_answer_need_answer_one() -> None:
    two = judge(lambda prompt: YES if "Question: when?" in prompt.messages[-1].content else NO)

    assert two.answers(["how?", "when?"], "Within 30 days.") == YES
    assert two.answers(["how?", "who?"], "Within 30 days.") == NO


def test_of_passages_in_another_language_that_which_is_most_like_is_cited() -> None:
    passages = ["退货\n签收后可以退货。", "礼品卡\n礼品卡不能退货。", "积分\n积分会过期。"]

    def alike(sentence: str, texts: Sequence[str]) -> int:
        return [text.startswith("礼品卡") for text in texts].index(True)

    assert grounded_in("Gift cards cannot be returned.", passages, judge(always(YES)), alike=alike) == 2
    assert grounded_in("Gift cards cannot be returned.", passages, judge(always(NO)), alike=alike) == 0


# In the bot

ENTRY = FaqEntry("r", "How do I return an item?", RETURNS, url="https://shop.example/faq", language="en")
Build = Callable[..., Bot]


@pytest.fixture
def bot(tmp_path: Path) -> Build:
    def build(said: str, supports: float, answers: float, entry: FaqEntry = ENTRY) -> Bot:
        sync(tmp_path / "shop", (entry,), fake_embedder())
        index = Index.open(tmp_path / "shop", fake_embedder(), Calibration(Logistic({}, 0.4)))

        def generate(prompt: Prompt) -> Iterator[str]:
            yield said

        def weigh(prompt: Prompt) -> float:
            if "Do the passages say" in prompt.messages[-1].content:
                return YES
            return answers if "Answer:" in prompt.messages[-1].content else supports

        generator = Generator("scripted", generate, weigh)
        return Bot(lambda: index, generator, Bands(0.8, 0.5, 0.2), Texts({"en": "Acme"}))

    return build


def replied(bot: Bot, question: str = "can I send an item back?") -> tuple[str, Answer]:
    *events, answer = bot.reply(question, Conversation())
    assert isinstance(answer, Answer)
    return "".join(event.text for event in events if isinstance(event, Delta)), answer


PARAPHRASE = "If the item is faulty, shipping it back is on us."


def test_a_believed_paraphrase_is_shown(bot: Build) -> None:
    deltas, answer = replied(bot(PARAPHRASE, YES, YES))

    assert deltas == answer.text == f"{PARAPHRASE}[1]"
    assert answer.status == "answered"


def test_a_paraphrase_that_is_not_believed_gives_way_to_what_is_published(bot: Build) -> None:
    deltas, answer = replied(bot(PARAPHRASE, NO, YES))

    assert (deltas, answer.text, answer.generator) == ("", RETURNS, "quote")


def test_what_does_not_answer_is_never_shown_and_what_may_help_is_offered(bot: Build) -> None:
    deltas, answer = replied(bot(PARAPHRASE, YES, NO))

    assert deltas == ""
    assert answer.status == "suggested"
    assert answer.suggestions == (ENTRY.question,)
    assert PARAPHRASE not in answer.text


def noting(done: list[str]) -> Generator:
    """A generator of two sentences, believed, that notes what it does."""

    def generate(prompt: Prompt) -> Iterator[str]:
        for piece in ("You can return unused items within 30 days of delivery. ", PARAPHRASE):
            done.append("written")
            yield piece

    def weigh(prompt: Prompt) -> float:
        done.append("judged")
        return YES

    return Generator("scripted", generate, weigh)


def test_what_is_written_is_judged_when_it_is_whole(bot: Build) -> None:
    done: list[str] = []
    answer = replied(replace(bot("", YES, YES), generator=noting(done)))[1]

    assert PARAPHRASE in answer.text
    assert done[:3] == ["judged", "written", "written"]
    assert set(done[3:]) == {"judged"}


def test_a_server_elsewhere_judges_each_sentence_while_the_next_is_written(bot: Build) -> None:
    done: list[str] = []
    elsewhere = replace(noting(done), remote=True)
    events = replace(bot("", YES, YES), generator=elsewhere).reply("can I send an item back?", Conversation())

    first = next(event for event in events if isinstance(event, Delta))
    assert first.text.startswith("You can return")
    assert done.count("written") < 3
    assert "judged" in done[done.index("written") :]
    assert PARAPHRASE in next(event for event in events if isinstance(event, Answer)).text


def test_where_the_passages_do_not_say_it_nothing_is_written(bot: Build) -> None:
    outcomes: list[str] = []
    built = bot(PARAPHRASE, YES, YES)

    def never(prompt: Prompt) -> Iterator[str]:
        raise AssertionError("nothing is to be written here")
        yield ""

    generator = replace(built.generator, generate=never, weigh=always(NO))
    answer = replied(replace(built, generator=generator, count=outcomes.append))[1]

    assert (answer.status, answer.suggestions, outcomes) == ("suggested", (ENTRY.question,), ["rejected"])


@pytest.mark.parametrize(("answers", "said"), [(NO, "help@shop.example"), (YES, PARAPHRASE)])
def test_a_wish_for_contact_facts_is_met_where_what_was_found_is_no_answer(
    bot: Build, answers: float, said: str
) -> None:
    texts = Texts({"en": "Acme"}, contacts={"email": "help@shop.example"})
    built = replace(bot(PARAPHRASE, YES, answers), texts=texts, classify=lambda message: "contact")

    answer = replied(built)[1]

    assert said in answer.text
    assert answer.suggestions == ()


def test_pages_without_questions_are_offered_as_pages(bot: Build) -> None:
    answer = replied(bot(PARAPHRASE, YES, NO, replace(ENTRY, question="", section="Returns")))[1]

    assert answer.status == "suggested"
    assert answer.suggestions == ()
    assert [citation.url for citation in answer.citations] == [ENTRY.url]


def test_sentences_are_held_until_they_answer_together(bot: Build) -> None:
    two = f"{PARAPHRASE} Unused items go back within 30 days."
    built = bot(two, YES, YES)

    def weigh(prompt: Prompt) -> float:
        asked = prompt.messages[-1].content
        return (YES if "30" in asked.split("Answer:")[1] else NO) if "Answer:" in asked else YES

    events = list(replace(built, generator=replace(built.generator, weigh=weigh)).reply("can I?", Conversation()))

    deltas = [event.text for event in events if isinstance(event, Delta)]
    assert deltas == [f"{PARAPHRASE}[1] Unused items go back within 30 days.[1]"]


def test_a_judge_that_fails_leaves_what_is_published(bot: Build) -> None:
    def weigh(prompt: Prompt) -> float:
        raise GeneratorFailed("out of memory")

    built = bot(PARAPHRASE, YES, YES)

    answer = replied(replace(built, generator=replace(built.generator, weigh=weigh)))[1]

    assert (answer.text, answer.generator) == (RETURNS, "quote")


def test_without_verification_all_is_shown(bot: Build) -> None:
    said = "You can return it within 90 days."

    assert replied(replace(bot(said, NO, NO), verify=False))[1].text == f"{said}[1]"


# Across languages

CHINESE = FaqEntry("t", "如何申请退货？", TUIHUO, url="https://shop.example/zh", language="zh")
TRANSLATED = "Within 30 days of receipt you can ask for a return."


def sure(bot: Bot) -> Bot:
    """A bot that finds its only entry surely."""
    return replace(bot, bands=Bands(0.5, 0.3, 0.2))


def test_what_is_published_in_another_language_is_said_in_the_visitors(bot: Build) -> None:
    answer = replied(sure(bot(TRANSLATED, YES, YES, CHINESE)), "how do I apply for a return?")[1]

    assert answer.text == f"{TRANSLATED}[1]"
    assert answer.citations[0].quote == TUIHUO


@pytest.mark.parametrize(("supports", "answers"), [(NO, YES), (YES, NO)])
def test_a_translation_that_is_not_believed_gives_way_to_what_is_published(
    bot: Build, supports: float, answers: float
) -> None:
    answer = replied(sure(bot(TRANSLATED, supports, answers, CHINESE)), "how do I apply for a return?")[1]

    assert (answer.text, answer.status, answer.generator) == (TUIHUO, "answered", "quote")


def test_in_ones_own_language_what_is_surely_found_needs_no_model(bot: Build) -> None:
    assert replied(sure(bot(TRANSLATED, YES, YES)), "how do I apply for a return?")[1].text == RETURNS


def test_a_clicked_question_gives_its_answer_in_whatever_language(bot: Build) -> None:
    question = "How do I apply for a return?"
    clicked = replace(CHINESE, question=question)

    assert replied(sure(bot(TRANSLATED, YES, YES, clicked)), question)[1].text == TUIHUO


def test_a_word_that_may_be_of_any_language_is_taken_for_one_of_the_sites(bot: Build) -> None:
    german = replace(ENTRY, question="Womit geht der Versand?", answer="Der Bote kommt mit dem Rad.", language="de")

    assert replied(sure(bot("It comes to you by bicycle.", YES, YES, german)), "Versand")[1].text == german.answer


def test_without_a_judge_nothing_is_translated(bot: Build) -> None:
    built = sure(bot(TRANSLATED, YES, YES, CHINESE))

    answer = replied(replace(built, generator=replace(built.generator, weigh=None)), "how do I apply for a return?")[1]

    assert answer.text == TUIHUO
