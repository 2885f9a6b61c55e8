"""Messages that are no question, and questions that only look like one."""

import time

import pytest

from chatbot.route import STATUS, generally, route, without_numbers


@pytest.mark.parametrize(
    ("intent", "messages"),
    [
        (
            "greeting",
            "你好|您好！|你好，在吗？|在吗|有人吗|嗨|哈喽|早上好|晚上好|亲，在吗|喂|你好你好|hi|Hello!|hey there|Good morning|HELLO?|Hi, anyone there?",
        ),
        (
            "thanks",
            "谢谢|谢谢你|谢谢您啦！|好的，谢谢|非常感谢|多谢了|辛苦了|明白了，谢谢您|谢谢你的帮助|好的|OK|嗯，好的|ok，谢谢|thanks|Thank you so much!|ok thanks|Great, thank you|thx|got it, thanks a lot|Thank you for your help",
        ),
        ("goodbye", "再见|拜拜|下次见|晚安|bye|Goodbye!|bye bye|See you|good night"),
        (
            "identity",
            "你是谁？|你是机器人吗|您是真人吗？|你叫什么名字|你是人还是机器人|你们是机器人吗|请问你是谁呀|你能做什么|Who are you?|Are you a bot?|are you a real person|What's your name?|what’s your name|What can you do?|How can you help me?",
        ),
        (
            "handoff",
            "人工|转人工|我要人工客服|请转人工|人工客服！|找人工|我要找真人|帮我转接人工服务|能不能转人工？|转客服|联系客服人员|麻烦转一下人工，谢谢|我想找工作人员|人工吗|agent|human|human please|I want to talk to a human|Can I speak to a real person?|talk to an agent|connect me to a representative|Please transfer me to customer service|let me talk to someone|Operator!|customer support",
        ),
        (
            "abuse",
            "垃圾|真垃圾|你是傻逼|垃圾客服|滚|没用的东西|太垃圾了|you are useless|This bot is stupid|fuck you|You suck!|stupid bot",
        ),
    ],
    ids=lambda value: value if value.isascii() and value.islower() else "",
)
def test_messages_that_are_no_question(intent: str, messages: str) -> None:
    found = {message: route(message) for message in messages.split("|")}

    assert found == dict.fromkeys(found, intent)


def test_only_handing_over_has_a_status_of_its_own() -> None:
    statuses = {text: STATUS[route(text) or ""] for text in ("转人工", "你好", "谢谢", "再见", "你是谁", "滚")}

    assert statuses.pop("转人工") == "handoff"
    assert set(statuses.values()) == {"smalltalk"}


@pytest.mark.parametrize(
    "question",
    [
        # with a greeting or thanks before them
        "hi, where is my order?",
        "Hello, do you ship abroad?",
        "good morning, are you open today?",
        "你好，怎么退货？",
        "您好请问发票怎么开",
        "亲，什么时候发货",
        "在吗？我的订单没收到",
        "thanks, but how do I return it?",
        "ok thanks and when will it arrive",
        "谢谢，那运费谁出？",
        "好的，多久到账",
        "再见之前问一下保修多久",
        "good quality?",
        # about people
        "人工服务时间是几点？",
        "人工客服几点上班",
        "客服电话是多少",
        "怎么联系客服",
        "在线客服在哪里找",
        "人工费多少",
        "找人代付可以吗",
        "可以找人代收吗",
        "换个人收货可以吗",
        "可以转账付款吗",
        "转运仓在哪里",
        "我想换货",
        "customer service hours",
        "What is your customer support phone number?",
        "Do you have an agent in Berlin?",
        "Can someone else pick up my parcel?",
        "can I get a person to install it",
        "Is the tutor a real person?",
        "staff discount",
        "How do I become a sales representative?",
        # about who and what
        "Who are your shipping partners?",
        "What are your opening hours?",
        "What can you do about a late parcel?",
        "how can you help me return a gift?",
        "你们是做什么的",
        "你能送货上门吗",
        "你们可以开发票吗",
        "机器人多少钱",
        "扫地机器人怎么退货",
        # with rude or short words in them
        "垃圾分类怎么做",
        "垃圾桶多少钱",
        "没用完的优惠券能退吗",
        "滚筒洗衣机保修多久",
        "早餐几点",
        "晚上好几点关门",
        "Is a used item useless for a return?",
        "退货",
        "shipping",
        "order 12345",
    ],
)
def test_questions_are_not_stolen(question: str) -> None:
    assert route(question) is None


@pytest.mark.parametrize("message", ["", " ", "？？？", "。", "😀", "人工" * 40])
def test_neither_is_anything_else(message: str) -> None:
    assert route(message) is None


@pytest.mark.parametrize("message", ["ＨＥＬＬＯ", "  你 好 ", "你好👋", "«hi»", "转 人工", "Hello\n\n"])
def test_width_space_and_signs_do_not_matter(message: str) -> None:
    assert route(message) is not None


@pytest.mark.parametrize(
    "unit",
    [
        "亲",
        "谢谢你",
        "你好",
        "转人工",
        "人工客服",
        "put ",
        "talk to me ",
        "bye bye ",
        "thank you ",
        "you are ",
        "好的",
        "a ",
    ],
)
def test_no_message_takes_long(unit: str) -> None:
    begun = time.perf_counter()

    route((unit * 60)[:58] + "吃")
    route((unit * 60)[:58] + "x")

    assert time.perf_counter() - begun < 0.2


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Where is my order 20231122?", "Where is my order ?"),
        ("where is order #A-4471-22, please", "where is order , please"),
        ("我的订单20231122001到哪了", "我的订单 到哪了"),
        ("订单号 SF1234567890123 什么时候到", "订单号 什么时候到"),
        ("how long do refunds take?", "how long do refunds take?"),
        ("订单3天没发货", "订单3天没发货"),
    ],
)
def test_the_number_of_an_order_is_taken_out(message: str, expected: str) -> None:
    assert without_numbers(message) == expected


@pytest.mark.parametrize(
    ("message", "language", "expected"),
    [
        ("20231122到哪了", "zh", ["到哪了", "怎么查询订单物流？"]),
        ("where is order #A-4471-22?", "en", ["where is order ?", "How do I track my order?"]),
        ("取消订单 SF1234567890123", "zh", ["取消订单"]),
        ("帮我取消快递订单 12345", "zh", ["帮我取消快递订单"]),
        ("my order 12345 was lost in shipping", "en", ["my order was lost in shipping"]),
        ("come on, order 12345 please", "en", ["come on, order please"]),
        ("我的快递", "fr", ["我的快递", "How do I track my order?"]),
        ("20231122001 where", "en", ["where", "How do I track my order?"]),
        ("20231122001", "en", []),
    ],
)
def test_an_order_of_ones_own_is_looked_up_as_any_order_is(message: str, language: str, expected: list[str]) -> None:
    assert generally(message, language) == expected
