"""Where the answer to each of a run of questions ends. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from crawler.extract.boxes import Box
from crawler.extract.document import Document, ancestors
from crawler.extract.looks import Look


def stops(document: Document, look: Look, heads: Sequence[Box]) -> list[int]:
    """Where each answer ends at the latest: the next question, a heading of its rank, the end of its item or of the flow."""
    items = [_item(head, heads) for head in heads]
    following = [two if one.parent is two.parent else None for one, two in pairwise(items)] + [None]
    # Text between one item and the next belongs to the first; then what follows the last does too.
    spills = any(two and document.has_lines(one.end, two.order) for one, two in zip(items, following, strict=True))
    found, orders = [], [head.order for head in heads]
    for head, item, after in zip(heads, items, following, strict=True):
        inside = document.has_lines(head.end, item.end)
        flow = item.parent.end if item.parent is not None else item.end
        stop = after.order if after is not None else item.end if inside and not spills else flow
        later = bisect_left(orders, head.end)
        stop = min(stop, orders[later]) if later < len(orders) else stop
        found.append(_before_heading(document, look, head, stop))
    return found


def _before_heading(document: Document, look: Look, head: Box, stop: int) -> int:
    level = int(look[1]) if look[0] == "heading" else 0
    for box in document.headings_between(head.end, stop):
        if box.level <= level if level else box.depth <= head.depth:
            return box.order
    return stop


def _item(head: Box, heads: Sequence[Box]) -> Box:
    """The largest box that holds this question and no other of its run."""
    if len(heads) == 1:
        return next((outer for outer in ancestors(head) if outer.text != head.text), head)
    item = head
    orders = [other.order for other in heads]
    for outer in ancestors(head):
        if outer.parent is None or bisect_left(orders, outer.end) - bisect_left(orders, outer.order) > 1:
            break
        item = outer
    return item
