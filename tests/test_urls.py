"""Canonical addresses, and the ones that are refused."""

import pytest

from crawler.errors import UrlRefused
from crawler.urls import canonical, check_port, host_port, looks_like_page, refused_address, same_site


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example", "https://shop.example/"),
        ("HTTPS://Shop.EXAMPLE/Faq", "https://shop.example/Faq"),
        ("  https://shop.example/faq \n", "https://shop.example/faq"),
        ("https://shop.example:443/faq", "https://shop.example/faq"),
        ("http://shop.example:80/faq", "http://shop.example/faq"),
        ("http://shop.example:8080/faq", "http://shop.example:8080/faq"),
        ("https://shop.example./faq", "https://shop.example/faq"),
        ("https://shop.example/faq#returns", "https://shop.example/faq"),
        ("https://shop.example/faq/", "https://shop.example/faq/"),
        ("https://shop.example/faq?utm_source=x&id=2&gclid=y&spm=a.b", "https://shop.example/faq?id=2"),
        ("https://shop.example/faq?utm_source=x", "https://shop.example/faq"),
        ("https://shop.example/faq?b=2&a=", "https://shop.example/faq?b=2&a="),
        ("https://shop.example/?123", "https://shop.example/?123"),
        ("https://shop.example/?123&utm_source=x&=4&b", "https://shop.example/?123&=4&b"),
        ("https://shop.example/faq?", "https://shop.example/faq"),
        ("https://shop.example/faq?&&", "https://shop.example/faq"),
        ("https://shop.example/?c=1&a=2&b=3&a=1", "https://shop.example/?c=1&a=2&b=3&a=1"),
        ("https://shop.example/?q=a+b%20c%2Bd&e=%26%3D&f=/?", "https://shop.example/?q=a+b%20c%2Bd&e=%26%3D&f=/?"),
        ("https://shop.example/?q=%7e%e9 <", "https://shop.example/?q=~%E9%20%3C"),
        ("https://shop.example/100%?q=50%", "https://shop.example/100%25?q=50%25"),
        ("https://shop.example/a\ud800b", "https://shop.example/a%3Fb"),  # JSON can spell half a character
        ("https://shop.ex\tample/f\naq", "https://shop.example/faq"),  # as browsers read it
        ("https://shop.example/a/./b/../faq", "https://shop.example/a/faq"),
        ("https://shop.example/a/b/..", "https://shop.example/a/"),
        ("https://shop.example/../../faq", "https://shop.example/faq"),
        ("https://shop.example/a/%2e%2E/faq", "https://shop.example/faq"),
        ("https://shop.example//faq", "https://shop.example/faq"),
        ("https://shop.example/a%2Fb", "https://shop.example/a%2Fb"),
        ("https://shop.example/%7Efaq", "https://shop.example/~faq"),
        ("https://shop.example/帮助/退货", "https://shop.example/%E5%B8%AE%E5%8A%A9/%E9%80%80%E8%B4%A7"),
        ("https://shop.example/%e5%b8%ae%e5%8a%a9", "https://shop.example/%E5%B8%AE%E5%8A%A9"),
        ("https://shop.example/?q=退货", "https://shop.example/?q=%E9%80%80%E8%B4%A7"),
        ("https://shop.example/%CE%CA?q=%CD%CB%BB%F5", "https://shop.example/%CE%CA?q=%CD%CB%BB%F5"),  # GBK
        ("https://商店.example/faq", "https://xn--czrs0t.example/faq"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),  # not fass.example, which is somebody else's
        ("https://shop。example/", "https://shop.example/"),
        ("https://shop_1.example:/", "https://shop_1.example/"),
        ("http://1.1.1.1./", "http://1.1.1.1/"),
        ("http://[2606:4700:0:0::1111]:8080/", "http://[2606:4700::1111]:8080/"),
    ],
)
def test_canonical_form(url: str, expected: str) -> None:
    assert expected == canonical(url)
    assert expected == canonical(expected)


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("refunds.html", "https://shop.example/help/refunds.html"),
        ("../about", "https://shop.example/about"),
        ("?page=2", "https://shop.example/help/faq.html?page=2"),
        ("//www.shop.example/x", "https://www.shop.example/x"),
    ],
)
def test_canonical_form_of_a_link(href: str, expected: str) -> None:
    assert expected == canonical(href, "https://shop.example/help/faq.html")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example/faq",
        "faq",
        "ftp://shop.example/faq",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,hi",
        "http://",
        "http:///faq",
        "http://.../faq",
        "http://[::1/",
        "http://shop.example:99999/",
        "http://shop.example:port/",
        "https://user:password@shop.example/",
        "https://user@shop.example/",
        "https://@shop.example/",
        "https://shop.example\\@evil.example/",
        "https://" + "ü" * 70 + ".example/",
        "https://shop.example/" + "a" * 2083,
        "https://shop.example:65536/",
        "https://shop.example:0/",
        "https://shop.example:8 0/",
        "https://shop .example/",
        "https://shop%2eexample/",
        "https://shop..example/",
        "https://.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://shop.example\\x/",
        "http://[::1]x/",
        "http://[fe80::1%25eth0]/",
        "http://[v1.x]/",
        "http://1/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://1.2.3.4.5/",
        "http://shop.1/",
        "https://a\u2100b/",
        "https://❤.example/",
    ],
)
def test_refused_addresses_say_why_in_one_line(url: str) -> None:
    with pytest.raises(UrlRefused) as error:
        canonical(url)

    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@shop.example/",
        "https://user:hunter2@shop.example:99999/",
        "https://user:hunter2@[::1/",
        "https:user:hunter2@shop.example",
        "ftp://user:hunter2@shop.example/",
        "https://user:hunter2/@shop.example/",
    ],
)
def test_a_password_is_not_repeated(url: str) -> None:
    with pytest.raises(UrlRefused) as error:
        canonical(url)

    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "fd00::1",
        "fc00::1",
        "169.254.1.1",
        "169.254.169.254",  # cloud metadata
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "100.64.0.1",  # CGNAT
        "100.100.100.200",  # Alibaba Cloud metadata
        "168.63.129.16",  # Azure's wire server
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "ff02::1",
        "240.0.0.1",
        "255.255.255.255",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",  # NAT64
        "64:ff9b:1::1",
        "2002:7f00:1::",  # 6to4
        "2001:0:7f00:1::",  # Teredo
        "2001:20::1",
        "192.88.99.1",
        "192.0.0.192",
        "5f00::1",
        "3fff::1",
        "100:0:0:1::1",
        "::ffff:168.63.129.16",
        "4000::1",
        "",
        "shop.example",
        "1.1.1.1.",
        "2001:db8::1",
        "100::1",
    ],
)
def test_private_and_special_addresses_are_refused(address: str) -> None:
    assert refused_address(address) is True


@pytest.mark.parametrize("address", ["1.1.1.1", "168.63.129.17", "::ffff:1.1.1.1", "2606:4700::1111", "100.128.0.1"])
def test_public_addresses_are_not(address: str) -> None:
    assert refused_address(address) is False


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("https://shop.example/a", "https://shop.example/b", True),
        ("http://shop.example/a", "https://shop.example/", True),
        ("https://www.shop.example/a", "https://shop.example/", True),
        ("https://help.shop.example/", "https://shop.example/", False),
        ("https://shop.example.evil.example/", "https://shop.example/", False),
        ("https://evilshop.example/", "https://shop.example/", False),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/x", True),
        ("http://127.0.0.1:8001/", "http://127.0.0.1:8000/", False),
        ("https://shop.example:8443/", "https://shop.example/", False),
    ],
)
def test_same_site(one: str, two: str, expected: bool) -> None:
    assert expected == same_site(one, two)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("faq", True), ("faq.html", True), ("v1.2", True), ("a.pdf?x=1", False), ("A.JPG", False), ("x.tar.gz", False)],
)
def test_pictures_and_downloads_do_not_look_like_pages(path: str, expected: bool) -> None:
    assert expected == looks_like_page(f"https://shop.example/{path}")


def test_ports() -> None:
    assert "shop.example:443" == host_port("https://shop.example/")
    assert "shop.example:8080" == host_port("http://shop.example:8080/")
    assert "[::1]:80" == host_port("http://[::1]/")
    check_port("https://shop.example/", ())
    check_port("http://shop.example:8080/", ["shop.example:8080"])

    with pytest.raises(UrlRefused, match=r"--allow-host shop\.example:22"):
        check_port("http://shop.example:22/", ["shop.example:8080"])
