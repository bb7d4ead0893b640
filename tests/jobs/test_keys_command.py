from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from windstill.adapters.embedded import open_store
from windstill.cli.keys import command
from windstill.errors import InvalidOption, WindstillError
from windstill.jobs.keys import KeyRing

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoke(*arguments: str, data: Path = tmp_path / "data") -> Result:
        return CliRunner().invoke(command, [*arguments, "--data", str(data)])

    return invoke


@pytest.fixture
def told(run: Run) -> Callable[..., Any]:
    def invoke(*arguments: str) -> Any:
        result = run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    return invoke


def test_a_secret_is_shown_once_and_works(run: Run, tmp_path: Path) -> None:
    created = run("create", "anna")
    assert created.exit_code == 0
    secret = created.stdout.strip()
    assert len(secret) == 64
    assert secret not in created.stderr
    store = open_store(tmp_path / "data")
    assert KeyRing(store).authenticate(secret).name == "anna"
    store.close()
    for shown in (run("show", "anna"), run("list"), run("list", "--json")):
        assert secret not in shown.output
        assert "anna" in shown.output


def test_scripts_get_json(told: Callable[..., Any]) -> None:
    created = told("create", "anna", "--credits", "30", "--rate", "30", "--job-limit", "2")
    assert len(created["secret"]) == 64
    shown = told("show", "anna")
    assert {**shown, "secret": created["secret"]} == created
    assert (shown["left"], shown["rate"], shown["job_limit"]) == (30, 30, 2)
    assert told("list") == [shown]
    assert told("credit", "anna", "-10")["left"] == 20
    assert told("credit", "anna", "1000")["left"] == 1020
    assert told("credit", "anna", "unlimited")["left"] is None
    rotated = told("rotate", "anna", "--overlap", "1.5h")
    assert rotated["secret"] != created["secret"]
    assert told("revoke", "anna")["state"] == "revoked"
    assert told("show", created["id"])["state"] == "revoked"


def test_people_get_a_table(run: Run) -> None:
    run("create", "anna", "--credits", "30")
    run("create", "otto")
    lines = run("list").output.splitlines()
    assert lines[0].split()[:4] == ["name", "id", "state", "left"]
    assert lines[1].split()[0] == "anna"
    assert "unlimited" in lines[2]
    assert "unlimited" in run("show", "otto").output


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("show", "nobody"), "name"),
        (("revoke", "nobody"), "name"),
        (("rotate", "nobody"), "name"),
        (("create", "anna"), "name"),
        (("credit", "anna", "many"), "amount"),
        (("credit", "anna", "1.5"), "amount"),
        (("rotate", "anna", "--overlap", "soon"), "overlap"),
        (("create", "otto", "--credits", "-1"), "credits"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_errors_name_what_is_wrong(run: Run, arguments: tuple[str, ...], field: str) -> None:
    run("create", "anna")
    result = run(*arguments)
    assert isinstance(result.exception, WindstillError)
    assert result.exception.field == field


def test_only_creating_a_key_makes_a_data_folder(run: Run, tmp_path: Path) -> None:
    result = run("list", data=tmp_path / "elsewhere")
    assert isinstance(result.exception, WindstillError)
    assert not (tmp_path / "elsewhere").exists()


def test_every_command_has_an_example() -> None:
    for name, subcommand in command.commands.items():
        assert f"windstill keys {name}" in (subcommand.help or "")


def test_an_access_key_pair_is_printed_again_rotated_and_switched_off(
    run: Run, told: Callable[..., Any]
) -> None:
    run("create", "anna")
    pair = told("access", "anna")
    assert told("access", "anna") == pair
    assert told("show", "anna")["access"] == pair["AccessKeyId"]
    shown = run("access", "anna")
    assert shown.stdout.split() == [word for row in pair.items() for word in row]
    assert "acs_api is off" in shown.stderr
    rotated = told("access", "anna", "--rotate", "--overlap", "1h")
    assert rotated["AccessKeyId"] == pair["AccessKeyId"]
    assert rotated["AccessKeySecret"] != pair["AccessKeySecret"]
    assert told("access", "anna", "--off")["access"] is None
    assert told("access", "anna")["AccessKeySecret"] not in (
        pair["AccessKeySecret"],
        rotated["AccessKeySecret"],
    )


def test_access_is_not_rotated_and_switched_off_at_once(run: Run) -> None:
    run("create", "anna")
    refused = run("access", "anna", "--rotate", "--off")
    assert isinstance(refused.exception, InvalidOption)
