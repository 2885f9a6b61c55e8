"""Shared fixtures. A test of a real part asks `real` for it: absent parts skip, or fail under KEFU_REQUIRE_REAL=1."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from index import catalogue, weights
from index.catalogue import DEFAULT_EMBEDDER, DEFAULT_GENERATOR
from index.embed import Embedder, fake_embedder, open_embedder
from index.errors import ModelUnavailable
from index.reader import Reader, open_reader
from ui.demo_site import serve_demo
from ui.publish import Watch
from ui.settings import Settings

# Read before any test hides the developer's own variables.
MODELS = Path(os.environ.get("KEFU_MODELS", "") or weights.default_folder())

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("kefu", deadline=None)
hypothesis.settings.load_profile("kefu")


def absent(reason: str) -> None:
    """Skip, saying why; under KEFU_REQUIRE_REAL=1 (CI) fail instead."""
    if os.environ.get("KEFU_REQUIRE_REAL") == "1":
        pytest.fail(f"a real part is required here: {reason}")
    pytest.skip(reason)


def real_model(name: str) -> Path:
    """The folder of the model cache with the named model in it; fetched only where real parts are required."""
    model = catalogue.find(name)
    assert model is not None
    if weights.installed(name, MODELS) is None and os.environ.get("KEFU_REQUIRE_REAL") != "1":
        pytest.skip(f"{name} is not installed; 'kefu models pull {name}' fetches it")
    try:
        weights.pull(model, MODELS)
    except ModelUnavailable as error:
        absent(str(error))
    return MODELS


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No KEFU_ variable of the developer's, and no kefu.toml or kefu-data of the current folder."""
    for name in [name for name in os.environ if name.startswith("KEFU_") and name != "KEFU_REQUIRE_REAL"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def real_embedder() -> Embedder:
    return open_embedder(DEFAULT_EMBEDDER, real_model(DEFAULT_EMBEDDER), "cpu")


@pytest.fixture(scope="session")
def real_reader() -> Reader:
    """The reader that ships; its body is the default embedder's."""
    reader = open_reader("", real_model(DEFAULT_EMBEDDER), "cpu")
    assert reader is not None
    return reader


@pytest.fixture(scope="session")
def real_generator_models() -> Path:
    """The model cache with both default models in it."""
    real_model(DEFAULT_EMBEDDER)
    return real_model(DEFAULT_GENERATOR)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, real_embedder: Embedder) -> Iterator[Settings]:
    """Settings of a data folder in which the demo shop has been crawled; the shop stays up."""
    from ui.cli.demo import crawl_demo

    settings = Settings(
        data=tmp_path_factory.mktemp("demo") / "kefu-data", models=MODELS, generator="quote", device="cpu"
    )
    shop = serve_demo(0)
    crawl_demo(settings, shop.server_port)
    yield settings
    shop.shutdown()
    shop.server_close()


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        absent("Debian's chromium is not installed")
    return str(found)


@pytest.fixture
def embedder() -> Embedder:
    """The fake one."""
    return fake_embedder()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


@pytest.fixture
def watch(embedder: Embedder) -> Watch:
    """Shows nothing, and embeds with the fake embedder."""
    return Watch(lambda visit, ahead: None, lambda done, total: None, lambda: embedder)
