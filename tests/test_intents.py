"""What a message is for: learned, rejected, judged on examples that somebody else wrote, and acted on."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chatbot.errors import ChatbotError
from chatbot.evaluate import curves, figures
from chatbot.intents import (
    QUESTION,
    Classifier,
    Example,
    built_in,
    classify_with,
    digest_of,
    fit,
    load_classifier,
    named,
    out_of_fold,
    read_examples,
    shipped,
    threshold_of,
    with_own,
)
from chatbot.route import Reply
from index.embed import Embedder, Vectors, fake_embedder
from tests.conftest import MODELS
from tests.test_bot import DIRECT, GENERATE, REFUSE, SUGGEST, TEXTS, Build, bot, reply
from ui.cli.run import run

__all__ = ["bot"]  # a fixture

HELD_OUT = Path(__file__).with_name("intents.jsonl")


def examples(*intents: str, each: int = 12) -> list[Example]:
    """Messages that say their intent."""
    return [Example(intent, f"{intent} {intent} {number}") for intent in intents for number in range(each)]


def vectors(of: Sequence[Example]) -> Vectors:
    return fake_embedder().embed([example.text for example in of], "query", lambda done: None)


def fitted_to(learned: Sequence[Example]) -> Classifier:
    names, likely, _ = out_of_fold(learned, vectors(learned))
    return fit(learned, vectors(learned), "digest", threshold_of(learned, names, likely))


def test_what_is_learned_is_named() -> None:
    learned = examples("thanks", "wholesale", QUESTION)

    classify = classify_with(fitted_to(learned), fake_embedder())

    assert [classify(text) for text in ("thanks thanks 30", "wholesale wholesale 40", "question question 50")] == [
        "thanks",
        "wholesale",
        QUESTION,
    ]


def test_what_is_unsure_is_a_question() -> None:
    likely = np.array([[0.2, 0.1, 0.7], [0.1, 0.3, 0.6], [0.9, 0.05, 0.05]])

    assert named((QUESTION, "order", "thanks"), likely, 0.65) == ["thanks", QUESTION, QUESTION]


def test_a_classifier_comes_back_from_its_file(tmp_path: Path) -> None:
    learned = examples("thanks", "goodbye", QUESTION)
    fitted = fitted_to(learned)

    fitted.save(tmp_path / "intents.safetensors")
    again = load_classifier(tmp_path / "intents.safetensors")

    assert (again.names, again.threshold, again.embedder, again.learned_from) == (
        fitted.names,
        fitted.threshold,
        "digest",
        digest_of(learned),
    )
    texts = [example.text for example in learned]
    assert np.allclose(
        again.probabilities(texts, vectors(learned)), fitted.probabilities(texts, vectors(learned)), atol=0.02
    )


def test_an_intent_of_ones_own_needs_examples() -> None:
    with pytest.raises(ChatbotError, match="the intent wholesale has 2 examples"):
        with_own({"wholesale": ["bulk", "we buy many", "bulk"]})


def test_the_figures_are_the_usual_ones() -> None:
    truth = ["a", "a", QUESTION, QUESTION]
    likely = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]])

    found = figures(truth, ["a", QUESTION, QUESTION, "a"], ("a", QUESTION), likely)

    assert found["accuracy"] == 0.5
    assert found["intents"]["a"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "examples": 2}
    assert found["questions_taken"] == 0.5
    assert found["roc_auc"] == 0.5
    assert set(curves(truth, ("a", QUESTION), likely)) == {"a", QUESTION}


# The one that ships


def test_what_ships_was_learned_from_the_examples_that_ship() -> None:
    assert shipped().learned_from == digest_of(built_in())


def test_messages_that_somebody_else_wrote_are_told_apart(real_embedder: Embedder) -> None:
    judged = read_examples(HELD_OUT)
    texts = [example.text for example in judged]
    assert not {text.casefold() for text in texts} & {example.text.casefold() for example in built_in()}
    likely = shipped().probabilities(texts, real_embedder.embed(texts, "query", lambda done: None))

    found = figures(
        [e.intent for e in judged], named(shipped().names, likely, shipped().threshold), shipped().names, likely
    )

    assert found["accuracy"] >= 0.88
    assert found["roc_auc"] >= 0.985
    assert found["questions_taken"] <= 0.02


# What the bot makes of it


@pytest.mark.parametrize(
    ("intent", "status", "said"),
    [
        ("complaint", "handoff", "I'm sorry about that. You can reach a person here"),
        ("contact", "handoff", "You can reach a person here: e-mail"),
        ("thanks", "smalltalk", "You're welcome"),
        ("handoff", "handoff", "Of course. You can reach a person"),
    ],
)
def test_an_intent_is_answered_by_its_sentence(bot: Build, intent: str, status: str, said: str) -> None:
    _, answer = reply(replace(bot(SUGGEST), classify=lambda message: intent), "some message")

    assert answer.status == status
    assert answer.text.startswith(said)
    assert not answer.citations


@pytest.mark.parametrize(
    ("intent", "probability"), [("complaint", GENERATE), ("contact", GENERATE), ("goodbye", DIRECT)]
)
def test_what_is_published_goes_before_what_a_message_looks_like(bot: Build, intent: str, probability: float) -> None:
    _, answer = reply(replace(bot(probability), classify=lambda message: intent), "How do I return it?")

    assert answer.status == "answered"
    assert answer.citations


def test_a_goodbye_is_one_where_search_is_only_fairly_sure(bot: Build) -> None:
    _, answer = reply(replace(bot(GENERATE), classify=lambda message: "goodbye"), "see you later then")

    assert answer.status == "smalltalk"


def test_contact_facts_that_are_not_configured_are_searched_for(bot: Build) -> None:
    silent = replace(bot(REFUSE, texts=replace(TEXTS, contacts={})), classify=lambda message: "contact")

    _, answer = reply(silent, "what is your phone number")

    assert answer.status == "refused"


@pytest.mark.parametrize(
    ("probability", "status", "holds"),
    [
        (GENERATE, "answered", ("I can't see orders", "within **30 days**", "You can reach a person here")),
        (REFUSE, "handoff", ("I can't see orders", "You can reach a person here")),
    ],
)
def test_ones_own_order_cannot_be_seen(bot: Build, probability: float, status: str, holds: tuple[str, ...]) -> None:
    _, answer = reply(
        replace(bot(probability), classify=lambda message: "order"), "Where is the return 20231122 of my item?"
    )

    assert answer.status == status
    assert all(part in answer.text for part in holds)
    assert bool(answer.citations) == (status == "answered")


@pytest.mark.parametrize(
    ("own", "status", "text"),
    [
        (Reply({"en": "We sell wholesale.", "zh": "支持批发。"}), "smalltalk", "We sell wholesale."),
        (Reply({"zh": "支持批发。"}), "smalltalk", "支持批发。"),
        (Reply({}, "handoff"), "handoff", "You can reach a person here"),
        (Reply({"en": "Ask Ann."}, "handoff"), "handoff", "Ask Ann. You can reach a person here"),
        (Reply({}, "search"), "suggested", "I'm not sure"),
    ],
)
def test_an_intent_of_a_sites_own(bot: Build, own: Reply, status: str, text: str) -> None:
    trained = replace(bot(SUGGEST), classify=lambda message: "wholesale", replies={"wholesale": own})

    _, answer = reply(trained, "do you do bulk?")

    assert answer.status == status
    assert answer.text.startswith(text)


# The command line


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, real_embedder: Embedder) -> None:
    """The real model cache for commands that are run here."""
    monkeypatch.setenv("KEFU_MODELS", str(MODELS))


@pytest.mark.usefixtures("models")
def test_a_site_learns_its_own_intent(
    tmp_path: Path, real_embedder: Embedder, capsys: pytest.CaptureFixture[str]
) -> None:
    site, picture = tmp_path / "sites" / "shop", tmp_path / "curves.png"
    site.mkdir(parents=True)
    texts = [
        "wholesale price list please",
        "我们想批发",
        "批发怎么合作",
        "bulk order for our company",
        "大量采购有折扣吗",
    ]
    own = {"wholesale": {"examples": texts, "reply": {"en": "Yes."}}}
    (site / "site.json").write_text(json.dumps({"name": "shop", "intents": own}), "utf-8")
    kefu = ["--data", str(tmp_path), "intents"]

    assert run([*kefu, "train", "--site", "shop", "--json"]) == 0
    learned = json.loads(capsys.readouterr().out)
    judging = ["eval", "--site", "shop", "--questions", str(HELD_OUT), "--picture", str(picture), "--json"]
    assert run([*kefu, *judging]) == 0
    judged = json.loads(capsys.readouterr().out)

    assert "wholesale" in learned["intents"]
    classify = classify_with(load_classifier(site / "intents.safetensors"), real_embedder)
    assert classify("we want to buy wholesale, in bulk") == "wholesale"
    assert judged["accuracy"] > 0.86
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("line", "problem"),
    [('{"text": "hi"}', 'every line needs "intent" and "text"'), ("", "holds no messages")],
)
def test_a_file_that_is_no_list_of_messages(
    tmp_path: Path, line: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text(line, "utf-8")

    assert run(["--data", str(tmp_path), "intents", "eval", "--questions", str(tmp_path / "rows.jsonl")]) == 1
    assert problem in capsys.readouterr().err
