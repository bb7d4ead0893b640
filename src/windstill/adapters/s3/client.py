"""The client of the object store, with bounded patience."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.store import S3Store

from windstill.adapters.s3.address import Address

if TYPE_CHECKING:
    from obstore.store import S3Config

_CONNECT = 2.0
_REQUEST = 6.0
"""A whole request may take so many times the patience, with its body."""


def connect(address: Address, endpoint: str, patience: float) -> S3Store:
    """A client of the bucket at `endpoint`; nothing is sent yet.

    patience: seconds until an answer begins, and between any two pieces of it. A request that
    fails earlier is repeated twice at most; one that ran into it is not, so that a store that
    hangs is noticed after these seconds.
    """
    config: S3Config = {
        "region": address.region,
        "virtual_hosted_style_request": address.in_host,
        # Not every object store deletes many objects in one request.
        "disable_bulk_delete": True,
    }
    if endpoint:
        config["endpoint"] = endpoint
    if address.access_key:
        config["access_key_id"] = address.access_key
        config["secret_access_key"] = address.secret_key
    return S3Store(
        address.bucket,
        prefix=address.prefix or None,
        config=config,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=min(_CONNECT, patience)),
            "read_timeout": timedelta(seconds=patience),
            "timeout": timedelta(seconds=_REQUEST * patience),
            "user_agent": "windstill",
        },
        retry_config={
            "max_retries": 2,
            "retry_timeout": timedelta(seconds=0.9 * patience),
            "backoff": {
                "init_backoff": timedelta(milliseconds=50),
                "max_backoff": timedelta(milliseconds=500),
                "base": 2,
            },
        },
    )
