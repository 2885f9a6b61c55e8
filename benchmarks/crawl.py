"""The same site crawled by Kefu and by Scrapy, on loopback, without politeness: rate, processor time and memory of each.

    python benchmarks/crawl.py [--pages 1000] [--rounds 3]

The site is made of the pages of tests/corpus, over and over with other words, linked from pages of links. Scrapy runs with
its defaults but robots.txt obeyed, its item pipeline calls the same extractor; both write the entries as JSON lines. The
two take turns, in one run; the parse-only limit is the extractor alone, in one process. Scrapy is installed by hand.
Memory is the sum of the proportional set size (PSS) of a crawler and its children, sampled; the server's is not in it.
"""

import argparse
import hashlib
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "corpus"
LINKS_A_PAGE = 100


def site_of(count: int) -> dict[str, bytes]:
    """Path -> body: `count` pages, each with its own text, and the pages that link to them."""
    from crawler.charset import decode

    sources = [decode(path.read_bytes()) for path in sorted(CORPUS.glob("*.html"))]
    # All in one encoding, the links of the corpus to nowhere taken out, and a number in every text.
    plain = [re.sub(r'(?:charset=["\']?)[\w-]+|href="[^"#]*"', "", source) for source in sources]
    pages = {}
    for number in range(count):
        html = re.sub(r">([^<>]*\w[^<>]*)<(?!/(?:script|style))", rf">\1 {number}<", plain[number % len(plain)])
        pages[f"/help/{number}.html"] = html.encode()
    paths = list(pages)
    lists = [paths[start : start + LINKS_A_PAGE] for start in range(0, count, LINKS_A_PAGE)]
    for number, group in enumerate(lists):
        anchors = "".join(f'<p><a href="{path}">{path}</a></p>' for path in group)
        pages[f"/list/{number}.html"] = f"<title>List {number}</title>{anchors}".encode()
    anchors = "".join(f'<p><a href="/list/{number}.html">{number}</a></p>' for number in range(len(lists)))
    return pages | {"/": f"<title>Help</title>{anchors}".encode()}


def serve(pages: dict[str, bytes]) -> ThreadingHTTPServer:
    """The site on a free port, with entity tags."""
    tags = {path: f'"{hashlib.sha256(body).hexdigest()[:16]}"' for path, body in pages.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer

        def do_GET(self) -> None:
            body = pages.get(self.path)
            same = body is not None and self.headers.get("If-None-Match") == tags[self.path]
            self.send_response(404 if body is None else 304 if same else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if body is not None:
                self.send_header("ETag", tags[self.path])
            sent = b"" if same or body is None else body
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


# ---- the two crawlers, each run in a process of its own


def run_kefu(seed: str, out: Path, states: Path) -> None:
    from crawler.crawl import crawl
    from crawler.fetch import open_fetch
    from crawler.frontier import CrawlPolicy
    from crawler.records import to_json
    from crawler.sandbox import open_survey
    from crawler.visits import Fetched, PageState, Unchanged

    known = {}
    if states.exists():
        rows = map(json.loads, states.read_text().splitlines())
        known = {r["url"]: PageState(**{**r, "entries": tuple(r["entries"]), "links": tuple(r["links"])}) for r in rows}
    policy = CrawlPolicy(max_pages=10**6, delay_s=0)
    host = seed.split("/")[2]
    kept = []
    counts = {"fetched": 0, "not_modified": 0, "entries": 0}
    with out.open("w") as file, open_survey("bench") as survey:
        for visit in crawl([seed], fetch=open_fetch(allow_hosts=[host]), survey=survey, policy=policy, known=known):
            if isinstance(visit, Fetched):
                counts["fetched"] += 1
                counts["entries"] += len(visit.survey.entries)
                file.writelines(to_json(entry) + "\n" for entry in visit.survey.entries)
            if isinstance(visit, Unchanged):
                counts["not_modified"] += visit.not_modified
            if isinstance(visit, Fetched | Unchanged):
                kept.append(visit.state)
    states.write_text("".join(json.dumps(asdict(state)) + "\n" for state in kept))
    print(json.dumps(counts))


def run_scrapy(seed: str, out: Path) -> None:
    import scrapy
    from scrapy.crawler import CrawlerProcess

    from crawler.records import to_json
    from crawler.response import Response
    from crawler.survey import survey

    counts = {"fetched": 0, "entries": 0}
    file = out.open("w")

    class Extract:
        def process_item(self, item, spider=None):  # type: ignore[no-untyped-def]
            found = survey(Response(item["url"], 200, "text/html; charset=utf-8", item["body"]), "bench")
            counts["fetched"] += 1
            counts["entries"] += len(found.entries)
            file.writelines(to_json(entry) + "\n" for entry in found.entries)
            return item

    class Spider(scrapy.Spider):
        name = "bench"
        start_urls = (seed,)
        custom_settings = {  # noqa: RUF012 - Scrapy's own way
            "ROBOTSTXT_OBEY": True,
            "LOG_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "DOWNLOAD_DELAY": 0,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
            "ITEM_PIPELINES": {Extract: 100},
        }

        def parse(self, response):  # type: ignore[no-untyped-def]
            yield {"url": response.url, "body": response.body}
            yield from response.follow_all(css="a[href]", callback=self.parse)

    process = CrawlerProcess()
    process.crawl(Spider)
    process.start()
    file.close()
    print(json.dumps(counts))


def run_parse(pages: int) -> None:
    """The extractor alone on every page, in one process."""
    from crawler.response import Response
    from crawler.survey import survey

    bodies = site_of(pages)
    began = time.process_time()
    for path, body in bodies.items():
        survey(Response(f"http://127.0.0.1{path}", 200, "text/html; charset=utf-8", body), "bench")
    print(json.dumps({"fetched": len(bodies), "seconds": time.process_time() - began}))


# ---- measuring


@dataclass(frozen=True)
class Run:
    """One crawl: wall and processor seconds, peak memory in MiB, and what the crawler counted."""

    seconds: float
    cpu_s: float
    peak_mib: float
    counts: dict[str, float]


def measured(arguments: list[str]) -> Run:
    """Run this file as a crawler, and watch it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    peak, ended = [0.0], threading.Event()
    watcher = threading.Thread(target=watch, args=(process.pid, peak, ended))
    watcher.start()
    output, _ = process.communicate(timeout=900)
    seconds = time.perf_counter() - began
    ended.set()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, cpu_s, peak[0], json.loads(output.splitlines()[-1]))


def watch(pid: int, peak: list[float], ended: threading.Event) -> None:
    while not ended.wait(0.05):
        peak[0] = max(peak[0], sum(map(pss_mib, family(pid))))


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def pss_mib(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    match = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    return int(match.group(1)) / 1024 if match else 0.0


def report(name: str, runs: list[Run]) -> None:
    middle: Callable[[list[float]], float] = statistics.median
    pages = runs[0].counts["fetched"] + runs[0].counts.get("not_modified", 0)
    seconds = middle([run.seconds for run in runs])
    print(
        f"| {name} | {pages:.0f} | {pages / seconds:.0f} | {seconds:.2f} | {middle([r.cpu_s for r in runs]):.2f} | "
        f"{middle([r.peak_mib for r in runs]):.0f} | {runs[0].counts.get('entries', 0):.0f} |"
    )


def compare(pages: int, rounds: int) -> None:
    server = serve(site_of(pages))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    seed = f"http://127.0.0.1:{server.server_port}/"
    runs: dict[str, list[Run]] = {"Kefu": [], "Kefu, again, unchanged": [], "Scrapy": []}
    with tempfile.TemporaryDirectory() as folder:
        out, states = f"{folder}/out.jsonl", Path(folder) / "states.jsonl"
        for _ in range(rounds):
            states.unlink(missing_ok=True)
            runs["Kefu"].append(measured(["--kefu", seed, out, str(states)]))
            runs["Kefu, again, unchanged"].append(measured(["--kefu", seed, out, str(states)]))
            runs["Scrapy"].append(measured(["--scrapy", seed, out]))
    server.shutdown()
    parse = measured(["--parse", str(pages)])
    print(f"{os.cpu_count()} cores, {pages} pages, {rounds} rounds in turns, median\n")
    print(
        "| crawler | pages | pages/s | seconds | CPU s | peak MiB | entries |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, found in runs.items():
        report(name, found)
    print(f"\nparse only, one process: {parse.counts['fetched'] / parse.counts['seconds']:.0f} pages/s")
    kefu, scrapy = (statistics.median([run.seconds for run in runs[name]]) for name in ("Kefu", "Scrapy"))
    print(f"rate of Kefu / rate of Scrapy: {scrapy / kefu:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kefu", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--scrapy", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--parse", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.kefu:
        run_kefu(given.kefu[0], Path(given.kefu[1]), Path(given.kefu[2]))
    elif given.scrapy:
        run_scrapy(given.scrapy[0], Path(given.scrapy[1]))
    elif given.parse:
        run_parse(given.parse)
    else:
        compare(given.pages, given.rounds)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
