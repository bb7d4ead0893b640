"""Numbers that are none: refused with their field, wherever one is read."""

from __future__ import annotations

import httpx
import pytest

from tests.http.native.asking import bearer, post, problem
from tests.http.running import RunningServer
from windstill.http.numbers import whole_number

NO_LIMITS = [
    "", "0", "101", "-1", "+5", "1.0", "1e1", "0x5", "5 ", "9" * 39, "9" * 5000, "0" * 39 + "5",
    "000000000000000101", "\u0665", "\uff15", "\u00b2", "1_0",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_LIMITS)
def test_the_limit_of_a_list_is_bounded(server: RunningServer, text: str) -> None:
    answer = httpx.get(
        f"{server.address}/v1/animations", params={"limit": text}, headers=bearer(server)
    )
    problem(answer, 400, "invalid_field", "limit")


@pytest.mark.parametrize("text", ["\u0665", "\uff15", "1_0", "0x5", "9" * 400, "nan", "inf", "5 5"])
@pytest.mark.parametrize("field", ["seconds", "seed", "wind"])
def test_options_are_written_in_ascii(server: RunningServer, field: str, text: str) -> None:
    problem(post(server, **{field: text}), 400, "invalid_option", field)


def test_a_host_of_other_letters_is_refused(server: RunningServer) -> None:
    for host in ("localho\u017ft", "\u212aelvin.example.org"):
        answer = httpx.post(
            f"{server.address}/v1/animations",
            headers=bearer(server),
            json={"image_url": f"http://{host}/photo.jpg"},
        )
        assert answer.status_code in (403, 422), answer.text


def test_whole_numbers() -> None:
    assert whole_number("007", 1, 9) == 7
    assert whole_number("0") == 0
    assert whole_number(str(2**63)) == 2**63
    for text in ("", "-1", " 1", "1 ", "\u0661", "1" * 20, "1_0"):
        assert whole_number(text) is None
    assert whole_number("10", 0, 9) is None
