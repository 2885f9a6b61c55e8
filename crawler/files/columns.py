"""What the columns of a file of entries are called, in English and Chinese, and what may stand in their cells. Pure."""

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crawler.errors import BadRecord, UrlRefused
from crawler.records import FaqEntry
from crawler.urls import canonical

# Best name first: where a file has two columns for one field, the better named one is it.
NAMES = {
    "id": "id key 编号 編號 唯一编号 知识编号 知识id",
    "question": "question questions q standardquestion faq query 标准问题 標準問題 标准问 标准问法 问题 問題 问法 問法 提问 问 title 问题标题 标题 標題",
    "answer": "answer answers a standardanswer reply response 标准答案 標準答案 答案 回答 答复 答覆 回复 回覆 答 解答 content text 内容 內容 正文",
    "similar": "similar similarquestion similarquestions variant variants alternativequestion alternativequestions alias aliases "
    "相似问题 相似問題 相似问法 相似問法 相似问 扩展问 扩展问题 扩展问法 同义问法 同义问题 其他问法 其它问法",
    "url": "url link sourceurl page 链接 鏈接 連結 网址 網址 来源链接 页面链接",
    "anchor": "anchor 锚点 錨點",
    "section": "section chapter heading topic 章节 章節 栏目 欄目 小节 小節",
    "language": "language lang locale 语言 語言 语种 語種",
    "tags": "tags tag label labels category categories 标签 標籤 标记 分类 分類 类别 類別",
    "source": "source",
}
FIELD_OF = {name: (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names.split())}
LISTS = {"similar": re.compile(r"[\n|｜；]"), "tags": re.compile(r"[\n|｜；;,，、]")}
LANGUAGES = {
    "zh": "chinese simplifiedchinese traditionalchinese 中文 汉语 简体 简体中文 繁体 繁体中文 繁體 繁體中文",
    "en": "english 英文 英语 英語",
    "de": "german deutsch 德语 德文",
    "fr": "french français 法语 法文",
    "es": "spanish español 西班牙语",
    "ja": "japanese 日本語 日语 日文",
    "ko": "korean 한국어 韩语 韩文",
    "ru": "russian русский 俄语 俄文",
}
CODE_OF = {name: code for code, names in LANGUAGES.items() for name in names.split()}
HEADER_SEARCH_ROWS = 10
NO_HEADER = (
    "no row near the top names the columns. Write a first row such as question, answer, similar, url (or 问题, 答案)"
)
TOO_MANY_CELLS = "has more cells than there are column names. Put a text that holds the separator in quotation marks"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, unread: the names of its columns as they stand there, and a value for each."""

    where: str
    names: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A row, or a whole file, that was not read: where it is, why, and what to do."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The value of a cell that has none: it fails its row if the column is one of ours."""

    why: str


def entry_of(row: Row) -> FaqEntry:
    """The entry of a row; its id, language and source are what the row says, "" where it says nothing.

    Raises:
        BadRecord: saying why it is none.

    """
    given: dict[str, list[tuple[str, Any]]] = {}
    for name, field, value in zip(row.names, fields_of(row.names), row.values, strict=False):
        if isinstance(value, Unreadable) and field:
            raise BadRecord(f"column {name}: {value.why}")
        given.setdefault(field, []).append((name, value))
    texts = {field: _text(*cells[0]) for field, cells in given.items() if field not in (*LISTS, "")}
    if not texts.get("answer"):
        raise BadRecord('has no "answer". Write one, or take the row out')
    url, anchor = _address(texts.get("url", ""))
    return FaqEntry(
        id=texts.get("id", ""),
        question=texts.get("question", ""),
        answer=texts["answer"],
        url=url,
        anchor=texts.get("anchor") or anchor,
        section=texts.get("section", ""),
        language=_language(texts.get("language", "")),
        similar=_listed("similar", given),
        tags=_listed("tags", given),
    )


@lru_cache(maxsize=1024)
def fields_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """The field that each column holds; "" for a column that is none of ours. A field of one text has one column."""
    found = [FIELD_OF.get(_plain(name), ("", 0)) for name in names]
    best: dict[str, int] = {}
    for column, (field, rank) in enumerate(found):
        if field not in best or rank < found[best[field]][1]:
            best[field] = column
    return tuple(field if field in LISTS or best[field] == column else "" for column, (field, _) in enumerate(found))


def unknown_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that have a name, but none of ours."""
    return tuple(name for name, field in zip(names, fields_of(names), strict=True) if name and not field)


def _plain(name: str) -> str:
    # 相似问法1, 相似问法2 are two columns of one field; "similar_questions" is "Similar Questions", 答案（必填） is 答案.
    bare = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in bare if c.isalnum()).rstrip("0123456789")


def table_rows(
    rows: Iterable[tuple[str, Sequence[Any]] | Failed], *, notes_beside: bool = False
) -> Iterator[Row | Failed]:
    """Rows, given as where they are and their cells, under the first that names an answer; blank ones are passed over.

    Cells to the right of the named columns are `notes_beside` the table, or a sign that a row was cut up wrongly.

    Raises:
        BadRecord: none of the rows near the top names the columns.

    """
    names: tuple[str, ...] = ()
    for number, row in enumerate(rows):
        if isinstance(row, Failed):
            yield row
        elif names and any(map(_blank_not, row[1])):
            where, cells = row
            more = not notes_beside and any(map(_blank_not, cells[len(names) :]))
            yield Failed(where, TOO_MANY_CELLS) if more else Row(where, names, tuple(cells[: len(names)]))
        elif not names and "answer" in fields_of(header := tuple(map(_name, row[1]))):
            names = header
        elif not names and number >= HEADER_SEARCH_ROWS:
            break
    if not names:
        raise BadRecord(NO_HEADER)


def known_columns(cells: Sequence[Any]) -> int:
    """How many cells name a field: what tells a header."""
    return sum(1 for field in fields_of(tuple(map(_name, cells))) if field)


def _name(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _blank_not(cell: Any) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None


def _text(name: str, value: Any) -> str:
    """A value as text, without space around it; whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return plain_number(value)
    raise BadRecord(f"{name} must be text, not {type(value).__name__}. Put it in quotation marks")


def plain_number(value: float) -> str:
    """A number as a person writes it: 15 and not 15.0, 0.3 and not 0.30000000000000004."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.15g}"


def _listed(field: str, given: Mapping[str, list[tuple[str, Any]]]) -> tuple[str, ...]:
    texts: list[str] = []
    for name, value in given.get(field, ()):
        parts = value if isinstance(value, list) else split_cell(field, _text(name, value))
        texts += [_text(name, part) for part in parts]
    return tuple(dict.fromkeys(text for text in texts if text))


def _address(text: str) -> tuple[str, str]:
    """URL without anchor, and the anchor."""
    if not text:
        return "", ""
    url, _, anchor = text.partition("#")
    url = url if "://" in url else f"https://{url}"
    try:
        canonical(url)
    except UrlRefused as error:
        raise BadRecord(f"url: {error}") from error
    return url, anchor


def _language(text: str) -> str:
    code = CODE_OF.get(_plain(text)) or re.split(r"[-_]", text.casefold())[0]
    if text and not re.fullmatch(r"[a-z]{2,3}", code):
        raise BadRecord(f"'{text[:40]}' is no language. Write a code such as zh or en, or leave the cell empty")
    return code


def split_cell(field: str, text: str) -> list[str]:
    """The texts of a cell that holds several: a JSON list, or parted by line ends, | and ；."""
    if text.startswith("[") and text.endswith("]"):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list) and all(isinstance(item, str) for item in listed):
            return listed
    return [part.strip() for part in LISTS[field].split(text) if part.strip()]


def join_cell(field: str, texts: Sequence[str]) -> str:
    """One cell that `split_cell` reads back as it was."""
    lines = "\n".join(texts)
    return lines if split_cell(field, lines) == list(texts) else json.dumps(list(texts), ensure_ascii=False)
