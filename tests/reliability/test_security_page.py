"""SECURITY.md names what exists: modules, settings and tests."""

from __future__ import annotations

import re
from pathlib import Path

from tests.reliability.guards import GUARDS, PACKAGE, names_of_tests
from windstill.settings import describe

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def limits() -> list[tuple[str, str]]:
    """Of each limit: where it is set, and how it is tested."""
    table = PAGE.partition("Each limit")[2].partition("\n## ")[0]
    rows = [line.strip("| \n").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return [(row[2], row[3]) for row in rows[2:]]


def rows_of_limits() -> list[str]:
    """What each limit is."""
    table = PAGE.partition("Each limit")[2].partition("\n## ")[0]
    rows = [line.strip("| \n").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return [row[0] for row in rows[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_limit_names_where_it_is_set_and_a_test() -> None:
    settings = {str(row["name"]) for row in describe()}
    assert len(limits()) > 15
    for place, test in limits():
        assert place == "the store" or quoted(place), place
        for name in quoted(place):
            assert name in settings or (ROOT / "src/windstill" / name).exists(), name
        assert quoted(test), test
        for name in quoted(test):
            assert (ROOT / "tests" / name).is_file(), name


def test_every_limit_has_a_guard_in_the_table_of_mutations() -> None:
    named = {guard.row for guard in GUARDS}
    rows = rows_of_limits()
    for row in rows:
        assert any(row.startswith(name) for name in named), row
    for name in named:
        assert sum(row.startswith(name) for row in rows) == 1, name


def test_every_guard_is_where_the_table_says_and_its_test_exists() -> None:
    for guard in GUARDS:
        text = (PACKAGE / guard.file).read_text(encoding="utf-8")
        assert text.count(guard.old) == 1, (guard.file, guard.old)
        compile(guard.edited, guard.file, "exec")
        file, _, name = guard.test.partition("::")
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert not name or name.partition("[")[0] in names_of_tests(source), guard.test


def test_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / target).exists(), target
