"""The log: one line for each event, as JSON or text, with nothing of a photo and no secret.

What is logged is chosen, not filtered: the facts of a request are its ids, route, status, code,
times and sizes. Keys, signatures, file names, query strings and bodies never get here.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping

from windstill.settings import LogFormat, LogLevel


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, event, and the record's facts."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return json.dumps(
            {
                "time": _utc(record.created),
                "level": record.levelname.lower(),
                "event": record.getMessage(),
                **_facts(record),
                **({"error": self.formatException(record.exc_info)} if record.exc_info else {}),
            },
            default=str,
        )


class TextFormatter(logging.Formatter):
    """The same for people: time, level, event, facts as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback if there is one."""
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        line = f"{_utc(record.created)} {record.levelname:<7} {record.getMessage()} {facts}"
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return line.rstrip() + trace


def configure(form: LogFormat, level: LogLevel) -> None:
    """Sends the log of this process to standard error in the given form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Its lines of every request name query strings; the boundary logs each request itself.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, root.level))
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    logging.getLogger("asyncio").setLevel(max(logging.WARNING, root.level))


def _facts(record: logging.LogRecord) -> Mapping[str, object]:
    facts = getattr(record, "facts", {})
    return facts if isinstance(facts, Mapping) else {}


def _utc(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
