"""The runtime of the networks keeps to itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOOK = """
import numpy, windstill
windstill.mattes(numpy.full((64, 96, 3), 120, numpy.uint8))
"""


def test_it_leaves_nothing_behind_and_says_nothing(tmp_path: Path) -> None:
    # What would have it report is off in continuous integration, where nobody would notice.
    ours = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    done = subprocess.run(
        (sys.executable, "-c", LOOK),
        env={**ours, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
