"""Which letters languages write, and so how much a text looks like writing rather than like a wrong decoding. Pure.

It knows nothing of bytes and charsets. The scale is a number a character: 1 is what pages in some language are full of,
below 0 is what wrong decodings are full of.
"""

import re
from collections import Counter

# The letters beyond ASCII of the languages in Latin script, lower case.
LATIN = {
    "ca": "àçèéíïòóúü",
    "cs": "áčďéěíňóřšťúůýž",
    "cy": "âêîôûŵŷäëïöüáéíóẅẁỳ",
    "da": "æøåé",
    "de": "äöüß",
    "en": "éèïç",
    "eo": "ĉĝĥĵŝŭ",
    "es": "áéíóúñü",
    "et": "õäöüšž",
    "fi": "äöå",
    "fr": "éèàêçùôîâûëïœ",
    "ga": "áéíóú",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "is": "áðéíóúýþæö",
    "it": "àèéìòù",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "mt": "ċġħżàèìòù",
    "nl": "éëïèöü",
    "no": "æøåéò",
    "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõú",
    "ro": "ăâîșțşţ",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sl": "čšž",
    "sv": "äöåé",
    "tr": "çğıöşüâî",
    "vi": "áàảãạăắằẳẵặâấầẩẫậéèẻẽẹêếềểễệíìỉĩịóòỏõọôốồổỗộơớờởỡợúùủũụưứừửữựýỳỷỹỵđ\u0300\u0301\u0303\u0309\u0323",
}
# Typography that stands in running text, and what a space or a soft hyphen may be.
TYPOGRAPHY = "“”‘’„‚«»‹›–—…•·€£©®™°§№¶¿¡\xa0\xad\u200b½²³ºª"
CJK_TYPOGRAPHY = "，。？！：；、“”‘’「」『』（）《》【】〔〕…—・ー～\u3000￥¥"
# Other alphabets: the commonest letters, then the rest.
ALPHABETS = (
    ("оеаинтсрвлкмдпуяыьгз", "бчйхжшюцщэфъёіїєґўђјљњћџѓќѕ"),
    ("αοιετσνηυρπκμλςίό", "άέήώωγδβχθύφζξψϊϋΐΰ"),
    ("اليمنوترهبعدفسكقحةج", "شأصخىطضإءذثزغئظآؤچپگیک،؟؛ًٌٍَُِّْ"),
    ("יוהלאתרמבשנםעד", "קחפכטגצסזןךףץ"),
    ("านรกอเงมยลวดทตสปะบ่้ีัิคขแไใโ", "พหจชซถผญณศุูึืำ็ฐภธ์ๆฟฉฝฮษฎฏฒฬฆฌ"),
)
# What pages of shops and their help centres are full of.
HAN = (
    # simplified, or the same in both
    "的一是不了在人有我他这中大来上个国和也子时道出要就以后会可下而过天去能对小多然于心么之好看起发当没成只如事把还用第样"
    "生前想作里者经从本知什自手开分方同日法动情儿实现意行所面学些又间回位因正明两信新进点身月给向问定此给名无长家已别最西"
    "高门公司力加水电话通内部安全更新服务商品客户订单退换货款费支付发票收到申请地址联系请您们常见怎如何注册登录密码账号会员"
    "价格优惠券快递物流配送运查询取消修改使用选择产品购买店网站页点击按时间工期需提供确认审核处理完成保修质量问题返还"
    "成向变条话走教结风带却感情此被常少由直重外体世关老先几次量听相件接报求张处保代计真数做请信打放影南东北京州市区路省县城"
    "行证卡合同协议规则政策隐私热线咨询反馈投诉建议介绍简单注意项说明操作步骤置功能系统软版本升级下载安装脑络浏览器微支宝捷"
    "键程序文图片视频音乐游戏称类型状态原因失败错误示解决办联企业校老师考试课参加活动积分礼兑余额充值提现账身份认绑手材料"
    "流标准规定范围限制效期隔左右前包括其他部全比例率税金抬增值管理组织技术研究社交平台移免责声明数据资源编辑创建添移删除"
    # traditional
    "這來個國時後會過對學們還樣經從開動實現間問為無長門電話務戶訂單退換貨運費發請聯繫見麼註冊錄號員價優遞詢選擇產購買網頁"
    "點擊擔當給關於與說應將進體機業東車書頭樂變讓幾義帳條較輸達遠"
    "沒嗎將該時說腦網載軟體檔案圖訊息資設帳號碼認證銀餘額儲值費優參報課學師條範圍註聯絡介簡單購數總寄貨統編瑕疵固維門營週"
    "從兩張區線處樣動種類級結論請議識讀寫聽試題驗術灣縣廣場氣車馬買賣環節點邊歡迎謝誰雖"
    # Japanese
    "返品送料商届注文履歴手続全国律円場合無支払方法教銀行振込利用領収書必要知以内未使用限受数営業日確認登録変更確対応"
)
HANGUL = (
    "이다는에을를의가고하지한기사로은도서어자나시리해인아그대있수것들니습까요어떻게신청상품받날부터일내문반품배송비얼마본며만원"
    "구매면무료보드립환불언제도착확끝업준흘안결방법려주입금카계좌회가입번호변경취소교환세택스정오전화연락용경우됩됨할없않또는및"
    "타환경비찾앱버튼클릭화메뉴약관개처침센터점심신통현영수증산포인립쿠할벤당첨조지연분실파손량즈색재품절예선물장잘못바로바꾸싶"
    "장합성전적과여라소개물식위발생조동국간모두미유성명우심진중치타교원공통재차직분양영러그렇와같후"
)
# What wrong decodings are full of and people hardly write.
JUNK = "¤¦¬¯¨´¸¹¼¾±×÷µ"

COMMON, LETTER, SYMBOL, RARE, ODD, JUNK_WEIGHT, BROKEN = 1.0, 0.6, 0.3, -0.2, -1.0, -2.0, -3.0
# The rows of the everyday characters in the standards of the Chinese, Japanese and Korean scripts: codec, lead bytes.
EVERYDAY = (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("euc_jp", 0xB0, 0xCF), ("euc_kr", 0xB0, 0xC8))
# What stands where no language puts it: a capital after a small letter, two scripts in one word, a symbol inside one, a
# letter alone. Letters are a and A in ASCII, l and u in other Latin, L and U in other alphabets, H in East Asian scripts.
MISPLACED = re.compile(
    "(?<=[alL])[AuU]|(?<=[aAlu])[LU]|(?<=[LU])[aAlu]|(?<=[aAluLU])s+(?=[aAluLU])|(?<=a)H(?=a)"
    "|(?<![aAluLU])[luLU](?![aAluLU])"
)


def likeness(text: str, language: str = "") -> tuple[float, int]:
    """How much the characters beyond ASCII look like writing: a sum that is about 1 for each if they do, and their number.

    `language` is the ISO 639-1 code that the page names, or "".
    """
    counts = Counter(char for char in text if char > "\x7f")
    latin = Counter[str]()
    total = 0.0
    for char, count in counts.items():
        if is_latin(char):
            latin[char.lower()] += count
        else:
            total += weight(char) * count
    if latin:
        total += max(_fit(latin, name) + 0.2 * (name == language) for name in LATIN)
    return total - len(MISPLACED.findall(text.translate(CLASSES))), counts.total()


def _fit(latin: Counter[str], language: str) -> int:
    """How many of the letters the language has, less how many it has not."""
    return 2 * sum(latin[char] for char in LATIN[language] if char in latin) - latin.total()


def is_latin(char: str) -> bool:
    """Whether a character beyond ASCII is a letter of the Latin script, or an accent to put on one."""
    return (
        ("\xc0" <= char < "\u0250" and char not in "×÷") or "\u1e00" <= char < "\u1f00" or "\u0300" <= char < "\u0340"
    )


def _weights() -> dict[str, float]:
    weights = dict.fromkeys(JUNK, JUNK_WEIGHT) | dict.fromkeys(TYPOGRAPHY + CJK_TYPOGRAPHY, LETTER)
    for common, rest in ALPHABETS:
        weights |= dict.fromkeys((common + rest).upper(), SYMBOL)
        weights |= dict.fromkeys(rest, LETTER) | dict.fromkeys(common, COMMON)
    return weights | dict.fromkeys(HAN + HANGUL, COMMON)


WEIGHTS = _weights()
# First and last code point, weight; the first that fits counts.
RANGES = (
    (0x80, 0x9F, BROKEN),  # control characters
    (0x05B0, 0x05C7, SYMBOL),  # Hebrew points
    (0x2190, 0x21FF, SYMBOL),  # arrows
    (0x25A0, 0x27BF, SYMBOL),  # bullets, stars, ticks
    (0x3041, 0x3096, COMMON),  # hiragana
    (0x30A1, 0x30FA, LETTER),  # katakana
    (0x3400, 0x9FFF, RARE),  # Chinese characters
    (0xAC00, 0xD7A3, RARE),  # Korean syllables
    (0xD800, 0xF8FF, BROKEN),  # half a pair, private use
    (0xFE0F, 0xFE0F, SYMBOL),  # "as a picture"
    (0xFF01, 0xFF5E, LETTER),  # full-width ASCII
    (0xFFFD, 0xFFFF, BROKEN),
    (0x1F300, 0x1FAFF, SYMBOL),  # pictures
    (0xE0000, 0xE01EF, 0.0),  # invisible
    (0x30000, 0x10FFFF, BROKEN),
)


def weight(char: str) -> float:
    """How much a character beyond ASCII that is no Latin letter speaks for the text that it stands in."""
    known = WEIGHTS.get(char)
    if known is None:
        code = ord(char)
        known = next((value for first, last, value in RANGES if first <= code <= last), ODD)
        known = WEIGHTS[char] = 0.0 if known == RARE and _is_everyday(char) else known
    return known


def _is_everyday(char: str) -> bool:
    codes = ((char.encode(codec, "ignore"), first, last) for codec, first, last in EVERYDAY)
    return any(code and first <= code[0] <= last for code, first, last in codes)


class _Classes(dict[int, str]):
    """Code point -> class in `MISPLACED`, for `str.translate`; filled as it is asked."""

    def __missing__(self, code: int) -> str:
        self[code] = kind = _class(chr(code))
        return kind


def _class(char: str) -> str:
    if char < "\x80":
        return "A" if char.isupper() else "a" if char.islower() else " "
    if is_latin(char):
        return "u" if char.isupper() else "l"
    if char in "’‘·–—…\xad\xa0\u200b":  # at home inside words, or invisible
        return " "
    if "\u0370" <= char < "\u1200":
        return "U" if char.isupper() else "L"
    return "H" if "\u3041" <= char < "\ufb00" else "s"


CLASSES = _Classes()
