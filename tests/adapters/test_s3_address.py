"""What the settings of an object store may say."""

from __future__ import annotations

import pytest

from windstill.adapters.s3 import Address, S3Blobs
from windstill.errors import InvalidSetting

WRONG = [
    ("storage", {"storage": ""}),
    ("storage", {"storage": "bucket"}),
    ("storage", {"storage": "s3://"}),
    ("storage", {"storage": "s3:///folder"}),
    ("storage", {"storage": "https://bucket"}),
    ("storage", {"storage": "s3://Bucket"}),
    ("storage", {"storage": "s3://bucket/../other"}),
    ("storage", {"storage": "s3://bucket/a//b"}),
    ("storage", {"storage": "s3://bucket/ä"}),
    ("s3_endpoint", {"endpoint": "s3.example.org"}),
    ("s3_endpoint", {"endpoint": "ftp://s3.example.org"}),
    ("s3_endpoint", {"endpoint": "https://"}),
    ("s3_endpoint", {"endpoint": "https://host:99999"}),
    ("s3_endpoint", {"endpoint": "https://host:port"}),
    ("s3_endpoint", {"endpoint": "https://key:secret@host"}),
    ("s3_public_endpoint", {"public_endpoint": "https://host?x=1"}),
    ("s3_secret_key", {"access_key": "key"}),
    ("s3_access_key", {"secret_key": "secret"}),
]


@pytest.mark.parametrize(("field", "settings"), WRONG, ids=range(len(WRONG)))
def test_a_setting_that_can_not_be_is_named(field: str, settings: dict[str, str]) -> None:
    with pytest.raises(InvalidSetting) as refused:
        Address.of(**{"storage": "s3://bucket/folder", **settings})
    assert refused.value.field == field
    assert "secret" not in refused.value.message.replace("s3_secret_key", "")


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        ({}, "https://loops.s3.us-east-1.amazonaws.com"),
        ({"region": "eu-west-1"}, "https://loops.s3.eu-west-1.amazonaws.com"),
        ({"storage": "s3://my.loops"}, "https://s3.us-east-1.amazonaws.com"),
        ({"endpoint": "http://s3:9000/"}, "http://s3:9000"),
        (
            {"endpoint": "http://s3:9000", "public_endpoint": "https://files.example.org"},
            "https://files.example.org",
        ),
        ({"endpoint": "http://[::1]:9000/store"}, "http://[::1]:9000"),
    ],
)
def test_links_begin_with_the_origin(settings: dict[str, str], origin: str) -> None:
    keys = {"access_key": "key", "secret_key": "secret"}
    blobs = S3Blobs(Address.of(**{"storage": "s3://loops/folder/", **keys, **settings}))
    assert blobs.origin == origin
    link = blobs.link("results/abc.mp4", expires_at=2e9)
    assert link.startswith(f"{origin}/")
    assert "/folder/results/abc.mp4?" in link or "storage" in settings
