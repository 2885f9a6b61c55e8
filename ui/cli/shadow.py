"""Our four packages have plain names: says so when another distribution stands in front of one. Imports nothing heavy."""

from importlib.util import find_spec
from pathlib import Path

from ui.errors import BadCall

# One module of each package that nobody else's package of that name is likely to have.
OURS = ("crawler.records", "index.passage", "chatbot.messages", "ui.settings")


def check_shadowing() -> None:
    """Raise BadCall when one of our packages is not ours.

    Raises:
        BadCall: naming the package and where the other one lies.

    """
    home = Path(__file__).resolve().parents[2]
    for module in OURS:
        package = module.partition(".")[0]
        try:
            spec = find_spec(module)
        except ModuleNotFoundError:
            spec = None
        where = Path(spec.origin).resolve().parents[1] if spec and spec.origin else _where(package)
        if spec is None or where != home:
            raise BadCall(
                f"another installed package is called '{package}' (in {where}) and hides Kefu's. "
                "Install Kefu alone: 'pipx install kefu', or into a virtual environment of its own"
            )


def _where(package: str) -> Path:
    spec = find_spec(package)
    return Path(spec.origin).resolve().parent if spec and spec.origin else Path("an unknown folder")
