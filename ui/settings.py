"""`Settings` of the process and `Site`, the settings of one site. The only module that reads the environment.

Order: command line, environment (KEFU_…), kefu.toml in the current folder, defaults. An unknown key is an error.
"""

import json
import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from crawler.frontier import CrawlPolicy
from crawler.records import write_text_atomically
from index.catalogue import DEFAULT_EMBEDDER
from index.weights import default_folder
from ui.errors import BadSettings, UnknownSite

SITE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Read by the test suite, not by Kefu.
TEST_VARIABLES = {"KEFU_REQUIRE_REAL"}


class Settings(BaseSettings):
    """What belongs to the process."""

    model_config = SettingsConfigDict(env_prefix="KEFU_", toml_file="kefu.toml", extra="forbid", frozen=True)

    data: Path = Field(Path("kefu-data"), description="folder of sites and conversations")
    models: Path = Field(default_factory=default_folder, description="folder of model files")
    embedder: str = Field(DEFAULT_EMBEDDER, min_length=1, description="catalogue name, hub id or folder")
    reader: str = Field(
        "", description="empty: the reader that ships; off; or a cross-encoder that reranks, by hub id or folder"
    )
    generator: str = Field(
        "",
        description="quote, a catalogue name, llamacpp:FILE, local:NAME, openai:MODEL@URL; empty: the default model if installed, else quote",
    )
    generator_key: SecretStr = Field(SecretStr(""), description="API key of the server that openai:… names")
    verify: Literal["on", "off"] = Field(
        "on", description="off shows what a generator writes unchecked, to measure what the check is worth"
    )
    device: str = Field("", description="cpu, cuda or mps for torch; empty: the best there is")
    threads: Annotated[int, Field(ge=0)] = Field(
        0, description="threads of the CPU generator; 0: one for each processor"
    )
    store: str = Field("faiss", description="vector store")
    calibration: Path | None = Field(None, description="file with another calibration than the one that ships")
    database: SecretStr = Field(
        SecretStr(""), description="SQLAlchemy URL of the conversations; empty: SQLite in the data folder"
    )
    host: str = Field("127.0.0.1", min_length=1, description="address that the server listens on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8765, description="port that the server listens on")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="DEBUG, INFO, WARNING or ERROR"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, environment, kefu.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def database_url(self) -> str:
        """The URL that conversations are stored under."""
        return self.database.get_secret_value() or f"sqlite:///{self.data / 'kefu.sqlite3'}"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CrawlSettings(_Part):
    """How a site is crawled; what `kefu crawl --site NAME` uses again."""

    seeds: tuple[str, ...] = ()
    max_pages: Annotated[int, Field(ge=1)] = 2000
    max_depth: Annotated[int, Field(ge=0)] = 5
    max_variants: Annotated[int, Field(ge=1)] = 50
    max_mib: Annotated[int, Field(ge=1)] = 200
    max_minutes: Annotated[int, Field(ge=1)] = 120
    delay_s: Annotated[float, Field(ge=0, le=3600)] = 1.0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    allow_hosts: tuple[str, ...] = ()
    contact: str = ""

    @property
    def policy(self) -> CrawlPolicy:
        """What the crawler is told."""
        told = {field.name for field in fields(CrawlPolicy)} & set(CrawlSettings.model_fields)
        return CrawlPolicy(**{name: getattr(self, name) for name in told})


class BandSettings(_Part):
    """The lowest probability of each band."""

    direct: float = 0.80
    generate: float = 0.60
    suggest: float = 0.30


def _timezone(name: str) -> str:
    if name and name not in available_timezones():
        raise ValueError(f"'{name}' is no time zone; write for example Asia/Shanghai or Europe/Berlin")
    return name


class OwnIntent(_Part):
    """A kind of message of a site's own: how visitors say it, and what to say or do."""

    examples: tuple[str, ...]
    reply: dict[str, str] = Field(default_factory=dict, description="what to say, by language")
    action: Literal["reply", "handoff", "search"] = "reply"


class Site(_Part):
    """What belongs to one site: `sites/NAME/site.json`."""

    name: str
    names: dict[str, str] = Field(default_factory=dict, description="the shop's name by language")
    crawl: CrawlSettings = CrawlSettings()
    contacts: dict[str, str] = Field(default_factory=dict, description="email, phone, url")
    hours: dict[str, str] = Field(default_factory=dict, description="business hours by language")
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="", description="IANA name of the time zone of the hours, for example Asia/Shanghai"
    )
    texts: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="sentences to say instead of the built-in ones"
    )
    origins: tuple[str, ...] = Field(default=(), description="web origins that may embed the widget")
    bands: BandSettings = BandSettings()
    intents: dict[str, OwnIntent] = Field(
        default_factory=dict, description="kinds of messages of the site's own, by name"
    )


def read_settings(**given: Any) -> Settings:
    """The settings of this process; `given` are the command line's, None where it says nothing.

    Raises:
        BadSettings: naming the key and where it stands.

    """
    if unknown := [name for name in os.environ if name.startswith("KEFU_") and not _known_variable(name)]:
        raise BadSettings(f"unknown variable {unknown[0]}. 'kefu config' lists those there are")
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise BadSettings(
            f"setting {key}: {first['msg']} (KEFU_{key.upper()} or kefu.toml). 'kefu config' lists what there is"
        ) from error
    except (OSError, ValueError) as error:
        raise BadSettings(f"kefu.toml cannot be read: {error}") from error


def _known_variable(name: str) -> bool:
    return name in TEST_VARIABLES or name.removeprefix("KEFU_").lower() in Settings.model_fields


def site_folder(settings: Settings, name: str) -> Path:
    """Folder of a site, whether it exists or not.

    Raises:
        UnknownSite: the name is not made of a–z, 0–9 and hyphens.

    """
    if not SITE_NAME.fullmatch(name):
        raise UnknownSite(f"'{name}' is no site name. Use a–z, 0–9 and hyphens, for example my-shop")
    return settings.data / "sites" / name


def site_names(settings: Settings) -> list[str]:
    """Every site there is."""
    folder = settings.data / "sites"
    return sorted(path.parent.name for path in folder.glob("*/site.json")) if folder.is_dir() else []


def chosen_site(settings: Settings, name: str | None) -> str:
    """The site that is meant: the one named, or the only one there is.

    Raises:
        UnknownSite: there is no such site, or the choice is open.

    """
    names = site_names(settings)
    if name is None:
        if len(names) == 1:
            return names[0]
        there = (
            f"There are: {', '.join(names)}"
            if names
            else f"There is none in {settings.data}; run 'kefu crawl URL' first"
        )
        raise UnknownSite(f"name the site with --site. {there}")
    site_folder(settings, name)
    if name not in names:
        there = f"There are: {', '.join(names)}" if names else "There is none yet; run 'kefu crawl URL' first"
        raise UnknownSite(f"there is no site '{name}' in {settings.data}. {there}")
    return name


def read_site(settings: Settings, name: str) -> Site:
    """The settings of a site; the defaults where it has none yet.

    Raises:
        BadSettings: site.json is not what it should be.

    """
    path = site_folder(settings, name) / "site.json"
    if not path.exists():
        return Site(name=name)
    try:
        site = Site.model_validate(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        where = ".".join(map(str, error.errors()[0]["loc"])) if isinstance(error, ValidationError) else ""
        raise BadSettings(f"{path}: {where} {reason}. Mend or remove the line") from error
    if site.name != name:
        raise BadSettings(f'{path}: it calls itself \'{site.name}\'. Write {{"name": "{name}"}} there')
    return site


def write_site(settings: Settings, site: Site) -> None:
    """Store the settings of a site."""
    # Only what was set: a default that a later version improves must reach this site too.
    text = json.dumps(site.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False, indent=1)
    write_text_atomically(site_folder(settings, site.name) / "site.json", text + "\n")
