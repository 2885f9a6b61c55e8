"""How long a visitor of the demonstration shop waits: published answers, and the first checked sentence of generated ones.

usage: python benchmarks/first_answer.py [--rounds 5]

Uses the models of the cache; the shop is crawled into a temporary folder. Prints medians; times are of this machine.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from chatbot.bot import Bot
from chatbot.messages import Answer, Conversation, Delta, Sources
from ui.cli.demo import crawl_demo
from ui.cli.output import say, show_download
from ui.demo_site import serve_demo
from ui.launch import bot_for, embedder_for, generator_for
from ui.settings import Settings, read_site

PUBLISHED = ("如何退货？", "How do I return an item?", "密码忘了怎么办？", "How much is delivery?")
GENERATED = (
    "退货要在几天内，运费谁付？",
    "How many days do I have to return something, and who pays the freight?",
    "电子发票怎么开，多久能开好？",
    "How long do I have to send something back and who pays for the postage?",
)


def timed(bot: Bot, question: str) -> tuple[str, float, float, float]:
    """Generator, and seconds to the sources, to the first shown text, and in all."""
    began, sources, first = time.perf_counter(), 0.0, 0.0
    for event in bot.reply(question, Conversation()):
        now = time.perf_counter() - began
        if isinstance(event, Sources):
            sources = now
        elif isinstance(event, Delta | Answer):
            first = first or now
    assert isinstance(event, Answer)
    return event.generator, sources or first, first, now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    settings = Settings(data=Path(tempfile.mkdtemp(prefix="kefu-bench-")))
    shop = serve_demo(0)
    crawl_demo(settings, shop.server_port)
    bot = bot_for(
        settings, read_site(settings, "demo"), embedder_for(settings, show_download, say), generator_for(settings, say)
    )
    bot.warm_up()  # as the server does when it starts
    timed(bot, PUBLISHED[0])
    times = [timed(bot, question)[3] * 1000 for _ in range(args.rounds) for question in PUBLISHED]
    print(f"published answer: p50 {statistics.median(times):.0f} ms, worst of {len(times)} {max(times):.0f} ms")
    # Once each: a second time the prompt would be cached, and a visitor's is not.
    for question in GENERATED:
        generator, sources, first, total = timed(bot, question)
        print(
            f"{generator}: sources {sources:.2f} s, first shown sentence {first:.1f} s, whole {total:.1f} s  {question}"
        )
    shop.shutdown()


if __name__ == "__main__":
    main()
