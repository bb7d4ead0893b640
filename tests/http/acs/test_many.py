"""Services that share a database share nonces, pairs and uploads; a restart forgets nothing."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http import photos
from tests.http.acs.conftest import SIGNED, keys_of, signer
from tests.http.acs.signing import Signer, loop_address, refusal
from tests.http.acs.test_uploads import address, allowed, fields, put
from tests.http.native.receiving import Receiver
from tests.http.running import SMALL_LOOPS, start_server
from tests.servers.cluster import Cluster, cluster
from tests.servers.postgres import programs


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two services and a worker on one PostgreSQL."""
    if programs() is None:
        pytest.skip("postgresql is not installed")
    given = {**SMALL_LOOPS, **SIGNED, "access_secret": secrets.token_hex(32)}
    folder = tmp_path_factory.mktemp("two")
    with cluster(folder, broker=False, store=False, **given) as made:
        made.add(services=2, workers=1)
        yield made


@pytest.fixture(scope="module")
def clients(two: Cluster, album: Receiver) -> tuple[Signer, Signer]:
    """One client, at each of the services."""
    pair = json.loads(two.run("keys", "access", "cluster", "--json"))
    first, second = (
        Signer(service.address, *pair.values(), photo=f"{album.address}/photo.jpg")
        for service in two.services
    )
    return first, second


def test_a_nonce_counts_once_for_all(clients: tuple[Signer, Signer]) -> None:
    first, second = clients
    nonce = uuid.uuid4().hex
    assert loop_address(first.acs3(headers={"x-acs-signature-nonce": nonce}))
    for again in (
        second.acs3(headers={"x-acs-signature-nonce": nonce}),
        second.rpc(SignatureNonce=nonce),
    ):
        assert refusal(again) == (400, "SignatureNonceUsed")
    assert loop_address(second.rpc())


def test_a_file_is_put_at_one_and_named_at_the_other(clients: tuple[Signer, Signer]) -> None:
    first, second = clients
    told = allowed(first)
    assert put(second, fields(told), photos.jpeg()).status_code == 201
    assert loop_address(first.acs3(first.form(Url=address(told))))


def test_all_know_a_pair_that_was_switched_off(two: Cluster, album: Receiver) -> None:
    two.run("keys", "create", "otto")
    pair = json.loads(two.run("keys", "access", "otto", "--json"))
    two.run("keys", "access", "otto", "--off")
    for service in two.services:
        client = Signer(service.address, *pair.values(), photo=f"{album.address}/photo.jpg")
        assert refusal(client.acs3()) == (400, "InvalidAccessKeyId.Inactive")


def test_a_restart_forgets_no_nonce(tmp_path: Path, album: Receiver) -> None:
    nonce = {"x-acs-signature-nonce": uuid.uuid4().hex}
    server = start_server(tmp_path, **SIGNED)
    client = signer(server, keys_of(server).pair("anna"), album)
    assert loop_address(client.acs3(headers=nonce))
    server.process.kill()
    server.stop()
    server = start_server(tmp_path, **SIGNED)
    again = client.with_(address=server.address).acs3(headers=nonce)
    assert refusal(again) == (400, "SignatureNonceUsed")
    assert server.stop() == 0
