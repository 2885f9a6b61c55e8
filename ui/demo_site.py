"""The demonstration shop as a web site on loopback, so that the ordinary crawler can crawl it."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import ui

# The pages name themselves by this reserved address; the server puts its own in its place.
ORIGIN = b"https://pinecone-stationery.example"
REWRITTEN = (".html", ".xml", ".txt")


def demo_folder() -> Path:
    """Where the pages are: inside the package when installed, beside it in a checkout."""
    package = Path(ui.__file__).resolve().parent
    inside = package / "demo"
    return inside if inside.is_dir() else package.parent / "data" / "demo"


def serve_demo(port: int) -> ThreadingHTTPServer:
    """Serve the shop on 127.0.0.1 in a thread; any free port when `port` is taken."""
    handler = partial(_Handler, directory=str(demo_folder()))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="kefu-demo-site", daemon=True).start()
    return server


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A file, with our origin put in; a folder's index.html; else 404.html."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        status = 200 if path.is_file() else 404
        if status == 404:
            path = demo_folder() / "404.html"
        body = path.read_bytes()
        if path.suffix in REWRITTEN:
            assert isinstance(self.server, ThreadingHTTPServer)  # noqa: S101 - serve_demo makes no other
            body = body.replace(ORIGIN, f"http://127.0.0.1:{self.server.server_port}".encode())
        self.send_response(status)
        # No charset here: the pages declare their own, one of them GB2312, as on many a real server.
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
