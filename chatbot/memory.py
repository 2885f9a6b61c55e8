"""Conversations, ratings and gaps in a database (SQLAlchemy; SQLite unless a URL says otherwise). Texts come in masked."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from chatbot.errors import MemoryFailed
from chatbot.messages import Answer, Citation, Conversation, Message
from chatbot.privacy import mask

MAX_TURNS = 10
schema = MetaData()
conversations = Table(
    "conversations",
    schema,
    Column("id", String(64), primary_key=True),  # SHA-256 of the visitor's token: reading the database gives no token
    Column("site", String(64), nullable=False, index=True),
    Column("started_at", String(32), nullable=False),
)
turns = Table(
    "turns",
    schema,
    Column("id", Integer, primary_key=True),
    Column("conversation", ForeignKey("conversations.id"), nullable=False, index=True),
    Column("asked_at", String(32), nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("generator", String(200), nullable=False),
    Column("probability", Float),
    Column("citations", Text, nullable=False),
    Column("rating", Integer),  # 1 up, −1 down
    Column("note", Text),
)


@dataclass(frozen=True)
class Gap:
    """A question that found no answer."""

    question: str
    probability: float
    asked_at: str


@dataclass(frozen=True)
class Rated:
    """A question whose answer a visitor found good: the one before it in the conversation, "" for the first, and what was cited."""

    question: str
    before: str
    citations: tuple[Citation, ...]
    asked_at: str


class Memory:
    """The stored conversations of all sites. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, site: str) -> Conversation:
        """A new conversation with a token of 256 random bits."""
        token = secrets.token_urlsafe(32)
        self._write(insert(conversations).values(id=_id(token), site=site, started_at=_now()))
        return Conversation(token)

    def load(self, token: str, site: str) -> Conversation | None:
        """What was said under a token on a site, the last turns only; None for an unknown token."""
        found = select(conversations.c.id).where(conversations.c.id == _id(token), conversations.c.site == site)
        said = (
            select(turns.c.question, turns.c.answer)
            .where(turns.c.conversation == _id(token))
            .order_by(turns.c.id.desc())
            .limit(MAX_TURNS)
        )
        try:
            with self._engine.connect() as connection:
                if connection.execute(found).first() is None:
                    return None
                rows = connection.execute(said).all()
        except SQLAlchemyError as error:
            raise MemoryFailed(_failed(error)) from error
        messages = [
            m for row in reversed(rows) for m in (Message("user", row.question), Message("assistant", row.answer))
        ]
        return Conversation(token, tuple(messages))

    def record(self, token: str, question: str, answer: Answer) -> int:
        """Store one turn, masked; returns its number."""
        row = {
            "conversation": _id(token),
            "asked_at": _now(),
            "question": mask(question),
            "answer": answer.text,
            "status": answer.status,
            "generator": answer.generator,
            "probability": answer.probability,
            "citations": json.dumps([asdict(citation) for citation in answer.citations], ensure_ascii=False),
        }
        return int(self._write(insert(turns).values(row)).inserted_primary_key[0])

    def rate(self, token: str, turn: int, rating: int, note: str = "") -> bool:
        """Store a thumb (1 or −1) on one of the token's own turns; False when it has no such turn."""
        mine = update(turns).where(turns.c.id == turn, turns.c.conversation == _id(token))
        return int(self._write(mine.values(rating=rating, note=mask(note))).rowcount) == 1

    def gaps(self, site: str, limit: int = 100) -> list[Gap]:
        """Questions of a site that were refused or only suggested, newest first."""
        asked = (
            select(turns.c.question, turns.c.probability, turns.c.asked_at)
            .join(conversations)
            .where(conversations.c.site == site, turns.c.status.in_(("refused", "suggested")))
            .order_by(turns.c.id.desc())
            .limit(limit)
        )
        try:
            with self._engine.connect() as connection:
                return [Gap(row.question, row.probability, row.asked_at) for row in connection.execute(asked)]
        except SQLAlchemyError as error:
            raise MemoryFailed(_failed(error)) from error

    def found_good(self, site: str) -> list[Rated]:
        """Answered questions of a site that visitors rated good, oldest first."""
        before = func.lag(turns.c.question).over(partition_by=turns.c.conversation, order_by=turns.c.id).label("before")
        said = select(turns, before).join(conversations).where(conversations.c.site == site).subquery()
        good = select(said).where(said.c.rating == 1, said.c.status == "answered").order_by(said.c.id)
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(good).all()
        except SQLAlchemyError as error:
            raise MemoryFailed(_failed(error)) from error
        return [
            Rated(r.question, r.before or "", tuple(Citation(**c) for c in json.loads(r.citations)), r.asked_at)
            for r in rows
        ]

    def forget_site(self, site: str) -> None:
        """Delete all that was said on a site."""
        ids = select(conversations.c.id).where(conversations.c.site == site)
        self._write(turns.delete().where(turns.c.conversation.in_(ids)))
        self._write(conversations.delete().where(conversations.c.site == site))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _write(self, statement: Any) -> Any:
        try:
            with self._engine.begin() as connection:
                return connection.execute(statement)
        except SQLAlchemyError as error:
            raise MemoryFailed(_failed(error)) from error


def open_memory(url: str) -> Memory:
    """Open a database by SQLAlchemy URL and make its tables.

    Raises:
        MemoryFailed: it cannot be opened.

    """
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        schema.create_all(engine)
    except SQLAlchemyError as error:
        raise MemoryFailed(_failed(error)) from error
    except ImportError as error:
        raise MemoryFailed(f"the database needs a driver that is not installed: pip install {error.name}") from error
    return Memory(engine)


def _prepare_sqlite(engine: Engine) -> None:
    """WAL, and transactions that ask for the write lock at once: those that ask later fail under load."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "busy_timeout=30000",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _failed(error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return f"the conversations cannot be stored ({reason}). Check the 'database' setting and that its folder can be written"
