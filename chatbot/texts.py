"""Every fixed sentence that a visitor reads, in Chinese and English. Says only what is configured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

LANGUAGES = ("zh", "en")
WAYS = ("phone", "email", "url")

ZH = {
    "greeting": "您好！我是{name}的智能客服，可以回答关于{name}的常见问题。请问有什么可以帮您？",
    "thanks": "不客气，很高兴能帮到您。",
    "goodbye": "再见，祝您生活愉快！",
    "identity": "我是{name}的智能客服，由程序自动回答。我只根据{name}已公布的内容作答，并附上出处；不清楚的我会直说。",
    "abuse": "很抱歉让您不满意。请告诉我具体遇到了什么问题，我会尽力查找答案。",
    "handoff": "好的。{contact}",
    "complaint": "非常抱歉给您带来了不好的体验。{contact}您也可以说说具体情况，我来查一下相关规定。",
    "contact": "{contact}",
    "order": "我看不到订单和账户信息，没法查询您这一单的情况。{contact}",
    "order_how": "我看不到订单和账户信息，没法查询您这一单的情况。以下是{name}公布的相关说明：",
    "refused": "抱歉，我在{name}公布的内容里没有找到这个问题的答案。{contact}",
    "suggested": "我不太确定您问的是哪一个，您可能想问：",
    "related": "我没有找到确切的答案，下面的内容也许有帮助：",
    "reach": "您可以这样联系人工客服：{ways}",
    "no_contact": "目前没有配置人工客服的联系方式，请通过本网站公布的方式联系我们。",
    "email": "邮箱 [{value}](mailto:{value})",
    "phone": "电话 [{value}](tel:{value})",
    "url": "[{value}]({value})",
    "hours": "（服务时间：{value}）",
    "hours_now": "（服务时间：{value}；当地现在是{now}）",
    "days": "周一 周二 周三 周四 周五 周六 周日",
    "separator": "；",
    "end": "。",
    "notice": "您正在与{name}的智能客服（程序，并非真人）对话，回答均来自已公布的内容。为改进服务，对话内容会被保存，其中的电话、邮箱、住址、证件号和银行卡号会先隐去。",
    "failed": "抱歉，系统出了点问题，请稍后再试。",
}
EN = {
    "greeting": "Hello! I'm the {name} assistant, and I can answer common questions about {name}. How can I help?",
    "thanks": "You're welcome. Glad I could help.",
    "goodbye": "Goodbye, and have a nice day!",
    "identity": "I'm the automated assistant of {name}, not a person. I answer only from what {name} has published and show where it says so; when I don't know, I say that.",
    "abuse": "I'm sorry this has been frustrating. Tell me what went wrong and I'll look for an answer.",
    "handoff": "Of course. {contact}",
    "complaint": "I'm sorry about that. {contact} You can also tell me what happened, and I'll look up what applies.",
    "contact": "{contact}",
    "order": "I can't see orders or accounts, so I can't tell how yours stands. {contact}",
    "order_how": "I can't see orders or accounts, so I can't tell how yours stands. This is what {name} has published about it:",
    "refused": "Sorry, I couldn't find an answer to that in what {name} has published. {contact}",
    "suggested": "I'm not sure which of these you mean. Did you want to ask:",
    "related": "I couldn't find a definite answer. These pages may help:",
    "reach": "You can reach a person here: {ways}",
    "no_contact": "No way to reach a person has been set up in this chat; please use the contact details on our website.",
    "email": "e-mail [{value}](mailto:{value})",
    "phone": "phone [{value}](tel:{value})",
    "url": "[{value}]({value})",
    "hours": " (hours: {value})",
    "hours_now": " (hours: {value}; it is now {now} there)",
    "days": "Mon Tue Wed Thu Fri Sat Sun",
    "separator": "; ",
    "end": ".",
    "notice": "You're chatting with an automated assistant of {name}, not a person; it answers from published pages only. To improve the service the conversation is stored; phone numbers, e-mail and Chinese postal addresses, ID and card numbers are masked first.",
    "failed": "Sorry, something went wrong. Please try again in a moment.",
}
BUILT_IN: Mapping[str, Mapping[str, str]] = {"zh": ZH, "en": EN}


@dataclass(frozen=True)
class Texts:
    """The fixed sentences of one site. `overrides` and `hours` are by language; `contacts` by kind: email, phone, url.

    `timezone` is an IANA name ("Asia/Shanghai"): with it the hours say what time it is there.
    """

    names: Mapping[str, str]
    contacts: Mapping[str, str] = field(default_factory=dict)
    hours: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    timezone: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def say(self, key: str, language: str, value: object = "") -> str:
        """One sentence in the visitor's language; English stands in for those we do not speak."""
        code = language if language in LANGUAGES else "en"
        text = self.overrides.get(code, {}).get(key) or BUILT_IN[code][key]
        contact = self._contact(code) if "{contact}" in text else ""
        return text.replace("{contact}", contact).replace("{name}", self.name(code)).replace("{value}", str(value))

    @property
    def reachable(self) -> bool:
        """Whether a way to reach a person is configured."""
        return any(self.contacts.get(kind) for kind in WAYS)

    def name(self, language: str) -> str:
        """The shop's name in a language, or the one there is."""
        return self.names.get(language) or next(iter(self.names.values()), "")

    def _contact(self, code: str) -> str:
        texts = BUILT_IN[code]
        ways = [
            texts[kind].replace("{value}", value) for kind, value in self.contacts.items() if kind in WAYS and value
        ]
        if not ways:
            return texts["no_contact"]
        return texts["reach"].replace("{ways}", texts["separator"].join(ways) + self._hours(code) + texts["end"])

    def _hours(self, code: str) -> str:
        texts, hours = BUILT_IN[code], self.hours.get(code)
        if not hours or not self.timezone:
            return texts["hours"].replace("{value}", hours) if hours else ""
        there = self.now().astimezone(ZoneInfo(self.timezone))
        now = f"{texts['days'].split()[there.weekday()]} {there:%H:%M}"
        return texts["hours_now"].replace("{value}", hours).replace("{now}", now)
