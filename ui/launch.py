"""What commands share: settings to embedder, generator, memory and bot. Fetches the embedder when it is missing."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from safetensors import SafetensorError

from chatbot.bands import Bands
from chatbot.bot import Bot
from chatbot.errors import GeneratorUnavailable
from chatbot.generators import QUOTE, Generator, Weigh, open_generator
from chatbot.intents import OWN, Classifier, as_question, classify_with, digest_of, load_classifier, shipped, with_own
from chatbot.links import host_of
from chatbot.memory import Memory, open_memory
from chatbot.privacy import mask
from chatbot.route import Reply
from chatbot.texts import Texts
from index import catalogue, weights
from index.calibrate import Calibration, load_calibration
from index.catalogue import DEFAULT_GENERATOR, Model
from index.embed import Embedder, open_embedder
from index.errors import IndexFailure
from index.hybrid import Index, latest
from index.reader import Reader, open_reader
from index.refit import CALIBRATION, for_site
from ui.settings import Settings, Site, site_folder

log = logging.getLogger(__name__)

# (model) -> a context that gives the progress callback of its download
ShowDownload = Callable[[Model], AbstractContextManager[Callable[[int], None]]]
Say = Callable[[str], None]


def embedder_for(settings: Settings, show: ShowDownload, say: Say) -> Embedder:
    """The embedder of the settings; one of the catalogue is fetched when it is missing."""
    known = catalogue.find(settings.embedder)
    if known and not weights.installed(known.name, settings.models):
        fetch_model(known, settings.models, show, say)
    return open_embedder(settings.embedder, settings.models, settings.device)


def fetch_model(model: Model, models: Path, show: ShowDownload, say: Say) -> Path:
    """Fetch a model with its size and licence said first and its progress shown."""
    say(f"fetching {model.name}: {model.size_bytes / 1e6:,.0f} MB, {model.publisher}, licence {model.licence}")
    with show(model) as progress:
        return weights.pull(model, models, progress=progress, say=say)


def generator_for(settings: Settings, say: Say) -> Generator:
    """The generator of the settings. Without a name, the default model when installed, else `quote`, and it is said."""
    if settings.verify == "off":
        say("KEFU_VERIFY is off: what the generator writes is shown unchecked")
    if settings.generator:
        return open_generator(
            settings.generator,
            settings.models,
            device=settings.device,
            threads=settings.threads,
            key=settings.generator_key.get_secret_value(),
        )
    if weights.installed(DEFAULT_GENERATOR, settings.models):
        return open_generator(DEFAULT_GENERATOR, settings.models, device=settings.device, threads=settings.threads)
    say(f"no generator installed: published answers are quoted. 'kefu models pull {DEFAULT_GENERATOR}' fetches one")
    return QUOTE


def index_for(settings: Settings, site: str, embedder: Embedder) -> Callable[[], Index]:
    """The published index of a site, read anew after each publish."""
    folder, reader = site_folder(settings, site), open_reader(settings.reader, settings.models, settings.device)
    return latest(
        folder, lambda: Index.open(folder, embedder, calibration_for(settings, folder, embedder, reader), reader)
    )


def calibration_for(settings: Settings, folder: Path, embedder: Embedder, reader: Reader | None) -> Calibration:
    """The calibration that the settings name, or a site's own, or the one that ships."""
    shipped, own = load_calibration(settings.calibration), folder / CALIBRATION
    if shipped.embedder not in ("", embedder.digest):
        log.warning("the probability was fitted with another embedder than %s: its level may be off", embedder.name)
    if not settings.calibration and own.exists():
        try:
            found = load_calibration(own)
        except IndexFailure:
            log.warning(
                "%s cannot be read, so the one that ships is used. Run 'kefu calibrate --site %s'", own, folder.name
            )
            return shipped
        if found == replace(for_site(shipped, embedder, reader), shift=found.shift):
            return found
        log.warning(
            "%s was fitted with another embedder, reader or version. Run 'kefu calibrate --site %s'", own, folder.name
        )
    return shipped


def bot_for(settings: Settings, site: Site, embedder: Embedder, generator: Generator) -> Bot:
    """The bot of a site."""
    index = index_for(settings, site.name, embedder)
    index()
    bands = Bands(**site.bands.model_dump())
    classifier = classifier_for(settings, site, embedder)
    classify = classify_with(classifier, embedder) if classifier else as_question
    replies = {name: Reply(intent.reply, intent.action) for name, intent in site.intents.items()}
    own = (*site.origins, *site.crawl.seeds, site.contacts.get("url", ""))
    hosts = frozenset(host_of(url) for url in own) - {""}
    return Bot(index, generator, bands, texts_for(site), classify, replies, hosts, verify=settings.verify == "on")


def classifier_for(settings: Settings, site: Site | None, embedder: Embedder) -> Classifier | None:
    """What tells a site's messages apart: its own where it has learned one, else the one that ships; None with another embedder."""
    own = site_folder(settings, site.name) / OWN if site else None
    if site and own and own.exists():
        try:
            found = load_classifier(own)
            wanted = digest_of(with_own({name: intent.examples for name, intent in site.intents.items()}))
            if (found.embedder, found.learned_from) == (embedder.digest, wanted):
                return found
        except (OSError, ValueError, KeyError, SafetensorError):
            pass
    if site and (site.intents or (own and own.exists())):
        log.warning(
            "the intents of %s are not learned as they are now. Run 'kefu intents train --site %s'",
            site.name,
            site.name,
        )
    return shipped() if shipped().embedder == embedder.digest else None


def judge_for(settings: Settings, show: ShowDownload, say: Say) -> Weigh:
    """What judges claims: the generator of the settings, or the default one, which is fetched when it is missing.

    Raises:
        GeneratorUnavailable: it cannot be loaded, or quotes only.

    """
    model = catalogue.find(DEFAULT_GENERATOR)
    if not settings.generator and model and not weights.installed(model.name, settings.models):
        fetch_model(model, settings.models, show, say)
    generator = generator_for(settings, say)
    weigh = generator.weigh
    if weigh is None:
        raise GeneratorUnavailable(
            f"the generator {settings.generator} cannot judge. Leave KEFU_GENERATOR empty, or name a model"
        )
    return _masking(weigh) if generator.remote else weigh


def _masking(weigh: Weigh) -> Weigh:
    """Of what leaves the machine, personal data is left out, in a claim as in its sources."""
    return lambda prompt: weigh(
        replace(prompt, messages=tuple(replace(message, content=mask(message.content)) for message in prompt.messages))
    )


def texts_for(site: Site) -> Texts:
    """The fixed sentences of a site."""
    host = urlsplit(site.crawl.seeds[0]).hostname if site.crawl.seeds else None
    names = site.names or {"zh": host or "本站", "en": host or "this site"}
    return Texts(names, site.contacts, site.hours, site.texts, site.timezone)


def memory_for(settings: Settings) -> Memory:
    """The stored conversations."""
    settings.data.mkdir(parents=True, exist_ok=True)
    return open_memory(settings.database_url)
