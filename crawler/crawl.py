"""The walk over one site: robots.txt, sitemaps, then page after page under a `CrawlPolicy`.

The network comes in as `fetch`, reading as `survey`, time as `clock`, and what the last crawl knew as `known`.
"""

import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from crawler.answers import read_page
from crawler.errors import FetchFailed, PageBroken, UrlRefused
from crawler.frontier import CrawlPolicy, Frontier, chosen_by, scope_of
from crawler.hosts import MAX_HOPS, Hosts
from crawler.pace import REAL_TIME, Clock, Pace, ask
from crawler.response import Fetch, Response, Validators
from crawler.standing import Again, Standing
from crawler.survey import Survey
from crawler.urls import canonical, same_site
from crawler.visits import End, Outcome, PageState, Skip, Visit, forgotten

# So many answers may wait to be settled: enough that no worker waits until another page has been read.
AHEAD = 8
FAILURES_IN_A_ROW = 20
MIB = 1024 * 1024

Answer = tuple[Outcome, int]
Submit = Callable[[Callable[[], Answer]], Future[Answer]]


def crawl(
    seeds: Sequence[str],
    *,
    fetch: Fetch,
    survey: Callable[[Response], Survey],
    policy: CrawlPolicy,
    known: Mapping[str, PageState] = {},
    done: Mapping[str, Outcome] = {},
    note: Callable[[Outcome], None] = lambda outcome: None,
    waiting: Callable[[int], None] = lambda pages: None,
    clock: Clock = REAL_TIME,
) -> Iterator[Visit]:
    """Visit the site of `seeds`; yield what is at each address, and an `End`.

    `known` holds what the last crawl remembered, by address. `done` are outcomes of a crawl that was stopped: they are not
    fetched again. `note` is told each outcome as it comes, for a later `done`; `waiting` how many pages are still ahead.
    A `fetch` that hands redirects over as they are spares a request for each. Pages come in an order that does not depend
    on how fast the site answers.

    Raises:
        UrlRefused: a seed must not be fetched.
        FetchFailed: the first seed's host asks to be left alone (robots.txt 5xx) or cannot be reached.

    """
    starts = [canonical(seed) for seed in seeds]
    hosts = Hosts(fetch, policy, clock)
    hosts.of(starts[0])
    frontier = Frontier(policy, scope_of(starts, policy))
    frontier.prefer(known)
    for start in starts:
        frontier.force(start, 0)
    for page in hosts.pages_of_sitemaps(starts[0]):
        frontier.add(page, 1)
    walk = _Walk(policy, hosts, survey, known, done, starts, frontier, Standing(policy.languages, known))
    yield from walk.run(note, waiting)


@contextmanager
def _workers(count: int) -> Iterator[Submit]:
    """A way to hand jobs to `count` threads. They are daemons: Ctrl-C does not wait for a slow server."""
    jobs: queue.SimpleQueue[tuple[Future[Answer], Callable[[], Answer]] | None] = queue.SimpleQueue()

    def work() -> None:
        while job := jobs.get():
            future, call = job
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
                future.set_exception(error)

    def submit(call: Callable[[], Answer]) -> Future[Answer]:
        future: Future[Answer] = Future()
        jobs.put((future, call))
        return future

    for number in range(count):
        threading.Thread(target=work, name=f"kefu-crawl-{number}", daemon=True).start()
    try:
        yield submit
    finally:
        for _ in range(count):
            jobs.put(None)


def _answered(outcome: Outcome) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result((outcome, 0))
    return future


@dataclass(frozen=True)
class _Job:
    """A page that is on its way: its answer is the outcome and how many bytes it took."""

    url: str
    depth: int
    answer: Future[Answer]


@dataclass
class _Walk:
    """A crawl under way."""

    policy: CrawlPolicy
    hosts: Hosts
    survey: Callable[[Response], Survey]
    known: Mapping[str, PageState]
    done: Mapping[str, Outcome]
    starts: list[str]
    frontier: Frontier
    standing: Standing
    stopped_by: str = ""
    whole: bool = True
    asked: int = 0
    bytes: int = 0
    failures: int = 0
    left: int = 0
    hops: dict[str, int] = field(default_factory=dict)
    depths: dict[str, int] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)

    def run(self, note: Callable[[Outcome], None], waiting: Callable[[int], None]) -> Iterator[Visit]:
        began = self.hosts.clock.now()
        jobs: deque[_Job] = deque()
        with _workers(self.policy.connections) as submit:
            while True:
                self._fill(jobs, submit, self.hosts.clock.now() - began)
                if jobs:
                    job = jobs.popleft()
                    outcome, size = job.answer.result()
                    self.bytes += size
                    if job.url not in self.done:
                        note(outcome)
                    waiting(len(jobs) + len(self.frontier))
                    yield from self._settle(job, outcome)
                elif rest := list(self.standing.rest()):
                    yield from self._queue_again(rest)
                else:
                    break
        left_out = self.frontier.left_out() + Counter({self.stopped_by: self.left})
        # What a limit left out may be what leads to another page.
        whole = self.whole and self.hosts.sitemaps_whole and not self.stopped_by and not left_out.total()
        yield from self._not_met(whole)
        yield End(self.stopped_by or "done", whole, tuple(sorted(left_out.items())))

    def _fill(self, jobs: deque[_Job], submit: Submit, elapsed_s: float) -> None:
        """Send the workers on ahead, in an order that depends on what was settled, not on what came in."""
        while len(jobs) < AHEAD and not self.stopped_by and (place := self.frontier.take()):
            if limit := self._limit(elapsed_s):
                self.stopped_by, self.left = limit, len(self.frontier) + 1
                return
            jobs.append(_Job(*place, self._begin(place[0], submit)))

    def _limit(self, elapsed_s: float) -> str:
        reached = {
            "max_pages": self.asked >= self.policy.max_pages,
            "max_mib": self.bytes >= self.policy.max_mib * MIB,
            "max_minutes": elapsed_s >= self.policy.max_minutes * 60,
            "failing": self.failures >= FAILURES_IN_A_ROW,
        }
        return next((name for name, met in reached.items() if met), "")

    def _begin(self, url: str, submit: Submit) -> Future[Answer]:
        try:
            host = self.hosts.of(url)
        except (FetchFailed, UrlRefused) as error:
            return _answered(Skip(url, "failed", str(error)))
        if not host.rules.allows(url):
            return _answered(Skip(url, "robots", "robots.txt disallows it"))
        self.asked += 1
        if url in self.done and url not in self.again:
            return _answered(self.done[url])
        state = self.known.get(url, PageState(url))
        return submit(partial(self._read, host.pace, forgotten(state) if url in self.again else state))

    def _read(self, pace: Pace, state: PageState) -> Answer:
        """In a worker: fetch a page and read it."""
        try:
            response = ask(self.hosts.fetch, state.url, Validators(state.etag, state.last_modified), pace)
            return read_page(response, state, self.survey), len(response.body)
        except (FetchFailed, UrlRefused, PageBroken) as error:
            return Skip(state.url, "failed", str(error)), 0

    def _settle(self, job: _Job, outcome: Outcome) -> Iterator[Outcome]:
        self.depths[job.url] = job.depth
        settled = list(self.standing.settle(outcome))
        self._follow(job, outcome, late=not any(visit is outcome for visit in settled))
        yield from self._queue_again(settled)

    def _queue_again(self, settled: Iterable[Outcome | Again]) -> Iterator[Outcome]:
        for visit in settled:
            if isinstance(visit, Again):
                self.again.add(visit.url)
                self.frontier.force(visit.url, self.depths[visit.url])
            else:
                yield visit

    def _follow(self, job: _Job, outcome: Outcome, late: bool) -> None:
        """Queue what an outcome leads to. A page that failed still leads to where it led the last time."""
        reason = outcome.reason if isinstance(outcome, Skip) else ""
        self.failures = self.failures + 1 if reason == "failed" else 0
        if isinstance(outcome, Skip):
            state = self.known.get(job.url) if reason == "failed" else None
            # Where an unknown start leads, nobody knows now.
            self.whole = self.whole and not (reason == "failed" and state is None and job.url in self.starts)
            if reason == "moved":
                self._move(job, outcome.detail)
            elif reason == "gone":
                self.frontier.gone(job.url)
        else:
            state = outcome.state
            if state.original:
                self.frontier.add(state.original, job.depth)
        for link in state.links if state else ():
            self.frontier.add(link, job.depth + 1, late=late)

    def _move(self, job: _Job, url: str) -> None:
        """Follow a redirect as a link of its own, so that robots.txt, scope and what was visited count for its goal too."""
        hops = self.hops[url] = self.hops.get(job.url, 0) + 1
        if job.url in self.starts and same_site(url, self.starts[0]) and url not in self.starts:
            self.starts.append(url)
        if (
            hops <= MAX_HOPS
            and url not in self.frontier.visited
            and (url in self.starts or self.frontier.in_scope(url))
        ):
            self.frontier.visited.add(url)
            self.frontier.force(url, job.depth)

    def _not_met(self, whole: bool) -> Iterator[Skip]:
        """What is known of pages that this crawl did not come to, where that says something."""
        chosen = chosen_by(self.starts, self.policy)
        for url in self.known:
            if url in self.frontier.visited:
                continue
            if not chosen(url):
                yield Skip(url, "excluded", "the settings leave it out")
            elif whole:
                yield Skip(url, "unlinked", "no page leads to it any more")
