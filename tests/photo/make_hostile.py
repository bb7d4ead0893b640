"""Makes hostile.zip: odd and malformed files that are in the repository, with their licence.

    python -m tests.photo.make_hostile

Each is made here, from generated pictures, by cutting, changing and lying; nothing is anybody
else's. Decoders and encoders of other versions make other bytes, so that it is made only once.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from tests.photo.test_bad_files import BAD
from tests.photo.test_mutations import mutated, seeds

ARCHIVE = Path(__file__).parent / "hostile.zip"
LICENCE = "Made by tests/photo/make_hostile.py of Windstill; the licence is that of the project.\n"
CUTS = (0.05, 0.35, 0.7, 0.98)
MUTANTS = 6
LARGEST = 16 * 1024
_WHEN = (2026, 1, 1, 0, 0, 0)


def files() -> dict[str, bytes]:
    """Every file by its name."""
    found = {
        f"bad/{name.replace(' ', '-').replace('/', '-')}": data
        for name, data, _ in BAD
        if len(data) <= LARGEST
    }
    originals, rng = seeds(), np.random.default_rng(22)
    for number, seed in enumerate(originals):
        for share in CUTS:
            found[f"cut/{number:02d}-{share:.2f}"] = seed[: int(len(seed) * share)]
        for turn in range(MUTANTS):
            found[f"mutated/{number:02d}-{turn}"] = mutated(seed, originals, rng)[:LARGEST]
    return found


def main() -> None:
    with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"LICENCE": LICENCE.encode(), **files()}.items():
            archive.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED)
    print(f"{len(files())} files, {ARCHIVE.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
