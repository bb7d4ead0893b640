"""What a service answers, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

State = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired"]
FINISHED = ("succeeded", "failed", "cancelled", "expired")


@dataclass(frozen=True)
class RemoteResult:
    """A finished loop. url: needs no key, and works until the animation expires.

    width, height: pixels. frames, fps, seconds: of one loop. moved: facts by element. warnings:
    what the caller should know, such as that no sky was found. repeats: how often the loop follows
    itself in the file. poster: where the picture of the first frame is, if one was asked for.
    """

    url: str
    mime: str
    bytes: int
    width: int
    height: int
    frames: int
    fps: float
    seconds: float
    moved: Mapping[str, Mapping[str, Any]]
    warnings: tuple[Mapping[str, Any], ...]
    repeats: int = 1
    poster: str | None = None

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> RemoteResult:
        """From the service's object."""
        names = ("url", "mime", "bytes", "width", "height", "frames", "fps", "seconds", "moved")
        return cls(
            **{name: facts[name] for name in names},
            warnings=tuple(facts["warnings"]),
            repeats=facts.get("repeats", 1),
            poster=facts.get("poster"),
        )


@dataclass(frozen=True)
class RemoteAnimation:
    """An animation as the service tells it.

    stage: photo, mattes, motion or video while it runs. fraction: of the whole, 0 to 1. error: the
    service's problem object if it failed.
    """

    id: str
    state: State
    stage: str | None
    fraction: float
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    options: Mapping[str, Any]
    result: RemoteResult | None
    error: Mapping[str, Any] | None

    @property
    def finished(self) -> bool:
        """Whether nothing will change any more, except that it expires."""
        return self.state in FINISHED

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> RemoteAnimation:
        """From the service's object."""
        moments = ("created_at", "started_at", "finished_at", "expires_at")
        plain: dict[str, Any] = {name: _moment(facts[name]) for name in moments}
        for name in ("id", "state", "stage", "fraction", "options"):
            plain[name] = facts[name]
        return cls(
            **plain,
            result=None if facts["result"] is None else RemoteResult.read(facts["result"]),
            error=facts["error"],
        )


@dataclass(frozen=True)
class RemotePage:
    """Some of one's animations, newest first. next: where the following page begins, if any."""

    animations: tuple[RemoteAnimation, ...]
    next: str | None

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> RemotePage:
        """From the service's object."""
        return cls(tuple(map(RemoteAnimation.read, facts["animations"])), facts["next"])


@dataclass(frozen=True)
class RemotePreview:
    """What was found in a photo.

    width, height: of the preview's pictures. found: which part of the photo is sky, hair, faces,
    0 to 1 each. mattes, motion: addresses that need no key until `expires_at`.
    """

    id: str
    width: int
    height: int
    photo_width: int
    photo_height: int
    found: Mapping[str, float]
    expires_at: datetime | None
    mattes: str
    motion: str

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> RemotePreview:
        """From the service's object."""
        names = ("id", "width", "height", "photo_width", "photo_height", "found", "mattes")
        return cls(
            **{name: facts[name] for name in names},
            motion=facts["motion"],
            expires_at=_moment(facts["expires_at"]),
        )


@dataclass(frozen=True)
class RemoteMattes:
    """Where sky and hair are in a photo.

    width, height: of the mattes: the photo's, at most 4,096. found: which part of the photo is
    sky, hair, faces, 0 to 1 each. sky, hair: addresses of grey PNG pictures, white where the
    element is, that need no key until `expires_at`.
    """

    id: str
    width: int
    height: int
    found: Mapping[str, float]
    expires_at: datetime | None
    sky: str
    hair: str

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> RemoteMattes:
        """From the service's object."""
        names = ("id", "width", "height", "found", "sky", "hair")
        return cls(**{name: facts[name] for name in names}, expires_at=_moment(facts["expires_at"]))


@dataclass(frozen=True)
class CompatibleResult:
    """What the compatible endpoint gives. url: of the loop; it needs no key."""

    url: str
    request_id: str
    log_id: str


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
