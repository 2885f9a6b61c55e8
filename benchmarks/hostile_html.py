"""Hostile HTML through the sandboxed reader: the long run of tests/test_hostile_html.py.

usage: python benchmarks/hostile_html.py [SECURITY_DIR] [--mutants 10000] [--seed 1] [--sizes 50,500,2000,5000]

SECURITY_DIR holds bs4-fuzz/, go-fuzz-corpus/, xss-payloadbox/ and blns/ (default ../shared/security); what is not there is
left out. Documents must all be read; a bomb (sizes in kB) must be read or left out within the limits, without an exception,
and the page after it be read.

The last line is the most that any child had resident. Exit status 1 if a document was not read or a page did not survive
a bomb.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the mutants and bombs are those of the tests

from crawler.errors import PageBroken  # noqa: E402
from crawler.response import Response  # noqa: E402
from crawler.sandbox import SandboxLimits, open_survey  # noqa: E402
from crawler.survey import Survey  # noqa: E402
from tests.hostile_pages import BOMBS, bomb, documents, good_page, mutants  # noqa: E402

if sys.platform != "win32":
    import resource

Read = Callable[[Response], Survey]
SLOW_S = 1.0


def timed(read: Read, response: Response) -> tuple[str, float]:
    """What became of a page, and after how many seconds."""
    started = time.perf_counter()
    try:
        survey = read(response)
        said = f"{len(survey.entries)} entries, {len(survey.links)} links"
    except PageBroken as broken:
        said = str(broken).removeprefix(response.url).removesuffix(" and was left out").strip()
    return said, time.perf_counter() - started


def read_all(read: Read, pages: Iterable[tuple[str, Response]]) -> int:
    """Read documents; print a line a corpus, and one for each that was not read or was slow. How many were not read."""
    counts, seconds, slowest, broken = Counter[str](), Counter[str](), dict[str, float](), Counter[str]()
    for corpus, page in pages:
        said, took_s = timed(read, page)
        counts[corpus] += 1
        seconds[corpus] += took_s
        slowest[corpus] = max(took_s, slowest.get(corpus, 0.0))
        if not said.endswith(" links"):
            broken[corpus] += 1
        if not said.endswith(" links") or took_s > SLOW_S:
            print(f"  {page.url} ({len(page.body)} bytes, {page.content_type}): {said}, {took_s:.2f} s", flush=True)
    for corpus, count in counts.items():
        print(
            f"{corpus}: {count} documents, {broken[corpus]} not read, {seconds[corpus]:.1f} s, slowest {slowest[corpus]:.2f} s"
        )
    return broken.total()


def explode(read: Read, names: Sequence[str], sizes_kb: Sequence[int], limits: SandboxLimits) -> int:
    """Read each bomb in each size and a good page after it. How many were not held."""
    good, failures, ends = read(good_page()), 0, Counter[str]()
    for name in names:
        cells = []
        for size_kb in sizes_kb:
            said, took_s = timed(read, bomb(name, size_kb * 1000))
            ends[said if "links" not in said else "read"] += 1
            failures += took_s > limits.page_s + 1 or "cannot be read" in said or read(good_page()) != good
            cells.append(f"{size_kb} kB {took_s:.2f} s ({said})")
        print(f"{name}: {'; '.join(cells)}", flush=True)
    print(f"bombs: {dict(ends)}; {failures} not held")
    return failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "security", metavar="SECURITY_DIR"
    )
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizes", default="50,500,2000,5000", help="of bombs, in kB")
    parser.add_argument("--bombs", default="", help="only those whose name has this in it")
    args = parser.parse_args()
    limits = SandboxLimits()
    with open_survey("shop", limits=limits) as read:
        failures = read_all(read, documents(args.folder))
        failures += read_all(read, (("mutants", page) for page in mutants(args.mutants, args.seed)))
        names = [name for name in BOMBS if args.bombs in name]
        failures += explode(read, names, [int(size) for size in args.sizes.split(",")], limits)
    if sys.platform != "win32":
        print(f"peak of a child: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB resident")
    raise SystemExit(failures > 0)


if __name__ == "__main__":
    main()
