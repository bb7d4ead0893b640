"""Malformed, odd and malicious files are refused politely and leave nothing behind."""

from __future__ import annotations

import random
import struct
import zlib
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.http import photos
from tests.http.envelopes import checked
from tests.http.running import RunningServer, until
from tests.pictures import DATA


def files(part: int) -> list[bytes]:
    """Every `part`th file of the collection of hostile files, and as many made ones."""
    folder = DATA / "hostile"
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path.read_bytes() for path in found[::part]] + made()[:: max(1, part // 10)]


def made() -> list[bytes]:
    """200 truncations, bombs, polyglots, random bytes and renamed types."""
    chance = random.Random(7)
    seeds = list(photos.variants().values())
    cut = [seed[: chance.randrange(1, len(seed))] for seed in seeds for _ in range(5)]
    flipped = [flip(seed, chance) for seed in seeds for _ in range(5)]
    noise = [chance.randbytes(chance.randrange(1, 5000)) for _ in range(20)]
    signed = [seed[:12] + chance.randbytes(500) for seed in seeds]
    polyglots = [seed + tail for seed in seeds for tail in (b"PK\x03\x04" * 9, b"<script>", seed)]
    return (cut + flipped + noise + signed + polyglots + bombs())[:200]


def flip(seed: bytes, chance: random.Random) -> bytes:
    changed = bytearray(seed)
    for _ in range(8):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def bombs() -> list[bytes]:
    """Small files that claim or hold huge pictures."""
    return [png(width, height) for width, height in ((60_000, 60_000), (1999, 1999), (2**31, 1))]


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(2_000_000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", head), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )


def check(server: RunningServer, contents: Iterable[bytes]) -> Counter[int]:
    before = set(server.files())

    def status(content: bytes) -> int:
        response = server.animate(content)
        checked(response)
        return response.status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = Counter(pool.map(status, contents))
    assert max(statuses) < 500, statuses
    assert statuses[429] == 0
    # A job's end is told before its upload is removed.
    until(lambda: len(set(server.files()) - before) == statuses[200])
    left = set(server.files()) - before
    assert all("result" in str(path) for path in left), "every file left is a result"
    return statuses


def test_a_sample_of_hostile_files(server: RunningServer) -> None:
    statuses = check(server, made()[::8])
    assert statuses[422] > 0


@pytest.mark.skipif(not (DATA / "hostile").is_dir(), reason="the collection is not here")
def test_a_sample_of_collected_files(server: RunningServer) -> None:
    check(server, files(40))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not (DATA / "hostile").is_dir(), reason="the collection is not here")
def test_all_hostile_files(server: RunningServer) -> None:
    check(server, files(1))
