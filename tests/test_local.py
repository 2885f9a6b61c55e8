"""A real model of two layers by transformers: visitors at once, in turn, leaving; what breaks; the odds of yes."""

import functools
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import GeneratorBusy, GeneratorFailed, GeneratorUnavailable
from chatbot.generators.local import MAX_NEW_TOKENS, open_local
from chatbot.messages import Message
from chatbot.prompt import Prompt
from chatbot.verify import CUT_OFF

Forward = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[1]
TOGETHER = pytest.mark.parametrize("batched", [False, True], ids=["in turn", "at once"])
MERGES = [("y", "e"), ("ye", "s"), ("Y", "e"), ("Ye", "s"), ("n", "o"), ("N", "o"), ("Ġ", "yes"), ("Ġ", "no")]


def saying(text: str) -> Prompt:
    return Prompt((Message("user", text),), (), "en")


def written(generate: Callable[[Prompt], Iterator[str]], text: str) -> str:
    return "".join(generate(saying(text)))


@functools.cache
def tokenizer() -> Any:
    """Bytes for tokens, and words for yes and no."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    words = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in MERGES), "<end>"]
    made = Tokenizer(BPE({word: number for number, word in enumerate(words)}, MERGES))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<end>", pad_token="<end>")
    wrapped.chat_template = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
    return wrapped


def save(folder: Path, change: Callable[[Any], None] = lambda model: None) -> Path:
    """A folder with a Qwen2 of two layers and random weights: it talks nonsense, but it talks."""
    import torch
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    words = tokenizer()
    words.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = Qwen2ForCausalLM(Qwen2Config(vocab_size=len(words), num_key_value_heads=2, **sizes))
    model.generation_config = GenerationConfig(do_sample=True, temperature=0.7, top_k=20, repetition_penalty=1.5)
    change(model)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def alone(folder: Path) -> Callable[[str], str]:
    """What one visitor is told when there is no other."""
    generate, _ = open_local(str(folder), "cpu")
    return functools.cache(lambda text: written(generate, text))


class Steps:
    """The steps of the model: counted, each prompt noted as it is read; they can be held, slowed and broken."""

    def __init__(self) -> None:
        self.count, self.slow_s, self.broken = 0, 0.0, False
        self.prompts: list[str] = []
        self.free = threading.Event()
        self.free.set()

    def __call__(self, input_ids: Any) -> None:
        self.count += 1
        if input_ids.shape[1] > 2:
            self.prompts.append(tokenizer().decode(input_ids[0]).strip())
        self.free.wait(20)
        time.sleep(self.slow_s)
        if self.broken:
            raise RuntimeError("out of memory\nat length")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    from transformers import Qwen2ForCausalLM

    taken, step = Steps(), Qwen2ForCausalLM.forward

    @functools.wraps(step)
    def forward(model: Any, input_ids: Any, **how: Any) -> Any:
        taken(input_ids)
        return step(model, input_ids, **how)

    monkeypatch.setattr(Qwen2ForCausalLM, "forward", forward)
    yield taken
    taken.free.set()


def wait_until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.005)


@TOGETHER
def test_an_answer_comes_in_pieces_and_alike_each_time(folder: Path, batched: bool) -> None:
    generate, _ = open_local(str(folder), "cpu", batched=batched)

    pieces = list(generate(saying("word1 word2")))
    again = generate(saying("word1 word2"))

    assert len(pieces) > 3
    assert all(pieces)
    assert next(again) == pieces[0]
    assert list(again) == pieces[1:]


@TOGETHER
def test_two_visitors_at_once_get_what_each_gets_alone(
    folder: Path, alone: Callable[[str], str], batched: bool, caplog: pytest.LogCaptureFixture
) -> None:
    generate, _ = open_local(str(folder), "cpu", batched=batched)

    with ThreadPoolExecutor(3) as visitors:
        texts = list(visitors.map(lambda text: written(generate, text), ["shoes", "a longer question", "shoes"]))

    assert texts == [alone("shoes"), alone("a longer question"), alone("shoes")]
    assert len(set(texts)) == 2
    assert "no continuous batching" not in caplog.text


def test_in_a_batch_nobody_waits_for_the_end_of_anothers_answer(folder: Path, steps: Steps) -> None:
    generate, _ = open_local(str(folder), "cpu", batched=True)
    steps.slow_s = 0.02
    one, two = generate(saying("one")), generate(saying("two"))

    assert next(one)
    assert next(two)

    assert steps.count < MAX_NEW_TOKENS / 2
    one.close()  # type: ignore[attr-defined]
    two.close()  # type: ignore[attr-defined]


def test_first_come_first_served(folder: Path, steps: Steps) -> None:
    generate, weigh = open_local(str(folder), "cpu")
    steps.free.clear()

    with ThreadPoolExecutor(9) as visitors:
        for number in range(8):
            if number == 5:
                visitors.submit(weigh, saying("word5"))
            else:
                visitors.submit(written, generate, f"word{number}")
            time.sleep(0.1)  # to come one after another
        steps.free.set()

    assert steps.prompts == [f"word{number}" for number in range(8)]


def test_whose_turn_does_not_come_is_told_so(folder: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    generate, weigh = open_local(str(folder), "cpu")
    monkeypatch.setattr("chatbot.generators.local.LINE_S", 0.3)
    steps.free.clear()
    first = generate(saying("first"))

    with ThreadPoolExecutor(1) as visitors:
        one = visitors.submit(next, first)
        wait_until(lambda: steps.prompts == ["first"])
        with pytest.raises(GeneratorBusy, match="its turn did not come"):
            next(generate(saying("second")))
        with pytest.raises(GeneratorBusy, match="its turn did not come"):
            weigh(saying("third"))
        steps.free.set()
        assert one.result(5)
    first.close()  # type: ignore[attr-defined]


def test_who_waits_behind_one_that_hangs_is_busy_and_one_that_hangs_has_failed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, weigh = open_local(str(folder), "cpu")
    free, begun = threading.Event(), threading.Event()

    def hangs(*given: object) -> float:
        begun.set()
        free.wait(20)
        return 1.0

    monkeypatch.setattr("chatbot.generators.local._odds", hangs)
    monkeypatch.setattr("chatbot.generators.local.LINE_S", 0.3)

    with ThreadPoolExecutor(1) as visitors:
        one = visitors.submit(weigh, saying("first"))
        assert begun.wait(5)
        with pytest.raises(GeneratorBusy):
            weigh(saying("second"))
        with pytest.raises(GeneratorFailed, match="no answer within") as failure:
            one.result(5)
        assert not isinstance(failure.value, GeneratorBusy)
        free.set()


def test_for_whom_nobody_waits_any_more_nothing_is_done(folder: Path, steps: Steps) -> None:
    generate, weigh = open_local(str(folder), "cpu")
    left = replace(saying("question"), wanted=lambda: False)

    assert written(generate, "another")
    steps.prompts.clear()
    for act in (lambda: list(generate(left)), lambda: weigh(left)):
        with pytest.raises(GeneratorBusy, match="nobody waits"):  # which is no failure of the generator
            act()
    assert steps.prompts == []


def test_who_leaves_while_waiting_leaves_at_once_and_is_passed_over(
    folder: Path, alone: Callable[[str], str], steps: Steps
) -> None:
    expected = alone("third")
    generate, _ = open_local(str(folder), "cpu")
    steps.prompts.clear()
    steps.free.clear()
    first, second, third = (generate(saying(text)) for text in ("first", "second", "third"))

    with ThreadPoolExecutor(3) as visitors:
        one = visitors.submit(next, first)
        wait_until(lambda: steps.prompts == ["first"])
        two = visitors.submit(list, second)
        time.sleep(0.05)
        second.close()  # type: ignore[attr-defined]
        assert two.result(5) == []
        assert not one.done()
        three = visitors.submit("".join, third)
        steps.free.set()
        assert one.result(5)
        first.close()  # type: ignore[attr-defined]
        assert three.result(20) == expected

    assert steps.prompts == ["first", "third"]


def test_a_model_that_hangs_fails_but_a_long_line_does_not(
    folder: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.generators.local.WAIT_S", 1.0)
    generate, _ = open_local(str(folder), "cpu")
    steps.free.clear()

    with ThreadPoolExecutor(2) as visitors:
        one = visitors.submit(written, generate, "first")
        wait_until(lambda: steps.prompts == ["first"])
        two = visitors.submit(written, generate, "second")
        with pytest.raises(GeneratorFailed, match="no text within 1 s"):
            one.result(10)
        time.sleep(0.2)
        assert not two.done()
        steps.free.set()
        assert two.result(20)


@TOGETHER
def test_closing_ends_the_work(folder: Path, steps: Steps, batched: bool) -> None:
    generate, _ = open_local(str(folder), "cpu", batched=batched)
    steps.slow_s = 0.005
    answer = generate(saying("question"))
    assert next(answer)

    answer.close()  # type: ignore[attr-defined]
    done = steps.count
    time.sleep(0.5)

    assert list(answer) == []
    assert steps.count <= done + 3 < MAX_NEW_TOKENS / 2


def test_closed_before_it_began_nothing_is_done(folder: Path, steps: Steps) -> None:
    generate, _ = open_local(str(folder), "cpu")
    answer = generate(saying("question"))

    answer.close()  # type: ignore[attr-defined]

    assert list(answer) == []
    assert steps.count == 0


@TOGETHER
def test_an_answer_that_is_cut_short_says_so(folder: Path, tmp_path: Path, batched: bool) -> None:
    def ends_with_any_token(model: Any) -> None:
        model.generation_config.eos_token_id = list(range(model.config.vocab_size))

    endless, _ = open_local(str(folder), "cpu", batched=batched)
    short, _ = open_local(str(save(tmp_path, ends_with_any_token)), "cpu", batched=batched)

    assert list(endless(saying("question")))[-1] == CUT_OFF
    assert CUT_OFF not in list(short(saying("question")))


@TOGETHER
def test_a_failure_is_told_and_the_next_question_is_answered(
    folder: Path, alone: Callable[[str], str], steps: Steps, batched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = counted(monkeypatch)
    generate, weigh = open_local(str(folder), "cpu", batched=batched)
    text, odds = written(generate, "question"), weigh(saying("question"))

    for _ in range(2):
        steps.broken = True
        with pytest.raises(GeneratorFailed, match=r"^out of memory$"):
            written(generate, "question")
        with pytest.raises(GeneratorFailed, match=r"^out of memory$"):
            weigh(saying("question"))
        steps.broken = False
        assert written(generate, "question") == text == alone("question")
        assert weigh(saying("question")) == odds

    assert len(starts) == (3 if batched else 0)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows whenever continuous batching starts."""
    from transformers import Qwen2ForCausalLM

    starts: list[Any] = []
    start = Qwen2ForCausalLM.init_continuous_batching
    monkeypatch.setattr(
        Qwen2ForCausalLM,
        "init_continuous_batching",
        lambda model, **how: starts.append(how) or start(model, **how),
    )
    return starts


def test_batching_starts_late(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = counted(monkeypatch)

    generate, _ = open_local(str(folder), "cpu", batched=True)

    assert starts == []
    assert written(generate, "question")
    assert written(generate, "another")
    assert len(starts) == 1


def test_where_batching_is_refused_visitors_take_turns(
    folder: Path, alone: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = counted(monkeypatch)
    monkeypatch.setattr("transformers.Qwen2ForCausalLM._supports_attention_backend", False)
    generate, weigh = open_local(str(folder), "cpu", batched=True)

    assert [written(generate, text) for text in ("question", "another")] == [alone("question"), alone("another")]
    assert math.isfinite(weigh(saying("question")))
    assert starts == []


def test_a_batch_that_dies_before_its_first_word_is_not_tried_again(
    folder: Path, alone: Callable[[str], str], steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, starts = alone("question"), counted(monkeypatch)
    generate, _ = open_local(str(folder), "cpu", batched=True)

    steps.broken = True
    with pytest.raises(GeneratorFailed, match=r"^out of memory$"):
        written(generate, "question")
    steps.broken = False

    assert [written(generate, "question") for _ in range(2)] == [expected] * 2
    assert len(starts) == 1


@TOGETHER
def test_a_model_that_is_let_go_leaves_no_thread_behind(folder: Path, batched: bool) -> None:
    before = set(threading.enumerate())
    generate, weigh = open_local(str(folder), "cpu", batched=batched)
    assert written(generate, "question")
    assert set(threading.enumerate()) - before

    del generate, weigh

    wait_until(lambda: set(threading.enumerate()) <= before)


@TOGETHER
@pytest.mark.parametrize("sign", [1, -1])
def test_the_odds_of_yes(tmp_path: Path, sign: int, batched: bool) -> None:
    weights, seen = {"yes": 0.1, "Yes": 0.2, " yes": 0.0, "no": -0.1, "No": -0.2, " no": 0.0}, []

    def prefer(model: Any) -> None:
        import torch

        with torch.no_grad():
            end = model.model(torch.tensor([tokenizer().encode("Open? ")])).last_hidden_state[0, -1]
            model.lm_head.weight.zero_()
            for word, weight in weights.items():
                model.lm_head.weight[tokenizer().encode(word)[0]] = sign * weight * end
            seen.append(float(end @ end))

    _, weigh = open_local(str(save(tmp_path, prefer)), "cpu", batched=batched)

    yes, no = (
        sum(math.exp(sign * weights[w] * seen[0]) for w in ws) for ws in (("yes", "Yes", " yes"), ("no", "No", " no"))
    )
    assert sign * weigh(saying("Open?")) > 1
    assert weigh(saying("Open?")) == pytest.approx(math.log(yes / no), abs=1e-3)


def test_a_model_without_a_token_for_yes_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.generators.local.YES", ("certainly",))
    _, weigh = open_local(str(folder), "cpu")

    with pytest.raises(GeneratorFailed, match="has no token for yes or no"):
        weigh(saying("Open?"))


def test_a_question_in_a_batch_and_its_odds_do_not_disturb_each_other(
    folder: Path, alone: Callable[[str], str]
) -> None:
    generate, weigh = open_local(str(folder), "cpu", batched=True)

    with ThreadPoolExecutor(3) as visitors:
        text = visitors.submit(written, generate, "question")
        odds = list(visitors.map(lambda _: weigh(saying("Open?")), range(20)))

    assert text.result() == alone("question")
    assert len(set(odds)) == 1


@pytest.mark.slow_process
def test_the_process_ends_in_the_middle_of_an_answer(folder: Path) -> None:
    program = f"""
from chatbot.generators.local import open_local
from chatbot.messages import Message
from chatbot.prompt import Prompt
generate, _ = open_local({str(folder)!r}, "cpu", batched=True)
answer = generate(Prompt((Message("user", "question"),), (), "en"))
next(answer)
print("said")
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stdout) == (0, "said\n")


@pytest.mark.parametrize("name", ["no/such/folder", "no/such/file.gguf"])
def test_a_name_that_leads_to_no_model_says_so_in_one_line(name: str) -> None:
    with pytest.raises(GeneratorUnavailable) as error:
        open_local(f"/{name}", "cpu")

    assert str(error.value).startswith(f"the generator /{name} cannot be loaded (")
    assert str(error.value).endswith("). Give a hub id, a folder or a .gguf file")
    assert "\n" not in str(error.value)


def save_gguf(path: Path) -> None:
    """The same kind of model as llama.cpp would keep it, packed."""
    import gguf
    from transformers import AutoModelForCausalLM

    model, words = AutoModelForCausalLM.from_pretrained(save(path.parent)), tokenizer()
    writer, config = gguf.GGUFWriter(path, "qwen2"), model.config
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    vocabulary = words.convert_ids_to_tokens(range(len(words)))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([3 if word == "<end>" else 1 for word in vocabulary])
    writer.add_token_merges([" ".join(pair) for pair in MERGES])
    writer.add_eos_token_id(words.eos_token_id)
    writer.add_chat_template(words.chat_template)
    packed, names = gguf.GGMLQuantizationType.Q8_0, gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, 2)
    for name, tensor in model.state_dict().items():
        name = names.get_name(name, (".weight", ".bias"))
        if tensor.ndim == 2:
            writer.add_tensor(name, gguf.quantize(tensor.numpy(), packed), raw_dtype=packed)
        else:
            writer.add_tensor(name, tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_file_writes_and_weighs_as_the_model_that_was_packed(folder: Path, tmp_path: Path) -> None:
    save_gguf(tmp_path / "tiny.gguf")
    generate, weigh = open_local(str(tmp_path / "tiny.gguf"), "cpu")
    _, unpacked = open_local(str(folder), "cpu")

    assert len(list(generate(saying("question")))) > 3
    assert weigh(saying("Open?")) == pytest.approx(unpacked(saying("Open?")), abs=0.01)


def test_a_gguf_file_without_accelerate_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_gguf(tmp_path / "tiny.gguf")
    monkeypatch.setattr("transformers.modeling_utils.is_accelerate_available", lambda: False)

    with pytest.raises(GeneratorUnavailable) as error:
        open_local(str(tmp_path / "tiny.gguf"), "cpu")

    assert "pip install accelerate" in str(error.value)
    assert "\n" not in str(error.value)
