"""A web site on loopback whose answers the test sets, and counts."""

import hashlib
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ui.settings import CrawlSettings, Site


def faq(question: str, *links: str) -> str:
    anchors = "".join(f'<p>See <a href="{link}">more</a> about this.</p>' for link in links)
    return f"<title>FAQ</title><dl><dt>{question}?</dt><dd>Answer to {question}.</dd></dl>{anchors}"


class Shop:
    """Path -> (status, HTML), or in `moved` another path. With `validators` a page has an ETag, and is not sent to who knows it."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, str]] = {}
        self.moved: dict[str, str] = {}
        self.validators = False
        self.slow_s = 0.0
        self.hits: Counter[tuple[str, int]] = Counter()
        self.asked_at: list[float] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: else each answer waits 40 ms for an acknowledgement

            def do_GET(self) -> None:
                shop.asked_at.append(time.monotonic())
                time.sleep(shop.slow_s)
                status, html = shop.pages.get(self.path, (404, "gone"))
                if self.path in shop.moved:
                    status, html = 302, ""
                tag = f'"{hashlib.sha256(html.encode()).hexdigest()[:16]}"'
                if shop.validators and status == 200 and self.headers.get("If-None-Match") == tag:
                    status, html = 304, ""
                shop.hits[self.path, status] += 1
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", shop.moved[self.path])
                if shop.validators and status in (200, 304):
                    self.send_header("ETag", tag)
                self.send_header("Content-Type", "text/plain" if self.path.endswith(".txt") else "text/html")
                self.send_header("Content-Length", str(len(html.encode())))
                self.end_headers()
                self.wfile.write(html.encode())

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def site(self, name: str = "s") -> Site:
        """A site that crawls this one, without waiting."""
        return Site(
            name=name, crawl=CrawlSettings(seeds=(f"http://{self.host}/",), delay_s=0, allow_hosts=(self.host,))
        )

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
