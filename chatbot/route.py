"""Messages that never reach retrieval: greetings, thanks, "who are you", "I want a person". Pure; what rules leave over is for `intents.py`.

A rule fits only a whole message: "hi, where is my order?" is a question. No alternative in a repetition is made of
others ("亲" and "亲亲"): a message of sixty such would be tried in more ways than there is time. One product measured 13.5 % of its turns wrongly
refused because such messages were searched for.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chatbot.messages import Status

POLITE_ZH = r"(?:你好|您好|请|麻烦|麻烦你|帮我|能不能|可不可以|可以|能|我想|我要|我想要|我需要|我希望|给我|直接|快|立刻|马上|的|一下|吧|啊|呀|吗|呢|了|谢谢|哦)*"
POLITE_EN = r"(?:hi|hello|hey|please|pls|can|could|may|i|i'd|would|like|want|need|to|let|me|just|now|thanks|thank you|wanna|get|\s)*"


@dataclass(frozen=True)
class Reply:
    """What is said to an intent of a site's own, by language, or done: "reply", "handoff" (with the ways to reach a person) or "search"."""

    texts: Mapping[str, str] = field(default_factory=dict)
    action: Literal["reply", "handoff", "search"] = "reply"


# What an answer to each built-in intent is; each says the fixed sentence of its own name.
STATUS: Mapping[str, Status] = {
    "greeting": "smalltalk",
    "thanks": "smalltalk",
    "goodbye": "smalltalk",
    "identity": "smalltalk",
    "abuse": "smalltalk",
    "handoff": "handoff",
    "complaint": "handoff",
    "contact": "handoff",
    "order": "handoff",
}


# What a published entry may answer better than we do; the others are small talk unless search is very sure.
OFTEN_PUBLISHED = frozenset(("complaint", "contact", "order"))


def _rule(intent: str, *patterns: str) -> tuple[str, re.Pattern[str]]:
    return intent, re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    _rule(
        "handoff",
        POLITE_ZH
        + r"(?:转|找|要|接|换|联系|叫|呼叫|一下|人工|真人|客服)*(?:人工|真人|人工客服|人工服务|在线客服|客服人员|工作人员|真人客服)"
        + POLITE_ZH,
        POLITE_ZH + r"(?:转|找|接|换)(?:个|到)?(?:客服|人)" + POLITE_ZH,
        r"(?:客服)+(?:在吗|呢|在不在)?",
        POLITE_EN
        + r"(?:talk|speak|chat|connect|transfer|connected|transferred|put|through|me|to|with|\s)*(?:an?|the|some|your|with|to|\s)*(?:real|live|actual)?\s*"
        + r"(?:person|human|human being|agent|representative|someone|operator|customer service|customer support|support agent|staff)(?:\s*please)?",
    ),
    _rule(
        "greeting",
        r"(?:你好|您好|嗨|哈喽|哈啰|哈罗|喂|早|早安|早上好|上午好|中午好|下午好|晚上好|大家好|在吗|在么|在不在|有人吗|有人在吗|亲|hi|hello|hey|你|您|啊|呀|哦|呢|\s)+",
        r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|there|anyone there|is anyone there|\s)+",
    ),
    _rule(
        "thanks",
        r"(?:好的|好|嗯|ok|明白了|知道了|懂了|太好了|非常|十分|谢谢|多谢|谢了|感谢|您|你|啦|哈|了|辛苦|\s)*(?:谢谢|多谢|谢了|感谢|谢啦|辛苦了)(?:你|您|啦|哈|了|啊|你们)*(?:的(?:帮助|解答|回答|回复))?",
        r"(?:ok|okay|great|perfect|got it|good|cool|\s)*(?:thanks|thank you|thx|ty|cheers|much appreciated)(?: you)?(?:\s*(?:a lot|so much|very much|a bunch|for (?:your|the) help))?",
        r"(?:好的|好|嗯|明白了|知道了|懂了|ok|okay|got it|great|perfect)+",
    ),
    _rule(
        "goodbye",
        r"(?:再见|拜拜|拜|回见|下次见|晚安|bye|goodbye|good bye|bye bye|see you|see ya|good night|\s)+",
    ),
    _rule(
        "identity",
        r"(?:请问)?(?:你|您)(?:是|叫)?(?:谁|什么|啥|什么名字|什么人|干什么的|做什么的|机器人|机器人吗|真人|真人吗|人吗|人工吗|AI|ai|ai吗|人还是机器人)(?:啊|呀|吗|呢)*",
        r"你们是(?:不是)?(?:机器人|真人)(?:吗|吧)?|你是不是(?:机器人|真人|人)",
        r"(?:你|您)(?:能|会|可以)(?:做|干|帮我做|帮我)?(?:什么|啥|些什么|干什么|干嘛)(?:啊|呀|呢)*",
        r"(?:who|what) are you|are you (?:a |an )?(?:ro)?(?:bot|robot|human|person|real person|real|machine|ai|chatbot)|what(?:'s| is) your name|what can you do|how can you help(?: me)?",
    ),
    _rule(
        "abuse",
        r"(?:你|真|太|是|个|的|了|这|什么|破|\s)*(?:垃圾|傻逼|傻瓜|白痴|智障|废物|笨蛋|脑残|滚|去死|(?<=[你真太])没用|没用(?=的东西))(?:客服|机器人|东西|的|啊|吧|了|透了|死了)*",
        r"(?:you(?:'re| are)?|are|so|is|this|bot|an?|fucking|\s)*(?:stupid|useless|idiot|dumb|moron|fuck you|fuck off|shut up|suck)(?: bot)?",
    ),
)


def route(message: str) -> str | None:
    """The intent of a message that a rule knows as no question, or None."""
    text = unicodedata.normalize("NFKC", message).casefold().replace("’", "'")
    text = " ".join(re.sub(r"[^\w\s']", " ", text).split())
    joined = re.sub(r"(?<=[\u3400-\u9fff])\s+|\s+(?=[\u3400-\u9fff])", "", text)
    if not joined or len(joined) > 60:
        return None
    return next((intent for intent, pattern in RULES if pattern.fullmatch(joined)), None)


# What is asked in general by a message about where an order is, whose own words may say little: "20231122 到哪了".
WHERE_IS = re.compile(
    r"到哪|哪里了|哪儿了|在哪|物流|快递|发货|送到|收到|进度|状态|查.{0,4}单|\bwhere\b|\bwhen\b|\btrack|\bstatus\b|\barriv|\bdeliver|\bship",
    re.IGNORECASE,
)
# Something else is to be done with the order, or has happened to it.
DO_WITH_IT = re.compile(
    r"取消|退|换|改|丢|少了|坏|破|错|\bcancel|\breturn|\brefund|\bchang|\blost\b|\bmissing\b|\bdamag|\bbroke|\bwrong\b",
    re.IGNORECASE,
)
TRACKING: Mapping[str, str] = {"zh": "怎么查询订单物流？", "en": "How do I track my order?"}


def generally(message: str, language: str) -> list[str]:
    """What to look for on a message about an order of one's own: what it asks of any order, and how to follow one."""
    asks_where = WHERE_IS.search(message) and not DO_WITH_IT.search(message)
    tracking = [TRACKING.get(language, TRACKING["en"])] if asks_where else []
    return [text for text in (without_numbers(message), *tracking) if text]


def without_numbers(message: str) -> str:
    """A question about an order of one's own as one about any: without what names the order."""
    return " ".join(re.sub(r"[#№]?\s*\b(?=[\w-]*\d{3})[A-Za-z\d-]+\b", " ", message, flags=re.ASCII).split())
