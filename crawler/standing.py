"""Which of the pages that were read stand for themselves, and which repeat another or are not wanted. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from crawler.frontier import page_key
from crawler.visits import Fetched, Outcome, PageState, Skip, Unchanged

Page = Fetched | Unchanged


@dataclass(frozen=True)
class Again:
    """A page that stands now, whose entries were not kept when it was read: it must be read anew."""

    url: str


@dataclass
class Standing:
    """Settles outcomes one by one.

    A page that names another as the original waits until that one is settled: when both say the same it is a duplicate,
    else its word is not taken for it and it stands for itself. So a site that calls its home page the original of every
    page loses none.
    """

    languages: Collection[str] = ()
    known: Mapping[str, PageState] = field(default_factory=dict)
    _served: dict[str, str] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)
    _waiting: defaultdict[str, list[Page]] = field(default_factory=lambda: defaultdict(list))
    _told: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._told = {state.said: url for url, state in self.known.items() if state.entries and not state.gone_since}

    def settle(self, outcome: Outcome) -> Iterator[Outcome | Again]:
        """What has become of this outcome, and of those that waited for it; nothing yet when it waits itself."""
        if isinstance(outcome, Skip):
            yield outcome
        elif unwanted := self._unwanted(outcome.state):
            yield unwanted
        elif original := self._original(outcome.state):
            self._waiting[page_key(original)].append(outcome)
            return
        else:
            yield self._stand(outcome)
        yield from self._release(outcome.url)

    def rest(self) -> Iterator[Outcome | Again]:
        """Settle what waited for a page that never came."""
        while self._waiting:
            _, pages = self._waiting.popitem()
            for page in pages:
                yield self._stand(page)
                yield from self._release(page.url)

    def _release(self, url: str) -> Iterator[Outcome | Again]:
        ready = [url]
        while ready:
            key = page_key(ready.pop())
            self._settled.add(key)
            for page in self._waiting.pop(key, ()):
                yield self._stand(page)
                ready.append(page.url)

    def _unwanted(self, state: PageState) -> Skip | None:
        bare = replace(state, entries=())
        if state.noindex:
            return Skip(state.url, "noindex", "the page asks not to be indexed", bare)
        if self.languages and state.language and state.language not in self.languages:
            return Skip(state.url, "language", f"the page is in {state.language}", bare)
        return None

    def _original(self, state: PageState) -> str:
        """The page to wait for: the one that this page names, else one known to say the same; "" for none."""
        before = self.known.get(state.url)
        told = "" if before and before.entries else self._told.get(state.said, "")
        own = page_key(state.url)
        for other in (state.original, told):
            if other and (key := page_key(other)) != own and key not in self._settled:
                return other
        return ""

    def _stand(self, page: Page) -> Outcome | Again:
        state = page.state
        if other := self._repeated(state):
            return Skip(state.url, "duplicate", f"says the same as {other}", replace(state, original=other, entries=()))
        if isinstance(page, Unchanged) and state.unstored:
            return Again(state.url)
        if state.said:
            self._served[state.said] = state.url
        return page

    def _repeated(self, state: PageState) -> str:
        """The page that said the same before; a page that says nothing repeats the one it names."""
        if state.said:
            other = self._served.get(state.said, "")
            return other if other != state.url else ""
        return state.original if page_key(state.original) in self._settled else ""
