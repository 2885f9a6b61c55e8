"""The errors of the user's side.

KefuError
└── UiError
    ├── BadSettings     kefu.toml, the environment or a site.json says something that cannot be
    ├── UnknownSite     a site name that is wrong or not there
    └── BadCall         a command or request that cannot be carried out as given
"""

from crawler.errors import KefuError


class UiError(KefuError):
    """Raised by commands and settings."""


class BadSettings(UiError):
    """Raised when a setting cannot be used."""


class UnknownSite(UiError):
    """Raised when a site name is wrong or no site has it."""


class BadCall(UiError):
    """Raised when what was asked for cannot be done as given."""
