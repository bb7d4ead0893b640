"""How work is shared among processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from windstill.cli import shares

GIB = 1 << 30


def machine(root: Path, available: int, limit: str = "max", used: int = 0) -> Path:
    """A file system root that tells of that much memory."""
    (root / "proc").mkdir()
    (root / "proc/meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {available >> 10} kB\n")
    (root / "sys/fs/cgroup").mkdir(parents=True)
    (root / "sys/fs/cgroup/memory.max").write_text(f"{limit}\n")
    (root / "sys/fs/cgroup/memory.current").write_text(f"{used}\n")
    return root


def test_memory_is_what_machine_and_container_leave(tmp_path: Path) -> None:
    for number, (limit, used, free) in enumerate(
        [("max", 0, 5 * GIB), (str(2 * GIB), GIB, GIB), (str(GIB), 2 * GIB, 0)]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert shares.free_memory(machine(folder, 5 * GIB, limit, used)) == free


@pytest.mark.parametrize(
    ("cpus", "memory", "asked", "photos", "expected"),
    [
        (8, 64 * GIB, None, 100, (8, 1)),
        (8, 64 * GIB, None, 3, (3, 2)),
        (8, 2 * GIB, None, 100, (2, 4)),
        (8, 0, None, 100, (1, None)),
        (2, 64 * GIB, 5, 100, (5, 1)),
        (8, 64 * GIB, 4, 1, (1, None)),
        (8, 64 * GIB, None, 0, (1, None)),
    ],
)
def test_processes_and_threads(
    monkeypatch: pytest.MonkeyPatch,
    cpus: int,
    memory: int,
    asked: int | None,
    photos: int,
    expected: tuple[int, int | None],
) -> None:
    monkeypatch.setattr(shares, "usable_cpus", lambda: cpus)
    monkeypatch.setattr(shares, "free_memory", lambda: memory)
    assert shares.sizes(asked, photos, 2048, None) == expected
    assert shares.sizes(asked, photos, 2048, 7)[1] == 7
