"""A test of a site as one page of HTML that loads nothing and runs nothing. All text of the site and of visitors is escaped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from chatbot.marks import Figures, Outcome, Tally, worst
from crawler.records import write_text_atomically
from index.refit import Rate
from ui import pictures
from ui.errors import BadCall
from ui.exam import Compared, Run
from ui.golden import Held
from ui.report_texts import TEXTS

PAGE = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
# (key, what is put into the text) -> the text as HTML
Say = Callable[..., str]
MISTAKES = ("false_answers", "false_answers_far", "wrong_answers", "false_refusals", "only_suggested")
COMPARED = (
    *("false_answers", "false_answers_far"),
    *("right", "wrong_answers", "only_suggested", "false_refusals", "right_across"),
)
KINDS_TOLD = ("known", "paraphrase", "translated", "hidden", "far")


def ready(folder: Path) -> None:
    """Make a folder for a report, before the long work that it is to tell of.

    Raises:
        BadCall: it cannot be written.

    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


def write_report(run: Run, folder: Path, language: str | None = None) -> Path:
    """Write `index.html` into a folder, in a language or that of most entries. Returns its path."""
    path = folder / "index.html"
    with _writing(folder):
        write_text_atomically(path, page(run, language or run.language))
    return path


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadCall(f"{folder} cannot be written ({error.strerror or error}). Give another folder") from error


def page(run: Run, language: str) -> str:
    """The whole page."""
    say = partial(_say, TEXTS[language])
    title = say("title", name=run.site.names.get(language) or next(iter(run.site.names.values()), run.site.name))
    parts = (
        _head(run, say, title),
        _golden(run, say),
        _compared(run, run.compared, say) if run.compared else "",
        _pictures(run.figures, say),
        _worst(run, say),
        _numbers(run.figures, say),
        _method(run, say),
    )
    style = files("ui").joinpath("static/report.css").read_text("utf-8")
    return PAGE.format(lang=say("lang"), title=title, style=style, body="\n".join(filter(None, parts)))


def _say(texts: Mapping[str, str], key: str, **values: object) -> str:
    """One text as HTML, with what is put into it escaped."""
    text = escape(texts[key])
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", escape(str(value)))
    return text


def _head(run: Run, say: Say, title: str) -> str:
    rates = run.figures.rates
    lead = []
    if (near := rates["false_answers"]).total:
        low, high = (_hundred(end) for end in near.interval)
        lead.append(say("lead_near", share=_hundred(_share(near)), low=low, high=high))
    if rates["right"].total:
        keys = {"right": "right", "wrong": "wrong_answers", "suggested": "only_suggested", "refused": "false_refusals"}
        lead.append(say("lead_known", **{name: _hundred(_share(rates[key])) for name, key in keys.items()}))
    if (across := rates["right_across"]).total:
        lead.append(say("lead_across", right=_hundred(_share(across))))
    if any(tally.kind == "hidden" for tally in run.figures.tallies):
        note = f'<p class="quiet">{say("lead_note")}</p>'
    else:
        note = ""
    tested = say("tested", at=f"{run.at:%Y-%m-%d %H:%M}", questions=len(run.outcomes), snapshot=run.snapshot)
    generator = run.models["generator"]
    written = say("written_quote") if generator == "quote" else say("written_model", generator=generator)
    sentences = "".join(f"<p>{sentence}</p>" for sentence in lead)
    return f'<h1>{title}</h1>\n<p class="quiet">{tested}{written}</p>\n<div class="lead">{sentences}</div>\n{note}'


def _golden(run: Run, say: Say) -> str:
    if not run.held:
        return ""
    counts = {"total": len(run.held), "broke": len(run.broken)}
    said = say("golden_broke" if run.broken else "golden_held", **counts)
    rows = "".join(_broken(one, say) for one in run.broken)
    box = f'<div class="box{" alert" if run.broken else ""}">{said}</div>'
    return f"<h2>{say('golden')}</h2>\n{box}" + (f'<ol class="cases">{rows}</ol>' if rows else "")


def _broken(one: Held, say: Say) -> str:
    return f"<li>{_asked(one.outcome, say)}{_places(one.outcome, say)}<p>{say(f'broke_{one.broke}')}</p></li>"


def _compared(run: Run, compared: Compared, say: Say) -> str:
    lead = say("compared_lead", total=len(compared.pairs), changed=len(compared.changed))
    lead += say("compared_apart", apart=compared.apart) if compared.apart else ""
    was, now = compared.figures.rates, run.figures.rates
    rows = "".join(
        f"<tr><td>{say(key)}</td>{_cell(was[key])}{_cell(now[key])}</tr>" for key in COMPARED if now[key].total
    )
    head = "".join(
        f"<th>{text}</th>" for text in ("", say("was", older=compared.older), say("now", newer=run.snapshot))
    )
    changed = "".join(
        f"<li>{_asked(new, say)}<p>{say('change', old=_result(old, say), new=_result(new, say))}</p>{_places(new, say)}</li>"
        for old, new in compared.changed
    )
    return (
        f"<h2>{say('compared', older=compared.older)}</h2>\n<p>{lead}</p>\n"
        f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>\n<ol class="cases">{changed}</ol>'
    )


def _result(one: Outcome, say: Say) -> str:
    return unescape(say(f"result_{one.result}"))


def _pictures(found: Figures, say: Say) -> str:
    def plain(key: str, **values: object) -> str:
        return unescape(say(key, **values))

    drawn = []
    mistakes = {plain(key): found.rates[key] for key in MISTAKES if found.rates[key].total}
    if mistakes:
        drawn.append(_figure("mistakes", pictures.rates_svg(mistakes), say))
    bands = {band: worth for band, worth in found.bands.items() if worth}
    if bands:
        named = {
            plain("band_count", band=plain(f"band_{band}"), count=worth.total()): worth for band, worth in bands.items()
        }
        key = "".join(f'<span><i class="{worth}"></i>{say(worth)}</span>' for worth in ("good", "bad", "idle"))
        drawn.append(_figure("by_band", pictures.bands_svg(named), say, key))
    if found.bins:
        svg = pictures.reliability_svg(found.bins, plain("probability"), plain("share_right"))
        drawn.append(_figure("reliability", svg, say, error=f"{found.calibration_error:.2f}"))
    if curve := found.curve:
        svg = pictures.curve_svg(curve.roc, plain("false_positive"), plain("true_positive"), chance=True)
        drawn.append(_figure("roc", svg, say, area=f"{curve.roc_area:.3f}"))
        svg = pictures.curve_svg(curve.precision_recall, plain("recall"), plain("precise"), chance=False)
        drawn.append(_figure("precision", svg, say, area=f"{curve.average_precision:.3f}"))
    if found.latency:
        timed = {
            plain("band_ms", band=plain(f"band_{band}"), p50=f"{one.p50:,.0f}", p95=f"{one.p95:,.0f}"): one
            for band, one in found.latency.items()
        }
        drawn.append(_figure("latency", pictures.latency_svg(timed, plain("ms")), say))
    return f'<h2>{say("pictures")}</h2>\n<div class="pictures">\n' + "\n".join(drawn) + "\n</div>"


def _figure(key: str, svg: str, say: Say, legend: str = "", **values: object) -> str:
    note = say(f"{key}_note", **values)
    shown = f'<div class="key">{legend}</div>' if legend else ""
    return (
        f'<figure><h3>{say(key)}</h3><div role="img" aria-label="{say(key)}">{svg}</div>{shown}'
        f"<figcaption>{note}</figcaption></figure>"
    )


def _worst(run: Run, say: Say) -> str:
    bands = {"generate": f"{run.site.bands.generate:.2f}", "direct": f"{run.site.bands.direct:.2f}"}
    lists = [
        f"<h3>{say(f'worst_{key}')}</h3>\n<p>{say(f'do_{key}', **bands)}</p>\n{_cases(ones, say)}"
        for key, ones in worst(run.outcomes).items()
        if ones
    ]
    return f"<h2>{say('worst')}</h2>\n" + ("\n".join(lists) or f'<p class="quiet">{say("none")}</p>')


def _cases(ones: Sequence[Outcome], say: Say) -> str:
    rows = "".join(f"<li>{_asked(one, say)}{_places(one, say)}</li>\n" for one in ones)
    return f'<ol class="cases">{rows}</ol>'


def _asked(one: Outcome, say: Say) -> str:
    sure = one.answer.probability
    said = say("unsearched") if sure is None else say("sure", probability=f"{sure:.0%}")
    return f'<div class="asked">{escape(one.question.text)} <span class="sure">{said}</span></div>'


def _places(one: Outcome, say: Say) -> str:
    """The entries that a case is about, with links to them."""
    of = one.question.of
    left_out = of if of and one.question.without else None
    rows = [
        *((say("cited"), citation.question, citation.url) for citation in one.answer.citations),
        *((say("wanted"), entry.title, entry.link) for entry in one.wanted[:1]),
        *((say("hidden_entry"), entry.title, entry.link) for entry in (left_out,) if entry),
    ]
    return "<dl>" + "".join(f"<dt>{label}</dt><dd>{_link(title, url)}</dd>" for label, title, url in rows) + "</dl>"


def _link(title: str, url: str) -> str:
    """A link where it leads to a page; else the title only."""
    if urlsplit(url).scheme not in ("http", "https"):
        return escape(title)
    return f'<a href="{escape(url)}" rel="noopener noreferrer">{escape(title)}</a>'


def _numbers(found: Figures, say: Say) -> str:
    columns = ("kind", "asked", "correct", "mistaken", "chips", "no")
    head = "".join(f"<th>{say(column)}</th>" for column in columns)
    rows = "".join(_row(tally, say) for tally in found.tallies)
    return f'<h2>{say("numbers")}</h2>\n<div class="wide"><table><tr>{head}</tr>{rows}</table></div>\n<p class="quiet">{say("interval_note")}</p>'


def _row(tally: Tally, say: Say) -> str:
    label = say(tally.kind if tally.answerable or tally.kind != "given" else "given_nothing")
    right = _cell(tally.rate("right")) if tally.answerable else "<td>–</td>"
    wrong = _cell(tally.rate("wrong" if tally.answerable else "answered"), bad=True)
    refused = _cell(tally.rate("refused"), bad=tally.answerable)
    return f"<tr><td>{label}</td><td>{tally.results.total()}</td>{right}{wrong}{_cell(tally.rate('suggested'))}{refused}</tr>"


def _cell(rate: Rate, bad: bool = False) -> str:
    if not rate.total:
        return "<td>–</td>"
    low, high = rate.interval
    mark = ' class="bad"' if bad and rate.count else ""
    return f"<td{mark}><b>{_share(rate):.0%}</b><small>{100 * low:.0f}–{high:.0%}</small></td>"


def _method(run: Run, say: Say) -> str:
    kinds = {tally.kind for tally in run.figures.tallies}
    told = "".join(f"<li>{say(f'method_{kind}')}</li>" for kind in KINDS_TOLD if kind in kinds)
    reader = run.models["reader"]
    settings = say(
        "settings",
        **{name: f"{value:.2f}" for name, value in run.site.bands.model_dump().items()},
        embedder=run.models["embedder"],
        reader=unescape(say(reader)) if reader in ("default", "off") else reader,
    )
    command = f"<code>kefu eval --site {escape(run.site.name)} --report …</code>"
    listed = f"<ul>{told}</ul>" if told else ""
    return f'<h2>{say("method")}</h2>\n{listed}<p class="quiet">{settings} {say("again")}{command}</p>'


def _share(rate: Rate) -> float:
    return rate.count / rate.total


def _hundred(share: float) -> int:
    return round(100 * share)
