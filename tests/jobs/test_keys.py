from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.conftest import Clock
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.accounts import Balance
from windstill.jobs.errors import InvalidKey, RevokedKey, UnknownKey
from windstill.jobs.keys import KeyRing


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "jobs.db")
    yield store
    store.close()


@pytest.fixture
def keys(store: SqliteStore, clock: Clock) -> KeyRing:
    return KeyRing(store, clock)


def test_a_secret_opens_its_key_and_no_other(keys: KeyRing) -> None:
    anna, secret = keys.create("anna")
    otto, other = keys.create("otto")
    assert re.fullmatch(r"ws[A-Za-z0-9]{62}", secret)
    assert keys.authenticate(secret) == anna
    assert keys.authenticate(other) == otto


@pytest.mark.parametrize(
    "wrong",
    ["", "ws", "x" * 64, "{}x", "{}"[:1], " {}", "{}\n", "é" * 64, "\udcff", "x" * 100_000],
    ids=range(10),
)
def test_anything_else_opens_nothing(keys: KeyRing, wrong: str) -> None:
    _, secret = keys.create("anna")
    with pytest.raises(UnknownKey):
        keys.authenticate(wrong.replace("{}", secret))


def test_every_character_counts(keys: KeyRing) -> None:
    _, secret = keys.create("anna")
    for index, letter in enumerate(secret):
        other = "a" if letter != "a" else "b"
        with pytest.raises(UnknownKey):
            keys.authenticate(secret[:index] + other + secret[index + 1 :])


def test_secrets_are_not_stored(keys: KeyRing, store: SqliteStore, tmp_path: Path) -> None:
    _, secret = keys.create("anna")
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret[12:].encode() not in content
    assert secret[:12].encode() in content


def test_both_secrets_are_valid_while_a_key_rotates(keys: KeyRing, clock: Clock) -> None:
    key, old = keys.create("anna")
    rotated, new = keys.rotate("anna", overlap=60)
    assert rotated == key
    assert old != new
    clock.now += 59
    assert keys.authenticate(old) == keys.authenticate(new) == key
    clock.now += 1
    with pytest.raises(UnknownKey):
        keys.authenticate(old)
    assert keys.authenticate(new) == key
    keys.rotate(key.id, overlap=0)
    with pytest.raises(UnknownKey):
        keys.authenticate(new)


def test_a_revoked_key_is_closed_for_good(keys: KeyRing, clock: Clock) -> None:
    key, secret = keys.create("anna")
    _, second = keys.rotate("anna", overlap=60)
    assert keys.revoke("anna").revoked
    for known in (secret, second):
        with pytest.raises(RevokedKey):
            keys.authenticate(known)
    with pytest.raises(InvalidKey):
        keys.rotate("anna", overlap=60)
    assert keys.find("anna").id == key.id
    clock.now += 1
    successor, _ = keys.create("anna")
    assert keys.find("anna") == successor
    assert keys.find(key.id).revoked
    assert [found.id for found in keys.list()] == [key.id, successor.id]


def test_credits_and_limits_can_be_changed(keys: KeyRing) -> None:
    key, _ = keys.create("anna", credits=30, rate=2.0, job_limit=4)
    assert keys.balance(key.id) == Balance(30, 0, 0)
    assert keys.grant("anna", 15).available == 45
    assert keys.grant("anna", None).available is None
    changed = keys.limit("anna", rate=None, job_limit=1)
    assert (changed.rate, changed.job_limit) == (None, 1)


@pytest.mark.parametrize(
    ("name", "limits", "field"),
    [
        ("", {}, "name"),
        ("   ", {}, "name"),
        ("a\nb", {}, "name"),
        ("x" * 101, {}, "name"),
        ("anna", {}, "name"),
        ("otto", {"credits": -1}, "credits"),
        ("otto", {"rate": 0.0}, "rate"),
        ("otto", {"rate": float("nan")}, "rate"),
        ("otto", {"job_limit": 0}, "job_limit"),
    ],
)
def test_nonsense_is_refused(
    keys: KeyRing, name: str, limits: dict[str, float], field: str
) -> None:
    keys.create("anna")
    with pytest.raises(InvalidKey) as refused:
        keys.create(name, **limits)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert len(keys.list()) == 1


@pytest.mark.parametrize("overlap", [-1.0, float("nan")])
def test_a_rotation_needs_an_overlap(keys: KeyRing, overlap: float) -> None:
    keys.create("anna")
    with pytest.raises(InvalidKey):
        keys.rotate("anna", overlap)
    with pytest.raises(InvalidKey):
        keys.find("nobody")
