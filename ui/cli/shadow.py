"""Our four packages have plain names: says so when another distribution stands in front of one. Standard library only."""

from importlib.util import find_spec
from pathlib import Path

# One module of each package that nobody else's package of that name is likely to have.
OURS = ("crawler.records", "index.passage", "chatbot.messages", "ui.settings")


def hidden_package() -> str:
    """Which of our packages is hidden by another, and what to do; "" when none is."""
    home = Path(__file__).resolve().parents[2]
    for module in OURS:
        package = module.partition(".")[0]
        try:
            spec = find_spec(module)
        except ImportError:
            spec = None
        if spec is None or not spec.origin or Path(spec.origin).resolve().parents[1] != home:
            return (
                f"another installed package is called '{package}' (in {_where(package)}) and hides Kefu's. "
                "Install Kefu alone: 'pipx install kefu', or into a virtual environment of its own"
            )
    return ""


def _where(package: str) -> str:
    spec = find_spec(package)
    return str(Path(spec.origin).resolve().parent) if spec and spec.origin else "an unknown folder"
