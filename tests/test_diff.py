"""What a crawl, an import and manual edits do to the entries that are there."""

from dataclasses import replace

from crawler.diff import apply_edits, merge_crawl, merge_import
from crawler.records import FaqEntry

PAY = FaqEntry("pay", "How do I pay?", "By card.", url="https://shop.example/pay", source="details")
SHIP = FaqEntry("ship", "Do you ship?", "Yes.", url="https://shop.example/ship", source="headings")
OWN = FaqEntry("own", "Are you open?", "Daily.", source="import")
NEW = FaqEntry("new", "Anything new?", "This.", url="https://shop.example/new", source="dl")


def test_a_first_crawl_adds_everything() -> None:
    diff = merge_crawl([], [PAY, SHIP], unread_urls=())

    assert (PAY, SHIP) == diff.added == diff.entries
    assert () == diff.changed == diff.removed == diff.kept


def test_a_crawl_adds_changes_removes_and_keeps() -> None:
    changed = replace(PAY, answer="By card or PayPal.")

    diff = merge_crawl([PAY, SHIP], [changed, NEW], unread_urls=())

    assert ((NEW,), (changed,), (SHIP,), ()) == (diff.added, diff.changed, diff.removed, diff.kept)
    assert (changed, NEW) == diff.entries


def test_imported_entries_survive_a_crawl() -> None:
    diff = merge_crawl([OWN, PAY], [SHIP], unread_urls=())

    assert (OWN, SHIP) == diff.entries
    assert (PAY,) == diff.removed
    assert (OWN,) == diff.kept


def test_entries_of_pages_that_failed_survive_a_crawl() -> None:
    diff = merge_crawl([PAY, SHIP], [NEW], unread_urls={SHIP.url})

    assert (SHIP, NEW) == diff.entries
    assert (PAY,) == diff.removed


def test_an_imported_entry_stands_though_a_crawl_finds_its_id() -> None:
    imported = replace(PAY, source="import", answer="Mine.")

    diff = merge_crawl([imported], [PAY], unread_urls=())

    assert (imported,) == diff.entries == diff.kept


def test_an_import_updates_in_place_and_appends() -> None:
    changed = replace(OWN, answer="Weekdays.")

    diff = merge_import([PAY, OWN, SHIP], [NEW, changed])

    assert (PAY, changed, SHIP, NEW) == diff.entries
    assert ((NEW,), (changed,), (), (PAY, SHIP)) == (diff.added, diff.changed, diff.removed, diff.kept)


def test_the_last_of_two_imported_records_with_one_id_wins() -> None:
    assert (replace(OWN, answer="B"),) == merge_import([], [replace(OWN, answer="A"), replace(OWN, answer="B")]).entries


def test_edits_win() -> None:
    edits = [{"id": "pay", "answer": "Ask us."}, {"id": "ship", "question": "Where do you ship?"}]

    assert [replace(PAY, answer="Ask us."), replace(SHIP, question="Where do you ship?"), OWN] == apply_edits(
        [PAY, SHIP, OWN], edits
    )


def test_a_hidden_entry_is_left_out_until_it_is_shown_again() -> None:
    hide, show = {"id": "pay", "hidden": True}, {"id": "pay", "hidden": False}

    assert [SHIP] == apply_edits([PAY, SHIP], [hide])
    assert [PAY, SHIP] == apply_edits([PAY, SHIP], [hide, show])


def test_similar_questions_are_added_once() -> None:
    entry = replace(PAY, similar=("card?", "visa?"))

    assert [replace(entry, similar=("card?", "visa?", "paypal?"))] == apply_edits(
        [entry], [{"id": "pay", "similar": ["visa?", "paypal?"]}]
    )


def test_later_edits_of_one_entry_lie_over_earlier_ones() -> None:
    edits = [{"id": "pay", "answer": "A", "question": "Q?"}, {"id": "pay", "answer": "B"}]

    assert [replace(PAY, question="Q?", answer="B")] == apply_edits([PAY], edits)


def test_an_edit_of_no_entry_waits() -> None:
    assert [PAY] == apply_edits([PAY], [{"id": "gone", "answer": "x"}])
