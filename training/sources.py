"""Which pictures exist, and what each set's labels say about sky, hair and face.

A set labels only its own element. Whether its silence about another element means "none here" or
"nobody looked" is a property of the set, written down in `SETS` and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

SKY, HAIR, FACE = 0, 1, 2
CLASSES = ("sky", "hair", "face")

Kind = Literal["portrait", "street", "scene", "absence"]


@dataclass(frozen=True)
class LabelledSet:
    """One folder of labelled pictures.

    `element` is what the `NAME.png` masks label; `absent` are the classes that never occur in the
    set; every other class is unknown. `share` is the set's part of the sampled pictures, and
    `heads` of those that the network for heads is shown.
    """

    folder: str
    element: int
    absent: tuple[int, ...]
    share: float
    kind: Kind
    heads: float
    permissive: bool = False


# Portraits without sky are at most a sixth of all samples: with more, skies behind houses and
# people are lost; with none, plain walls become sky.
SETS = (
    LabelledSet("hair/figaro", HAIR, (), 0.17, "portrait", 0.34),
    LabelledSet("hair/celeb1k", HAIR, (SKY,), 0.08, "portrait", 0.14),
    LabelledSet("face/celeba19", HAIR, (SKY,), 0.10, "portrait", 0.14),
    LabelledSet("hair/fasseg_v2", HAIR, (SKY,), 0.008, "portrait", 0.008),
    LabelledSet("hair/fasseg_v3", HAIR, (SKY,), 0.022, "portrait", 0.022),
    LabelledSet("hair/lfw", HAIR, (), 0.02, "portrait", 0.03),
    LabelledSet("hair/ccp", HAIR, (), 0.11, "street", 0.20, permissive=True),
    LabelledSet("hair/difficult", HAIR, (), 0.05, "street", 0.08, permissive=True),
    LabelledSet("sky/lmfacade", SKY, (HAIR, FACE), 0.17, "scene", 0.01),
    LabelledSet("sky/camvid", SKY, (HAIR, FACE), 0.08, "scene", 0.01),
    LabelledSet("sky/ade", SKY, (HAIR, FACE), 0.06, "scene", 0.01),
    LabelledSet("sky/cocostuff", SKY, (), 0.01, "scene", 0),
    LabelledSet("sky/difficult", SKY, (), 0.20, "scene", 0, permissive=True),
)
# Unlabelled sets whose pictures show neither sky nor hair nor face, and how often they are drawn;
# by both networks alike.
EMPTY = (("clothes_cc0", 0.10), ("grocery_mit", 0.03))


@dataclass(frozen=True)
class Head:
    """A head worth looking at: its middle (of the width, the height), and its size (of the
    longer side)."""

    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Item:
    """One picture on disk with its masks; `masks[c]` is None where class c is not labelled.

    head: where to look, for what the masks don't tell.
    """

    photo: Path
    masks: tuple[Path | None, Path | None, Path | None]
    absent: tuple[int, ...]
    group: str
    kind: Kind
    share: float
    head: Head | None = None

    @property
    def held_out(self) -> bool:
        """Whether the picture is kept from training to choose between networks (about 4 %; of the
        empty ones a quarter, since no other evaluation part has any)."""
        part = 64 if self.group.startswith("empty/") else 10
        return hashlib.sha256(self.photo.name.encode()).digest()[0] < part


LISTS = Path(__file__).with_name("labels")
ABSENT_SHARE = 0.15
ACCEPTED_SHARE = 0.17
ALOFT_SHARE = 0.06
HARD_SHARE = 0.17
# The group of accepted pictures of things in a bare sky.
ALOFT = "accepted/aloft"
# The unlabelled sets whose pictures are in the public domain.
PERMISSIVE_FOLDERS = ("budgie_cc0", "interfaces_cc0")


def _lines(name: str) -> list[str]:
    return [line for line in (LISTS / name).read_text().splitlines() if line[:1] != "#"]


def absences() -> dict[str, tuple[str, ...]]:
    """Elements that a person found missing, by "folder/name" of the unlabelled picture."""
    lines = [line.split() for line in _lines("absent.txt")]
    return {name: tuple(elements) for name, *elements in lines}


def without(data: Path, permissive_only: bool = False) -> Iterator[Item]:
    """Pictures that a person looked at and found free of sky or hair, from labels/absent.txt."""
    listed = {
        name: elements
        for name, elements in absences().items()
        if not permissive_only or name.startswith(PERMISSIVE_FOLDERS)
    }
    difficult = hard()
    for name, elements in listed.items():
        absent = {CLASSES.index(element) for element in elements}
        if HAIR in absent:
            absent.add(FACE)
        photo = next((data / "unlabelled").glob(name + ".*"), None)
        if photo is not None:
            group = "absent/" + name.split("/")[0]
            share = ABSENT_SHARE / len(listed)
            if name in difficult:
                share += HARD_SHARE / len(difficult)
            yield Item(photo, (None, None, None), tuple(sorted(absent)), group, "absence", share)


def empty(data: Path) -> Iterator[Item]:
    """The pictures of the sets in `EMPTY`; all of them allow any use."""
    for folder, share in EMPTY:
        photos = sorted((data / "unlabelled" / folder).glob("*.webp"))
        for photo in photos:
            nothing = (None, None, None)
            group = f"empty/{folder}"
            yield Item(photo, nothing, (SKY, HAIR, FACE), group, "absence", share / len(photos))


def hard() -> dict[str, Head | None]:
    """Pictures that networks get wrong, by "set/name", and the heads that are the reason."""
    lines = [line.split() for line in _lines("hard.txt")]
    return {name: Head(*map(float, where)) if where else None for name, *where in lines}


def of_heads(items: Iterable[Item]) -> list[Item]:
    """The same pictures, as often as the network for heads is shown them."""
    shares = {entry.folder: entry.heads / entry.share for entry in SETS}
    return [replace(item, share=item.share * shares.get(item.group, 1)) for item in items]


def doubtful() -> dict[str, str]:
    """What is wrong with the labels of evaluation pictures, by "element/set/name"."""
    lines = [line.split(maxsplit=1) for line in _lines("doubtful.txt")]
    return {line[0]: line[1] for line in lines}


def verdicts(element: str) -> dict[str, str]:
    """What a person said about the unsure parts of a mask, by "folder/name", where accepted."""
    lines = [line.split() for line in _lines("accepted.txt")]
    return {name: verdict for known, name, verdict in lines if known == element}


def accepted(data: Path, masks: Path, permissive_only: bool = False) -> Iterator[Item]:
    """Unlabelled pictures whose mask below `masks` a person accepted, from labels/accepted.txt."""
    without_hair = {name for name, elements in absences().items() if "hair" in elements}
    aloft = set(_lines("aloft.txt"))
    lines = [line.split() for line in _lines("accepted.txt")]
    if permissive_only:
        lines = [line for line in lines if line[1].startswith(PERMISSIVE_FOLDERS)]
    for element, name, _ in lines:
        photo = next((data / "unlabelled").glob(name + ".*"), None)
        mask = masks / element / f"{name}.png"
        if photo is not None and mask.exists():
            parts: list[Path | None] = [None, None, None]
            parts[CLASSES.index(element)] = mask
            absent = (HAIR, FACE) if name in without_hair else ()
            share = ACCEPTED_SHARE / len(lines)
            group = "accepted/" + element
            if name in aloft:
                share, group = ALOFT_SHARE / len(aloft), ALOFT
            yield Item(photo, (parts[0], parts[1], parts[2]), absent, group, "scene", share)


def labelled(data: Path, permissive_only: bool = False) -> Iterator[Item]:
    """All labelled training pictures below `data`/train, in a fixed order."""
    excluded, difficult = set(_lines("excluded.txt")), hard()
    for entry in SETS:
        if permissive_only and not entry.permissive:
            continue
        photos = [
            photo
            for photo in sorted((data / "train" / entry.folder).glob("*.webp"))
            if f"{entry.folder}/{photo.stem}" not in excluded
        ]
        for photo in photos:
            masks: list[Path | None] = [None, None, None]
            masks[entry.element] = photo.with_suffix(".png")
            face = photo.with_name(photo.stem + ".face.png")
            if face.exists():
                masks[FACE] = face
            name = f"{entry.folder}/{photo.stem}"
            yield Item(
                photo,
                (masks[0], masks[1], masks[2]),
                entry.absent,
                entry.folder,
                entry.kind,
                entry.share / len(photos)
                + (HARD_SHARE / len(difficult) if name in difficult else 0),
                difficult.get(name),
            )
