"""A request for a job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windstill.errors import InvalidOption
from windstill.jobs.callbacks import Callback
from windstill.jobs.config import Config
from windstill.jobs.model import ANIMATE, Job, new_id

_MAX_NAME = 255


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A request for a job.

    photo: the upload, as bytes or as a file, which may be moved away. extras: further uploads,
    by the name that the task finds them under beside the photo. payload: what the task is
    told, as made by `windstill.jobs.task.payload`. attached: the caller waits on an open
    connection. priority: higher runs first. cost: credits; None: the configured cost.
    idempotency_key: equal submissions of one key with the same idempotency key make one job.
    patience: seconds until an unfinished job is failed; None: as configured. callback: who is
    told of the job's end.
    """

    key_id: str
    photo: bytes | Path = field(repr=False)
    extras: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    payload: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ANIMATE
    attached: bool = False
    priority: int = 0
    cost: int | None = None
    idempotency_key: str | None = None
    patience: float | None = None
    callback: Callback | None = None

    def to_job(self, config: Config, now: float, asked_at: str | None = None) -> Job:
        """The job that is asked for. Raises `InvalidOption` for a bad idempotency key.

        asked_at: the process with the connection on which the caller waits, if he does.
        """
        name = self.idempotency_key
        if name is not None and not (0 < len(name) <= _MAX_NAME and name.isprintable()):
            raise InvalidOption(
                f"An idempotency key has 1 to {_MAX_NAME} printable characters.",
                field="idempotency_key",
            )
        patience = config.patience if self.patience is None else self.patience
        return Job(
            id=new_id(),
            key_id=self.key_id,
            kind=self.kind,
            payload=dict(self.payload),
            priority=self.priority,
            cost=config.cost if self.cost is None else self.cost,
            attached=self.attached,
            accepted_by=asked_at if self.attached else None,
            created_at=now,
            deadline=now + patience,
            upload=f"uploads/{new_id()}",
            extras={name: f"uploads/{new_id()}" for name in self.extras},
            idempotency_key=self.idempotency_key,
            fingerprint=None if self.idempotency_key is None else _fingerprint(self),
            callback=self.callback,
        )

    def contents(self, job: Job) -> dict[str, bytes | Path]:
        """What is to be stored for the job made of this request, by blob name."""
        found: dict[str, bytes | Path] = {} if job.upload is None else {job.upload: self.photo}
        return found | {job.extras[name]: content for name, content in self.extras.items()}


def _fingerprint(request: Submission) -> str:
    """What two submissions have in common that ask for the same thing."""
    digest = hashlib.sha256()
    if isinstance(request.photo, Path):
        with open(request.photo, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    else:
        digest.update(request.photo)
    told = None if request.callback is None else request.callback.url
    asked = json.dumps(
        [request.kind, dict(request.payload), request.priority, told], sort_keys=True
    )
    digest.update(b"\0" + asked.encode())
    for name, content in sorted(request.extras.items()):
        digest.update(b"\0" + name.encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()
