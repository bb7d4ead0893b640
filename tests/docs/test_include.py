"""What pages take from other files is there, or the site isn't built."""

from __future__ import annotations

from pathlib import Path

import pytest

site_include = pytest.importorskip("site_include")

FIGURES = """# Speed

Words.

| size | whole | ratio |
|---|---|---|
| small | 1.0 s | 1.5 |
| large | 2.0 s | 1.6 |

| another | table |
|---|---|
| a | b |
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "speed.md").write_text(FIGURES)
    (tmp_path / "say.sh").write_text("echo hello\n")
    return tmp_path


def test_a_table_with_the_chosen_rows_and_columns(root: Path) -> None:
    page = (
        "Before\n\n<!-- include: speed.md; under: Speed; rows: large; columns: ratio -->\n\nAfter"
    )
    table = "| size | ratio |\n| --- | --- |\n| large | 1.6 |"
    filled = site_include.filled(page, root)
    assert filled.replace("|---|", "| --- |").split("\n\n") == ["Before", table, "After"]


def test_a_file_as_code(root: Path) -> None:
    assert site_include.filled("<!-- include: say.sh -->", root) == "```sh\necho hello\n```"


@pytest.mark.parametrize(
    ("directive", "told"),
    [
        ("gone.md", "no gone.md"),
        ("speed.md; under: Weight", "Weight"),
        ("speed.md; under: Speed; rows: huge", "huge"),
        ("speed.md; under: Speed; columns: made_up", "made_up"),
    ],
)
def test_what_is_gone_is_refused(root: Path, directive: str, told: str) -> None:
    with pytest.raises(LookupError, match=told):
        site_include.filled(f"<!-- include: {directive} -->", root)
