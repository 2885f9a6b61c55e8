"""What a crawl, an import and manual edits do to the entries that are there."""

from dataclasses import replace

import pytest

from crawler.diff import apply_edits, edited_changed, held_back, merge_crawl, merge_import, moved_edits, without_repeats
from crawler.records import FaqEntry

PAY = FaqEntry("pay", "How do I pay?", "By card.", url="https://shop.example/pay", source="details")
SHIP = FaqEntry("ship", "Do you ship?", "Yes.", url="https://shop.example/ship", source="headings")
OWN = FaqEntry("own", "Are you open?", "Daily.", source="import")
NEW = FaqEntry("new", "Anything new?", "This.", url="https://shop.example/new", source="dl")


def test_a_first_crawl_adds_everything() -> None:
    diff = merge_crawl([], [PAY, SHIP])

    assert (PAY, SHIP) == diff.added == diff.entries
    assert () == diff.changed == diff.removed == diff.kept


def test_a_crawl_adds_changes_removes_and_keeps() -> None:
    changed = replace(PAY, answer="By card or PayPal.")

    diff = merge_crawl([PAY, SHIP], [changed, NEW])

    assert ((NEW,), (changed,), (SHIP,), ()) == (diff.added, diff.changed, diff.removed, diff.kept)
    assert (changed, NEW) == diff.entries


def test_imported_entries_survive_a_crawl() -> None:
    diff = merge_crawl([OWN, PAY], [SHIP])

    assert (OWN, SHIP) == diff.entries
    assert (PAY,) == diff.removed
    assert (OWN,) == diff.kept


def test_entries_that_are_to_stay_survive_a_crawl() -> None:
    diff = merge_crawl([PAY, SHIP], [NEW], stays={SHIP.id})

    assert (SHIP, NEW) == diff.entries
    assert (PAY,) == diff.removed


def test_an_imported_entry_stands_though_a_crawl_finds_its_id() -> None:
    imported = replace(PAY, source="import", answer="Mine.")

    diff = merge_crawl([imported], [PAY])

    assert (imported,) == diff.entries == diff.kept


def test_entries_keep_their_places_and_new_ones_come_last() -> None:
    changed = replace(PAY, answer="By card or PayPal.")

    assert (changed, OWN, SHIP, NEW) == merge_crawl([PAY, OWN, SHIP], [NEW, SHIP, changed]).entries


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


def test_an_edited_entry_whose_source_changes_or_goes_is_named() -> None:
    changed = replace(PAY, answer="By card or PayPal.")
    diff = merge_crawl([PAY, SHIP, NEW], [changed, NEW])

    named = edited_changed(diff, [{"id": "pay", "answer": "Ask us."}, {"id": "ship", "hidden": True}, {"id": "new"}])

    assert (changed, SHIP) == named


SHOP = [FaqEntry(str(n), f"Question {n}?", f"Answer {n}.", url=f"https://shop.example/{n % 7}") for n in range(60)]
HACKED = "You have been hacked. Pay to this account."


def held(crawled: list[FaqEntry], old: list[FaqEntry] = SHOP, failed: int = 0, pages: int = 7) -> str:
    return held_back(merge_crawl(old, crawled), old, pages=pages, failed=failed)


@pytest.mark.parametrize("number", range(20))
def test_defacements_are_held_back(number: int) -> None:
    kinds = [
        [replace(e, answer=HACKED) if int(e.id) % 20 < 7 + number // 2 else e for e in SHOP],
        [replace(e, answer=f"{e.answer} {HACKED}") for e in SHOP[: 19 + number]] + SHOP[19 + number :],
        SHOP[19 + number :],
        [FaqEntry(f"x{n}", "Casino?", HACKED) for n in range(number + 1)],
    ]

    assert held(kinds[number % 4])


@pytest.mark.parametrize("number", range(20))
def test_normal_edits_are_not_held_back(number: int) -> None:
    kinds = [
        [replace(e, answer="A new price.") if int(e.id) == number else e for e in SHOP],
        SHOP[: 60 - number // 2],
        SHOP + [FaqEntry(f"new{n}", f"New {n}?", "New.") for n in range(10 * number)],
        [replace(e, section="Moved") if int(e.id) < 18 else e for e in SHOP],
    ]

    assert not held(kinds[number % 4])


@pytest.mark.parametrize(("touched", "expected"), [(9, False), (10, True)])
def test_a_few_entries_are_never_too_many(touched: int, expected: bool) -> None:
    assert expected == bool(held(SHOP[touched:20], SHOP[:20]))


@pytest.mark.parametrize(
    ("failed", "pages", "expected"), [(1, 5, False), (2, 5, True), (4, 4, False), (20, 100, False), (21, 100, True)]
)
def test_a_crawl_in_which_many_pages_fail_is_held_back(failed: int, pages: int, expected: bool) -> None:
    assert expected == bool(held(SHOP, failed=failed, pages=pages))


def test_a_first_crawl_is_never_held_back() -> None:
    assert not held(SHOP, [], failed=50, pages=100)


def test_entries_that_begin_to_go_count_and_those_expected_do_not() -> None:
    ids = [entry.id for entry in SHOP[:20]]
    gone, there = merge_crawl(SHOP, SHOP[20:]), merge_crawl(SHOP, SHOP)

    assert held_back(there, SHOP, pages=7, failed=0, going=ids)
    assert held_back(gone, SHOP, pages=7, failed=0)
    assert not held_back(gone, SHOP, pages=7, failed=0, expected=ids)


def test_a_site_that_moves_to_other_addresses_is_not_held_back() -> None:
    assert not held([replace(e, id=f"new{e.id}", url=e.url.replace("https", "http")) for e in SHOP])


def test_imported_entries_do_not_count() -> None:
    imported = [replace(entry, id=f"i{entry.id}", source="import") for entry in SHOP]

    assert held([], [*imported, *SHOP[:10]])


def test_what_another_page_says_too_is_published_once() -> None:
    one = FaqEntry("1", "如何退货？", "七天内联系客服，寄回商品即可。", "https://shop.example/a")
    again = FaqEntry("2", "1、如何退货？", "七天内联系客服，寄回商品即可！", "https://shop.example/b")
    other = FaqEntry("3", "如何退货？", "海外订单请先邮件联系我们，运费由买家承担。", "https://shop.example/c")
    notice = FaqEntry("4", "", "Need support? Write to us, we answer within a day.", "https://shop.example/a")
    notice_too = FaqEntry("5", "", "Need support? Write to us; we answer within a day.", "https://shop.example/b")

    assert [one, other, notice] == without_repeats([one, again, other, notice, notice_too])


def test_answers_that_differ_in_what_they_say_are_all_published() -> None:
    one = FaqEntry("1", "How long does it take?", "To Germany it takes two working days, and it costs 5 euros.")
    two = FaqEntry("2", "How long does it take?", "To France it takes six working days, and it costs 9 euros.")

    assert [one, two] == without_repeats([one, two])


def test_an_edit_goes_with_its_entry_to_another_address() -> None:
    there = replace(PAY, id="moved", url="https://shop.example/payment")
    diff = merge_crawl([PAY, SHIP], [there, SHIP])

    assert [{"id": "moved", "answer": "In gold."}] == moved_edits(
        diff, [{"id": "pay", "answer": "In gold."}, {"id": "ship"}]
    )
