"""How long a visitor waits, and what Kefu adds to the engine that writes.

usage: python benchmarks/answer.py shop [--rounds N]
       python benchmarks/answer.py bare [--rounds N]
       python benchmarks/answer.py local --model NAME [--device cuda] [--visitors 1 8 32 128]

`shop` crawls the demonstration shop into a temporary folder: published answers to its own questions, and to questions that need the default generator:
until the sources, the first checked sentence and the end, and how much of it the judge took. Each is asked once: a second time its prompt would be
cached, and a visitor's is not. `bare` gives the same prompts to the generator as Kefu calls it and to llama.cpp's own server object, in turns: tokens
a second of each, and Kefu's overhead. `local` asks a model by transformers for so many visitors at once, each its own prompt and all the same
number of tokens, and beside it one after another by `model.generate`, and the roofline: a step reads every weight once. A model of random weights will do for it.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chatbot.bands import Band
from chatbot.bot import SEARCHED, Bot
from chatbot.generators import Generator, open_generator
from chatbot.messages import Answer, Conversation, Delta, Message, Sources
from chatbot.prompt import Prompt
from crawler.language import detect
from index import weights
from index.catalogue import DEFAULT_GENERATOR
from ui.cli.demo import crawl_demo
from ui.cli.output import say, show_download
from ui.demo_site import serve_demo
from ui.launch import bot_for, embedder_for, generator_for
from ui.settings import Settings, read_site

GENERATED = (
    "退货要在几天内，运费谁付？",
    "How many days do I have to return something, and who pays the freight?",
    "电子发票怎么开，多久能开好？",
    "How long do I have to send something back and who pays for the postage?",
    "墨水可以寄到加拿大吗，要多久？",
    "Can I change the nib, and is it free?",
)
PASSAGES = (
    "Orders placed before three in the afternoon leave on the same working day. Parcels within the country take two to four days; to the islands it is a week.",
    "签收之日起三十天内可以申请退货，商品须未使用、包装完整。质量问题的运费由商家承担，其他原因由买家承担，退款在五个工作日内原路退回。",
    "Members collect one point for every euro. Points are valid for two years and can be used at the checkout; gift cards cannot be paid with points.",
    "电子发票在签收后可以申请，填写抬头和税号，一个工作日内发到邮箱。专用发票需要开户行、账号、地址和电话，三个工作日内开出。",
)
# A visitor of `local` gets so many tokens, whatever the model would have said.
TOKENS = 128


@dataclass
class Weighed:
    """A generator's `weigh` with the seconds that it took."""

    generator: Generator
    seconds: float = 0.0

    def __call__(self, prompt: Prompt) -> float:
        began = time.perf_counter()
        assert self.generator.weigh
        try:
            return self.generator.weigh(prompt)
        finally:
            self.seconds += time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    for name, run in (("shop", shop), ("bare", bare), ("local", local)):
        part = what.add_parser(name)
        part.set_defaults(run=run)
        part.add_argument("--rounds", type=int, default=3)
        if run is local:
            part.add_argument("--model", required=True)
            part.add_argument("--device", default="")
            part.add_argument("--visitors", type=int, nargs="+", default=[1, 8, 32, 128])
    args = parser.parse_args()
    args.run(args)


def shop(args: argparse.Namespace) -> None:
    """Published and generated answers of the demonstration shop."""
    settings = Settings(data=Path(tempfile.mkdtemp(prefix="kefu-bench-")))
    served = serve_demo(0)
    crawl_demo(settings, served.server_port)
    generator = generator_for(settings, say)
    weighed = Weighed(generator)
    site = read_site(settings, "demo")
    bot = bot_for(settings, site, embedder_for(settings, show_download, say), replace(generator, weigh=weighed))
    bot.warm_up()  # as the server does when it starts
    stored = [entry.question for entry in bot.index().entries if entry.question]
    timed(bot, stored[0])
    reworded = [f"{'请问一下，' if detect(question) == 'zh' else 'Excuse me, '}{question}" for question in stored]
    reworded = [one for one in reworded if bot.bands.choose(one, bot.index().search(one, SEARCHED)) is Band.DIRECT]
    for what, questions in (("stored", stored), ("reworded", reworded)):
        times = sorted(timed(bot, question)[3] * 1000 for _ in range(args.rounds) for question in questions)
        print(
            f"published, {what}, {len(times)} answers: p50 {statistics.median(times):.0f} ms, p95 {p95(times):.0f} ms"
        )
    for question in GENERATED:
        weighed.seconds = 0.0
        answer, sources, first, whole = timed(bot, question)
        print(
            f"{answer.generator}, {answer.status}: sources {sources:.2f} s, first shown {first:.1f} s, whole {whole:.1f} s, of it judge {weighed.seconds:.1f} s  {question}"
        )
    served.shutdown()


def timed(bot: Bot, question: str) -> tuple[Answer, float, float, float]:
    """The answer, and seconds to the sources, to the first shown text, and in all."""
    began, sources, first = time.perf_counter(), 0.0, 0.0
    for event in bot.reply(question, Conversation()):
        now = time.perf_counter() - began
        if isinstance(event, Sources):
            sources = now
        elif isinstance(event, Delta | Answer):
            first = first or now
    assert isinstance(event, Answer)
    return event, sources or first, first, now


def bare(args: argparse.Namespace) -> None:
    """Kefu's generator against the engine alone, on the same prompts in turns."""
    import xllamacpp

    from chatbot.generators import llamacpp

    models = weights.default_folder()
    path = weights.model_file(DEFAULT_GENERATOR, models)
    assert path, f"run 'kefu models pull {DEFAULT_GENERATOR}' first"
    generator = open_generator(DEFAULT_GENERATOR, models)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel, params.n_ctx = llamacpp.SLOTS, llamacpp.SLOTS * llamacpp.SLOT_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 2
    params.verbosity, params.warmup = 0, False
    server = xllamacpp.Server(params)
    rates: dict[str, list[tuple[int, float]]] = {"kefu": [], "bare": []}
    for round_ in range(args.rounds):
        for number in range(len(PASSAGES)):
            prompt = prompt_of(number, round_)
            for name in ("kefu", "bare") if (round_ + number) % 2 else ("bare", "kefu"):
                began = time.perf_counter()
                pieces = sum(1 for _ in generator.generate(prompt)) if name == "kefu" else _pieces(server, prompt)
                rates[name].append((pieces, time.perf_counter() - began))
    seconds = {name: sum(time for _, time in each) for name, each in rates.items()}
    for name, each in rates.items():
        print(f"{name}: {sum(n for n, _ in each) / seconds[name]:.1f} tokens/s with the reading of the prompt")
    ratios = [kefu / bare for (_, kefu), (_, bare) in zip(rates["kefu"], rates["bare"], strict=True)]
    print(f"overhead: {seconds['kefu'] / seconds['bare'] - 1:+.1%} in all, median {statistics.median(ratios) - 1:+.1%}")


def _pieces(server: Any, prompt: Prompt) -> int:
    from chatbot.generators.llamacpp import MAX_NEW_TOKENS

    pieces = []
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    request = {"messages": messages, "temperature": 0.0, "max_tokens": MAX_NEW_TOKENS, "stream": True}
    server.handle_chat_completions(
        request, lambda chunk: pieces.extend(c for c in chunk["choices"] if c["delta"].get("content"))
    )
    return len(pieces)


def prompt_of(number: int, salt: int) -> Prompt:
    """A prompt of its own for each number and salt, of about 200 tokens."""
    passages = [PASSAGES[(number + n) % len(PASSAGES)] for n in range(3)]
    quoted = "\n".join(f'[{n}] "{text}"' for n, text in enumerate(passages, 1))
    asked = f"Request {salt}-{number}. Passages:\n{quoted}\n\nSay in full sentences what they promise."
    return Prompt((Message("system", "You answer from the passages only."), Message("user", asked)), (), "en")


def local(args: argparse.Namespace) -> None:
    """Many visitors at once against one after another, and the roofline."""
    import torch

    from chatbot.generators import local as module

    module.GREEDY.update(max_new_tokens=TOKENS, min_new_tokens=TOKENS)
    module.MAX_NEW_TOKENS = TOKENS
    chat = module._load(args.model, args.device)
    generate, _ = module.open_local(args.model, args.device)
    device = chat.model.device
    size = sum(p.numel() * p.element_size() for p in chat.model.parameters())
    print(f"{args.model} on {device}: {size / 1e9:.2f} GB of weights, {TOKENS} tokens a visitor")
    consume(generate, prompt_of(0, -1))
    began = time.perf_counter()
    for number in range(2):
        ids = torch.tensor([module._encode(chat, prompt_of(number, -2))], device=device)
        chat.model.generate(ids, attention_mask=torch.ones_like(ids), **module.GREEDY)
    alone = 2 * TOKENS / (time.perf_counter() - began)
    print(f"one after another, model.generate: {alone:.0f} tokens/s")
    rate = bandwidth(torch, device)
    for visitors in args.visitors:
        with ThreadPoolExecutor(visitors) as pool:
            began = time.perf_counter()
            firsts = list(pool.map(lambda n, v=visitors: consume(generate, prompt_of(n, v)), range(visitors)))
            took = time.perf_counter() - began
        made, roof = visitors * TOKENS / took, visitors * rate / size
        print(
            f"{visitors:4} visitors: {made:.0f} tokens/s, {made / alone:.1f} times one after another, {made / roof:.1%} of the roofline, "
            f"first text p50 {statistics.median(firsts):.2f} s p95 {p95(sorted(firsts)):.2f} s"
        )


def consume(generate: Callable[[Prompt], Any], prompt: Prompt) -> float:
    """Seconds to the first piece of text; all of them are read."""
    began, first = time.perf_counter(), 0.0
    for _ in generate(prompt):
        first = first or time.perf_counter() - began
    return first


def bandwidth(torch: Any, device: Any) -> float:
    """Bytes a second that memory gives, by copying: each byte is read and written."""
    block = torch.empty(2**28, dtype=torch.uint8, device=device)
    into, wait = torch.empty_like(block), torch.cuda.synchronize if device.type == "cuda" else lambda: None
    into.copy_(block)
    wait()
    began = time.perf_counter()
    for _ in range(10):
        into.copy_(block)
    wait()
    return 10 * 2 * 2**28 / (time.perf_counter() - began)


def p95(sorted_: Sequence[float]) -> float:
    return sorted_[max(0, round(0.95 * len(sorted_)) - 1)]


if __name__ == "__main__":
    main()
