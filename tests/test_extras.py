"""The command that adds an extra is one that works for what is installed here."""

from __future__ import annotations

import json

import pytest

from windstill import extras

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "windstill[serve]"),
        ({"url": "file:///w/windstill-1.whl", "archive_info": {}},
         "windstill[serve] @ file:///w/windstill-1.whl"),
        ({"url": "file:///home/my%20clone", "dir_info": {"editable": True}},
         "/home/my clone[serve]"),
        ({"url": "https://example.org/w.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
         f"windstill[serve] @ git+https://example.org/w.git@{COMMIT}"),
    ],
    ids=["index", "wheel", "folder", "repository"],
)  # fmt: skip
def test_it_names_where_windstill_came_from(
    monkeypatch: pytest.MonkeyPatch, origin: dict[str, object] | None, command: str
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return None if origin is None else json.dumps(origin)

    monkeypatch.setattr(extras, "distribution", lambda name: Installed())
    assert extras.pip_command("serve") == f"pip install '{command}'"
