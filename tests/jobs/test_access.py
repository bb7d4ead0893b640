"""Access key pairs: derived, stored nowhere, rotated and switched off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.conftest import Clock
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.access import AccessRing
from windstill.jobs.errors import InvalidKey
from windstill.jobs.keys import KeyRing

SECRET = b"s" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "jobs.db")
    yield store
    store.close()


@pytest.fixture
def keys(store: SqliteStore, clock: Clock) -> KeyRing:
    return KeyRing(store, clock)


@pytest.fixture
def ring(keys: KeyRing) -> AccessRing:
    keys.create("anna")
    keys.create("otto")
    return AccessRing(keys, SECRET)


def valid(ring: AccessRing, access_id: str) -> list[str]:
    """The secrets that sign for a pair now."""
    key = ring.find(access_id)
    assert key is not None
    return ring.secrets_of(key)


def test_a_pair_is_made_once_and_told_again(ring: AccessRing, keys: KeyRing) -> None:
    pair = ring.open("anna")
    assert re.fullmatch("WSAK[0-9A-Za-z]{16}", pair.id)
    assert re.fullmatch("[0-9A-Za-z]{30}", pair.secret)
    assert ring.open("anna") == pair
    assert ring.find(pair.id) == keys.find("anna")
    assert valid(ring, pair.id) == [pair.secret]
    other = ring.open("otto")
    assert pair.id != other.id
    assert pair.secret != other.secret


def test_services_that_share_the_secret_derive_the_same(ring: AccessRing, keys: KeyRing) -> None:
    pair = ring.open("anna")
    assert AccessRing(keys, SECRET).open("anna") == pair
    assert AccessRing(keys, b"t" * 32).open("anna").secret != pair.secret


def test_the_secret_is_not_stored_nor_shown(
    ring: AccessRing, store: SqliteStore, tmp_path: Path
) -> None:
    pair = ring.open("anna")
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert pair.id.encode() in content
    assert pair.secret.encode() not in content
    assert pair.secret not in repr(pair)


def test_a_former_secret_signs_until_the_overlap_ends(ring: AccessRing, clock: Clock) -> None:
    first = ring.open("anna")
    second = ring.rotate("anna", 60)
    assert second.id == first.id
    assert valid(ring, first.id) == [second.secret, first.secret]
    clock.now += 60
    assert valid(ring, first.id) == [second.secret]
    third = ring.rotate("anna", 0)
    assert valid(ring, first.id) == [third.secret]
    assert len({first.secret, second.secret, third.secret}) == 3


def test_a_pair_that_was_off_comes_back_with_a_new_secret(ring: AccessRing) -> None:
    first = ring.open("anna")
    ring.rotate("anna", 60)
    ring.close("anna")
    assert valid(ring, first.id) == []
    again = ring.open("anna")
    assert again.id == first.id
    assert valid(ring, first.id) == [again.secret]
    assert again.secret != first.secret


def test_what_can_not_be_done_is_refused(ring: AccessRing, keys: KeyRing) -> None:
    for change in (ring.close, lambda name: ring.rotate(name, 1)):
        with pytest.raises(InvalidKey, match="no access key pair"):
            change("anna")
    with pytest.raises(InvalidKey, match="overlap"):
        ring.rotate("anna", -1)
    with pytest.raises(InvalidKey, match="no key 'nobody'"):
        ring.open("nobody")
    keys.revoke("anna")
    with pytest.raises(InvalidKey, match="revoked"):
        ring.open("anna")


@pytest.mark.parametrize("access_id", ["", "WSAK", "WSAK" + "x" * 17, "WSAK" + "é" * 16, "\0" * 20])
def test_other_names_are_nobodys(ring: AccessRing, access_id: str) -> None:
    ring.open("anna")
    assert ring.find(access_id) is None


def test_a_nonce_is_used_for_its_time(ring: AccessRing, clock: Clock) -> None:
    assert ring.use_nonce("pair", "one", 60)
    assert not ring.use_nonce("pair", "one", 60)
    clock.now += 60
    assert ring.use_nonce("pair", "one", 60)
