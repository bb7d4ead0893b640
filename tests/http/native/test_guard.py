"""What clients name is asked only where it is public: no spelling, redirect or name gets inside."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from tests.http.native.receiving import Receiver, receiver
from windstill.errors import InvalidSetting
from windstill.http.guard import Guard, Reply, Unreachable, is_public, networks_of
from windstill.http.resolver import Resolver

HERE = networks_of("127.0.0.1/32")

FORBIDDEN = [
    # Loopback, as the resolvers of the world read it.
    "http://127.0.0.1:{port}/", "http://127.0.0.2:{port}/", "http://127.255.255.254:{port}/",
    "http://127.1:{port}/", "http://127.0.1:{port}/", "http://2130706433:{port}/",
    "http://0x7f000001:{port}/", "http://0x7f.0.0.1:{port}/", "http://0x7f.1:{port}/",
    "http://0177.0.0.1:{port}/", "http://0177.0x0.0.1:{port}/", "http://017700000001:{port}/",
    "http://00000177.1:{port}/", "http://localhost:{port}/", "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/", "http://LocalHost.:{port}/", "http://localho\u017ft:{port}/",
    "http://loca\u212ahost:{port}/", "http://127.0.0.1.:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/", "http://127。0。0。1:{port}/", "http://127%2e0%2e0%2e1:{port}/",
    "http://[::1]:{port}/", "http://[0:0:0:0:0:0:0:1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/", "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/", "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/", "http://[::1%25lo]:{port}/", "http://[::1%lo]:{port}/",
    # Nowhere, everywhere, and neighbours.
    "http://0:{port}/", "http://0.0.0.0:{port}/", "http://0.1.2.3:{port}/", "http://[::]:{port}/",
    "http://255.255.255.255:{port}/", "http://224.0.0.1:{port}/", "http://[ff02::1]:{port}/",
    "http://240.0.0.1:{port}/", "http://10.0.0.1/", "http://10.1:{port}/", "http://172.16.0.1/",
    "http://172.31.255.255/", "http://192.168.1.1/", "http://3232235777/", "http://0xc0a80101/",
    "http://100.64.0.1/", "http://198.18.0.1/", "http://192.0.0.1/", "http://192.0.2.1/",
    "http://192.88.99.1/", "http://203.0.113.9/", "http://[fe80::1]/", "http://[fc00::1]/",
    "http://[fd00:ec2::254]/", "http://[fec0::1]/", "http://[2001:db8::1]/", "http://[3fff::1]/",
    "http://[100::1]/",
    # What clouds tell their own machines.
    "http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/", "http://2852039166/",
    "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://[::ffff:a9fe:a9fe]/",
    "http://[::ffff:169.254.169.254]/",
    # Users, other schemes, odd parts.
    "http://example.org@127.0.0.1:{port}/", "http://127.0.0.1:{port}#@example.org/",
    "http://127.0.0.1:{port}\\@example.org/", "http://user:pass@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_GET", "ftp://127.0.0.1:{port}/", "dict://127.0.0.1:{port}/",
    "unix:///var/run/docker.sock", "data:image/png;base64,AAAA", "http://", "http:///", "127.0.0.1",
    "http://127.0.0.1:{port}/\r\nHost: x", "http://127.0.0.1 :{port}/", "http://\t127.0.0.1:{port}",
    "http://127.0.0.1:22/", "http://example.org:25/", "http://example.org:99999/", "http://a..b/",
]  # fmt: skip


@pytest.fixture
def inside() -> Iterator[Receiver]:
    with receiver() as found:
        found.answers["/"] = [(200, {}, b"secret")]
        yield found


def get(guard: Guard, url: str, most: int = 1000, seconds: float = 20) -> Reply:
    return asyncio.run(guard.get(url, most=most, seconds=seconds))


def test_no_spelling_gets_inside(inside: Receiver) -> None:
    port = inside.address.rpartition(":")[2]
    assert len(FORBIDDEN) >= 60
    guard = Guard()
    for spelling in FORBIDDEN:
        with pytest.raises(Unreachable) as refused:
            get(guard, spelling.replace("{port}", port), seconds=5)
        # Nothing of what was found out is told.
        assert "public" not in refused.value.message
        assert "127" not in refused.value.message
    assert inside.heard == []


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::1"], ["::ffff:10.0.0.1"], ["nonsense"], []],
)
def test_a_name_with_any_inner_address_is_refused(inside: Receiver, addresses: list[str]) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    port = inside.address.rpartition(":")[2]
    with pytest.raises(Unreachable):
        get(Guard(resolve=resolve), f"http://inner.example.org:{port}/")
    assert inside.heard == []


def test_a_name_is_refused_for_any_of_its_addresses(inside: Receiver) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1", "127.0.0.2"]

    port = inside.address.rpartition(":")[2]
    with pytest.raises(Unreachable):
        get(Guard(HERE, resolve), f"http://both.example.org:{port}/")
    assert inside.heard == []


def test_a_name_is_resolved_once_and_that_address_is_asked(inside: Receiver) -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    port = inside.address.rpartition(":")[2]
    reply = get(Guard(HERE, rebinding), f"http://Photos.example.org:{port}/")
    assert (reply.status, reply.body) == (200, b"secret")
    assert asked == ["photos.example.org"]
    assert inside.heard[0][1]["host"] == f"photos.example.org:{port}"


def test_redirects_are_checked_and_counted(inside: Receiver) -> None:
    with receiver("127.0.0.2") as deeper:
        deeper.answers["/"] = [(200, {}, b"secret")]
        inside.answers["/good"] = [(302, {"Location": "/"}, b"")]
        inside.answers["/bad"] = [(302, {"Location": f"{deeper.address}/"}, b"")]
        inside.answers["/file"] = [(302, {"Location": "file:///etc/passwd"}, b"")]
        inside.answers["/round"] = [(307, {"Location": "/round"}, b"")]
        guard = Guard(HERE)
        assert get(guard, f"{inside.address}/good").body == b"secret"
        for path in ("/bad", "/file", "/round"):
            with pytest.raises(Unreachable):
                get(guard, inside.address + path)
        assert deeper.heard == []
        assert [path for path, _, _ in inside.heard].count("/round") == 4


def test_answers_are_bounded(inside: Receiver) -> None:
    guard = Guard(HERE)
    with pytest.raises(Unreachable, match="more than 5 bytes"):
        get(guard, f"{inside.address}/", most=5)
    with pytest.raises(Unreachable, match="404"):
        get(guard, f"{inside.address}/nothing")

    async def silent() -> None:
        async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        async with await asyncio.start_server(keep, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(Unreachable, match="within"):
                await guard.get(f"http://127.0.0.1:{port}/", most=5, seconds=0.2)

    asyncio.run(silent())


def test_public_addresses_are_public() -> None:
    for text in ("93.184.215.14", "8.8.8.8", "172.15.0.1", "2606:4700::1111", "2a00:1450::1"):
        assert is_public(ipaddress.ip_address(text)), text


def test_networks_are_read_from_the_setting() -> None:
    assert [str(network) for network in networks_of(" 10.1.0.0/16, fd00::/8,")] == [
        "10.1.0.0/16", "fd00::/8",
    ]  # fmt: skip
    with pytest.raises(InvalidSetting, match="reachable_networks"):
        networks_of("everything")


def test_name_servers_that_are_silent_hold_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def silent(*asked: object, **more: object) -> list[object]:
        ended.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    guard = Guard(resolve=Resolver(most=32, seconds=0.2))

    async def ask() -> int:
        asked = [
            asyncio.create_task(guard.get("http://silent.example.org/", most=9, seconds=60))
            for _ in range(64)
        ]
        await asyncio.sleep(0)
        # What stores and files use is free all the while.
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "stored"), 30) == "stored"
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 30)
        return sum(isinstance(answer, Unreachable) for answer in answers)

    try:
        assert asyncio.run(ask()) == 64
    finally:
        ended.set()
