"""What a worker tells of itself over HTTP: alive, ready, and its metrics."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from windstill.errors import InvalidSetting
from windstill.extras import needs

if TYPE_CHECKING:
    from windstill.jobs.engine import Engine

Page = Callable[[], tuple[int, str, bytes]]

_PATIENCE = 10.0


@contextmanager
def listening(engine: Engine, host: str, port: int) -> Iterator[str | None]:
    """Inside, the pages are served; yields their root address, or None for port 0.

    Raises `InvalidSetting` when the address can't be listened on.
    """
    if not port:
        yield None
        return
    try:
        server = ThreadingHTTPServer((host, port), _handler(engine))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidSetting(
            f"{host} port {port} can't be listened on: {reason}.", field="worker_port"
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="windstill-health", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(engine: Engine) -> type[BaseHTTPRequestHandler]:
    pages = {
        "/livez": lambda: _status(200, "alive", []),
        "/readyz": lambda: _ready(engine),
        "/metrics": _metrics(engine),
    }

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE

        def do_GET(self) -> None:
            """Answers one request."""
            page = pages.get(self.path.partition("?")[0])
            status, kind, body = page() if page else _status(404, "there is no such page", [])
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing: probes come every few seconds."""

    return Handler


def _ready(engine: Engine) -> tuple[int, str, bytes]:
    problems = engine.healthy()
    return _status(503 if problems else 200, "not ready" if problems else "ready", problems)


def _status(code: int, status: str, problems: list[str]) -> tuple[int, str, bytes]:
    body = json.dumps({"status": status, "problems": problems}).encode()
    return code, "application/json", body


def _metrics(engine: Engine) -> Page:
    try:
        from windstill.http.metrics import Metrics
    except ModuleNotFoundError:
        told = needs("metrics need", "prometheus-client", "serve")
        return lambda: _status(404, told, [])
    metrics = Metrics(engine)
    return lambda: (200, metrics.content_type, metrics.text())
