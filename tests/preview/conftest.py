"""One browser for all tests of the preview."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.preview.browser import Probe, probe


@pytest.fixture(scope="module")
def browser() -> Iterator[Probe]:
    with probe() as ready:
        yield ready
