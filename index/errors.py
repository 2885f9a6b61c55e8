"""The errors of the index.

KefuError
└── IndexFailure
    ├── ModelUnavailable   a named model is not in the cache and no source gives it
    ├── SnapshotMissing    the site has no published index yet
    ├── SnapshotDamaged    a file of the snapshot is not what the manifest says
    └── SnapshotMismatch   the snapshot was made by another embedder
"""

from crawler.errors import KefuError


class IndexFailure(KefuError):
    """Raised while building, opening or searching an index."""


class ModelUnavailable(IndexFailure):
    """Raised when a model cannot be had."""


class SnapshotMissing(IndexFailure):
    """Raised when a site has no published index."""


class SnapshotDamaged(IndexFailure):
    """Raised when a snapshot's files do not agree with its manifest."""


class SnapshotMismatch(IndexFailure):
    """Raised when a snapshot belongs to another embedder than the one in use."""
