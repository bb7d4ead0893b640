from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from windstill.adapters.links import SignedLinks, load_secret
from windstill.adapters.local_blobs import LocalBlobs
from windstill.jobs.errors import BlobMissing, LinkExpired, LinkRefused, StorageError

NAME = "results/0123456789abcdef.mp4"
EXPIRES = 2_000_000_000


class Clock:
    now = EXPIRES - 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def blobs(tmp_path: Path, clock: Clock) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs", SignedLinks(b"s" * 32, clock), "/files/")


def parts(link: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"/files/(.+)\?expires=(\d+)&signature=([\w-]+)", link)
    assert found is not None
    return found[1], found[2], found[3]


def test_a_link_opens_its_blob_until_it_expires(blobs: LocalBlobs, clock: Clock) -> None:
    info = blobs.put(NAME, b"video")
    link = blobs.link(NAME, expires_at=EXPIRES + 0.9)
    assert blobs.check(*parts(link)) == info
    assert blobs.path(NAME).read_bytes() == b"video"
    clock.now = EXPIRES - 0.001
    assert blobs.check(*parts(link)) == info
    clock.now = EXPIRES
    with pytest.raises(LinkExpired):
        blobs.check(*parts(link))


def test_a_good_link_to_a_removed_blob_says_so(blobs: LocalBlobs) -> None:
    with pytest.raises(BlobMissing):
        blobs.check(*parts(blobs.link(NAME, expires_at=EXPIRES)))


def alterations() -> list[tuple[str, str, str]]:
    name, expires, signature = "results/0123456789abcdef.mp4", str(EXPIRES), "{}"
    return [
        ("results/0123456789abcdee.mp4", expires, signature),
        ("results/0123456789abcdef.avi", expires, signature),
        ("uploads/0123456789abcdef.mp4", expires, signature),
        (name + "\n", expires, signature),
        (name, str(EXPIRES + 1), signature),
        (name, "9" * 30, signature),
        (name, f" {EXPIRES}", signature),
        (name, f"+{EXPIRES}", signature),
        (name, f"{EXPIRES}.0", signature),
        (name, f"0{EXPIRES}", signature),
        (name, "", signature),
        (name, "nan", signature),
        (name, expires, ""),
        (name, expires, "A" * 43),
        (name, expires, "{}="),
        (name, expires, "{}A"),
        (name, expires, "é"),
        (name, expires, "\udcff"),
        ("\udcff", expires, signature),
    ]


@pytest.mark.parametrize("altered", alterations(), ids=range(len(alterations())))
def test_an_altered_link_opens_nothing(blobs: LocalBlobs, altered: tuple[str, str, str]) -> None:
    blobs.put(NAME, b"video")
    _, _, signature = parts(blobs.link(NAME, expires_at=EXPIRES))
    name, expires, shape = altered
    with pytest.raises(LinkRefused) as refused:
        blobs.check(name, expires, shape.replace("{}", signature))
    assert refused.type is LinkRefused  # not LinkExpired: that would confirm a guess


def test_every_single_character_of_a_signature_counts(blobs: LocalBlobs) -> None:
    blobs.put(NAME, b"video")
    name, expires, signature = parts(blobs.link(NAME, expires_at=EXPIRES))
    for index, letter in enumerate(signature):
        other = "A" if letter != "A" else "B"
        with pytest.raises(LinkRefused):
            blobs.check(name, expires, signature[:index] + other + signature[index + 1 :])


def test_another_services_links_open_nothing(blobs: LocalBlobs, clock: Clock) -> None:
    blobs.put(NAME, b"video")
    other = SignedLinks(b"t" * 32, clock).query(NAME, EXPIRES)
    with pytest.raises(LinkRefused):
        blobs.check(*parts(f"/files/{NAME}?{other}"))


def test_files_are_private_and_a_half_written_one_is_swept(blobs: LocalBlobs) -> None:
    blobs.put(NAME, b"video")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (blobs.root / "results").iterdir()}
    assert modes == {0o600}
    # The folder itself, too, whatever it was before.
    blobs.root.chmod(0o755)
    LocalBlobs(blobs.root, blobs.links)
    for folder in ("", "uploads", "results", "partial"):
        assert stat.S_IMODE((blobs.root / folder).stat().st_mode) == 0o700
    (blobs.root / "partial" / "half").write_bytes(b"vid")
    assert blobs.sweep({NAME}, float("inf")) == ["partial/half"]
    assert blobs.stat(NAME).size == 5


def test_a_full_disk_is_a_storage_error_that_leaves_nothing(
    blobs: LocalBlobs, tmp_path: Path
) -> None:
    (blobs.root / "results").rmdir()
    (blobs.root / "results").write_bytes(b"in the way")
    with pytest.raises(StorageError):
        blobs.put(NAME, b"video")
    assert list((blobs.root / "partial").iterdir()) == []


def test_the_secret_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "link-secret"
    secret = load_secret(path)
    assert len(secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert load_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["link-secret"]


@pytest.mark.parametrize("damage", ["", "abcd", "no hexadecimal", "ü" * 64])
def test_a_damaged_secret_is_refused_and_not_replaced(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "link-secret"
    path.write_text(damage)
    with pytest.raises(StorageError):
        load_secret(path)
    assert path.read_text() == damage
