"""Jobs, messages, keys and secrets as rows of a relational database, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from windstill.jobs.accounts import Access, Key, Secret
from windstill.jobs.callbacks import Callback, Message
from windstill.jobs.model import Failure, Job, Lease, Result, State

_PLAIN = (
    "id",
    "key_id",
    "kind",
    "priority",
    "cost",
    "created_at",
    "deadline",
    "started_at",
    "finished_at",
    "expires_at",
    "attempts",
    "stage",
    "fraction",
    "upload",
    "idempotency_key",
    "fingerprint",
    "accepted_by",
)
_MESSAGE = ("job_id", "key_id", "created_at", "attempts", "next_at", "delivered_at", "problem")
_KEY = ("id", "name", "created_at", "revoked_at", "rate", "job_limit")
_ACCESS = ("id", "generation", "former_until", "closed_at")
_FLAGS = ("attached", "cancel_requested")


def from_job(job: Job) -> dict[str, Any]:
    """A job's row, by column."""
    lease, result, failure, callback = job.lease, job.result, job.failure, job.callback
    return {
        **{name: getattr(job, name) for name in _PLAIN},
        **{name: getattr(job, name) for name in _FLAGS},
        "payload": json.dumps(dict(job.payload)),
        "extras": json.dumps(dict(job.extras)),
        "state": job.state.value,
        "lease_token": lease and lease.token,
        "lease_holder": lease and lease.holder,
        "lease_until": lease and lease.until,
        "result_blob": result and result.blob,
        "result_mime": result and result.mime,
        "result_size": result and result.size,
        "result_facts": result and json.dumps(dict(result.facts)),
        "result_extras": json.dumps(dict(result.extras) if result else {}),
        "failure_code": failure and failure.code,
        "failure_message": failure and failure.message,
        "failure_field": failure and failure.field,
        "callback_url": callback and callback.url,
        "callback_base": callback and callback.base,
    }


def changes(before: Job, after: Job) -> dict[str, Any]:
    """The columns in which the rows of two states of one job differ, as they are after."""
    old, new = from_job(before), from_job(after)
    return {name: value for name, value in new.items() if value != old[name]}


def to_job(row: Mapping[str, Any]) -> Job:
    """The job of a row."""
    lease = result = failure = None
    if row["lease_token"] is not None:
        lease = Lease(row["lease_token"], row["lease_holder"], row["lease_until"])
    if row["result_blob"] is not None:
        facts = json.loads(row["result_facts"])
        extras = json.loads(row["result_extras"])
        result = Result(row["result_blob"], row["result_mime"], row["result_size"], facts, extras)
    if row["failure_code"] is not None:
        failure = Failure(row["failure_code"], row["failure_message"], row["failure_field"])
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    flags: dict[str, Any] = {name: bool(row[name]) for name in _FLAGS}
    return Job(
        **plain,
        **flags,
        payload=json.loads(row["payload"]),
        extras=json.loads(row["extras"]),
        state=State(row["state"]),
        lease=lease,
        result=result,
        failure=failure,
        callback=_callback(row),
    )


def from_message(message: Message) -> dict[str, Any]:
    """A message's row, by column."""
    return {
        **{name: getattr(message, name) for name in _MESSAGE},
        "callback_url": message.callback.url,
        "callback_base": message.callback.base,
    }


def to_message(row: Mapping[str, Any]) -> Message:
    """The message of a row."""
    callback = Callback(row["callback_url"], row["callback_base"])
    return Message(callback=callback, **{name: row[name] for name in _MESSAGE})


def _callback(row: Mapping[str, Any]) -> Callback | None:
    url = row["callback_url"]
    return None if url is None else Callback(url, row["callback_base"])


def from_key(key: Key) -> dict[str, Any]:
    """A key's row of `keys`, by column, without its figures."""
    access = key.access
    return {
        **{name: getattr(key, name) for name in _KEY},
        "high_priority": key.high_priority,
        **{f"access_{name}": access and getattr(access, name) for name in _ACCESS},
    }


def to_key(row: Mapping[str, Any]) -> Key:
    """The key of a row of `keys`."""
    access = None
    if row["access_id"] is not None:
        access = Access(**{name: row[f"access_{name}"] for name in _ACCESS})
    high_priority = bool(row["high_priority"])
    return Key(access=access, high_priority=high_priority, **{name: row[name] for name in _KEY})


def to_secret(row: Mapping[str, Any]) -> Secret:
    """The secret of a row with the columns of `secrets` named secret_..."""
    return Secret(
        prefix=row["secret_prefix"],
        digest=bytes(row["secret_digest"]),
        created_at=row["secret_created_at"],
        expires_at=row["secret_expires_at"],
    )
