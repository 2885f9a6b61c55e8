"""What is shipped: the wheel holds our four packages with demo site and widget, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ui.demo_site import demo_folder

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow_process
def test_the_wheel_holds_the_packages_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)

    wheel = zipfile.ZipFile(next(tmp_path.glob("kefu-*.whl")))
    names = wheel.namelist()

    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"crawler", "index", "chatbot", "ui"}
    assert {"ui/demo/zh/payment.html", "ui/demo/robots.txt", "ui/static/widget.js", "chatbot/prompts/zh.txt"} <= set(
        names
    )
    assert {"index/calibration.json", "index/questions.json", "index/reader.safetensors"} <= set(names)
    assert wheel.getinfo("index/reader.safetensors").file_size <= 8_000_000
    assert [name for name in names if "test" in name or name.endswith(".pyc")] == []


def test_the_demo_site_is_found() -> None:
    assert (demo_folder() / "zh" / "returns.html").is_file()


@pytest.mark.slow_process
@pytest.mark.parametrize("package", ["crawler", "index"])
def test_a_package_of_the_same_name_is_said(tmp_path: Path, package: str) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("")
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; from ui.cli import main; main(['status'])"

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=False)

    assert run.returncode == 1
    assert f"called '{package}' (in {tmp_path / package}) and hides Kefu's" in run.stderr
    assert run.stderr.count("\n") == 1
