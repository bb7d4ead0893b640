"""Server-sent events (HTML standard, 9.2), line by line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from windstill.client.answers import RemoteAnimation


@dataclass
class EventReader:
    """Puts the lines of a stream together; comments and unknown events are passed over."""

    _name: str = ""
    _data: list[str] = field(default_factory=list)
    progress: tuple[str | None, float] | None = None
    done: RemoteAnimation | None = None

    def feed(self, line: str) -> bool:
        """Takes one line without its end; whether `progress` or `done` is new now."""
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                self._name = value
            elif name == "data":
                self._data.append(value)
            return False
        name, data = self._name, "\n".join(self._data)
        self._name, self._data = "", []
        if name == "progress":
            step = json.loads(data)
            self.progress = step["stage"], float(step["fraction"])
            return True
        if name == "done":
            self.done = RemoteAnimation.read(json.loads(data))
            return True
        return False
