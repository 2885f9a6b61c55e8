"""Every command, option and setting is in the README or docs; and the README's examples name real commands."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ui.cli.run import app
from ui.settings import Settings, Site

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md")))
REFERENCES = {
    language: (ROOT / "docs" / name).read_text("utf-8")
    for language, name in (("en", "reference.md"), ("zh", "reference.zh.md"))
}
DOCS = "\n".join(path.read_text("utf-8") for path in PAGES)


def commands() -> dict[str, Any]:
    found = {}

    def walk(prefix: str, command: Any) -> None:
        for name, inner in getattr(command, "commands", {}).items():
            found[f"{prefix} {name}"] = inner
            walk(f"{prefix} {name}", inner)

    walk("kefu", typer.main.get_command(app))
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_documented_and_has_help(name: str, language: str) -> None:
    assert f"`{name}" in REFERENCES[language]
    assert commands()[name].help


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_is_documented(name: str, language: str) -> None:
    options = {opt for param in commands()[name].params for opt in param.opts if opt.startswith("--")} - {"--help"}

    missing = {option for option in options if option not in REFERENCES[language]}

    assert missing == set()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str, language: str) -> None:
    assert f"`{name}`" in REFERENCES[language]
    assert Settings.model_fields[name].description


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(Site.model_fields))
def test_every_site_setting_is_documented(name: str, language: str) -> None:
    assert f"`{name}`" in REFERENCES[language]


def test_documented_commands_exist() -> None:
    named = set(re.findall(r"`kefu ([a-z]+)", DOCS))

    assert named <= {name.split()[1] for name in commands()}


def test_documents_name_files_that_exist() -> None:
    for path in PAGES:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
