"""The fixed sentences: what is configured, in the visitor's language."""

from datetime import UTC, datetime

import pytest

from chatbot.texts import BUILT_IN, Texts
from ui.errors import BadSettings
from ui.settings import Settings, Site, read_site, write_site

# A Wednesday in London, still Tuesday in Hawaii.
NOW = datetime(2026, 11, 25, 6, 5, tzinfo=UTC)
HOURS = {"zh": "周一至周五 9:00–18:00", "en": "Mon–Fri 9:00–18:00"}


def texts(timezone: str, hours: dict[str, str] = HOURS) -> Texts:
    return Texts({"en": "Acme", "zh": "爱客"}, {"phone": "400-800-1234"}, hours, timezone=timezone, now=lambda: NOW)


@pytest.mark.parametrize(
    ("timezone", "language", "said"),
    [
        ("Asia/Shanghai", "zh", "（服务时间：周一至周五 9:00–18:00；当地现在是周三 14:05）。"),
        ("Asia/Shanghai", "en", " (hours: Mon–Fri 9:00–18:00; it is now Wed 14:05 there)."),
        ("Pacific/Honolulu", "en", " (hours: Mon–Fri 9:00–18:00; it is now Tue 20:05 there)."),
        ("", "zh", "（服务时间：周一至周五 9:00–18:00）。"),
        ("", "en", " (hours: Mon–Fri 9:00–18:00)."),
    ],
)
def test_hours_say_what_time_it_is_there(timezone: str, language: str, said: str) -> None:
    assert texts(timezone).say("handoff", language).endswith(said)


def test_no_hours_are_made_up() -> None:
    assert "14:05" not in texts("Asia/Shanghai", {}).say("handoff", "en")


def test_every_sentence_exists_in_both_languages() -> None:
    chinese, english = BUILT_IN["zh"], BUILT_IN["en"]

    assert chinese.keys() == english.keys()
    for key, text in english.items():
        assert ("{contact}" in text) == ("{contact}" in chinese[key]), key


def test_a_time_zone_that_is_none_is_said(settings: Settings) -> None:
    write_site(settings, Site(name="shop", timezone="Asia/Shanghai"))
    path = settings.data / "sites" / "shop" / "site.json"
    assert read_site(settings, "shop").timezone == "Asia/Shanghai"
    path.write_text(path.read_text("utf-8").replace("Asia/Shanghai", "Beijing"), "utf-8")

    with pytest.raises(BadSettings, match="'Beijing' is no time zone"):
        read_site(settings, "shop")
