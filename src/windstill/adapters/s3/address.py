"""Where the bucket is, and with which key it opens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from windstill.errors import InvalidSetting

REGION = "us-east-1"

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,7}")


@dataclass(frozen=True, kw_only=True)
class Address:
    """A bucket, and a folder in it.

    prefix: the folder, without slashes around it; "" is the whole bucket. endpoint: of the object
    store; "" is Amazon's of the region. public_endpoint: the same, as clients reach it; "" is the
    same address. access_key, secret_key: both, or "" for what the environment gives, such as the
    role of the machine or the pod.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    public_endpoint: str = ""
    region: str = REGION
    access_key: str = ""
    secret_key: str = field(default="", repr=False)

    @classmethod
    def of(
        cls,
        storage: str,
        *,
        endpoint: str = "",
        public_endpoint: str = "",
        region: str = "",
        access_key: str = "",
        secret_key: str = "",
    ) -> Address:
        """The address that settings of these names tell; storage: "s3://bucket/prefix".

        Raises `InvalidSetting`, which names the setting.
        """
        scheme, _, place = storage.partition("://")
        bucket, _, prefix = place.partition("/")
        prefix = prefix.strip("/")
        if scheme != "s3" or not _BUCKET.fullmatch(bucket):
            raise InvalidSetting(
                "storage names no bucket; allowed: s3://bucket or s3://bucket/folder.",
                field="storage",
            )
        if prefix and not _PREFIX.fullmatch(prefix):
            raise InvalidSetting(
                "The folder in storage may have letters, digits, points, hyphens and slashes.",
                field="storage",
            )
        if bool(access_key) != bool(secret_key):
            missing = "s3_secret_key" if access_key else "s3_access_key"
            raise InvalidSetting(
                f"{missing} is missing; give both keys, or neither to use the machine's role.",
                field=missing,
            )
        return cls(
            bucket=bucket,
            prefix=prefix,
            endpoint=_root(endpoint, "s3_endpoint"),
            public_endpoint=_root(public_endpoint, "s3_public_endpoint"),
            region=region or REGION,
            access_key=access_key,
            secret_key=secret_key,
        )

    @property
    def in_host(self) -> bool:
        """Whether the bucket is a part of the host's name, as Amazon wants it.

        A name with points would not fit the certificate.
        """
        return not self.endpoint and not self.public_endpoint and "." not in self.bucket

    @property
    def origin(self) -> str:
        """Scheme, host and port of the addresses at which clients read blobs."""
        endpoint = self.public_endpoint or self.endpoint
        if endpoint:
            parts = urlsplit(endpoint)
            return f"{parts.scheme}://{parts.netloc}"
        host = f"s3.{self.region}.amazonaws.com"
        return f"https://{self.bucket}.{host}" if self.in_host else f"https://{host}"


def _root(url: str, setting: str) -> str:
    """The address without a slash at its end; "" stays. Raises `InvalidSetting`."""
    if not url:
        return ""
    parts = urlsplit(url)
    try:
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.username is not None or parts.query or parts.fragment:
        raise InvalidSetting(
            f"{setting} is no address; allowed is one like https://s3.example.org.", field=setting
        )
    return url.rstrip("/")
