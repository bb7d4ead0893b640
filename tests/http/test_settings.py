"""Settings: where they come from, what they refuse, how they are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from windstill.cli import main
from windstill.errors import InvalidSetting
from windstill.jobs.config import Config
from windstill.opening import engine_settings
from windstill.options import Options
from windstill.settings import Settings, describe, load, reference, without_password


def test_later_sources_win_and_are_named(tmp_path: Path) -> None:
    file = tmp_path / "service.toml"
    file.write_text('port = 1000\nslots = 3\nformat = "avi"\n')
    environ = {"WINDSTILL_PORT": "2000", "WINDSTILL_SLOTS": " 4 ", "OTHER": "1"}
    found = load({"port": "3000", "host": None}, environ=environ, file=file)
    settings = found.settings
    assert (settings.port, settings.slots, settings.format) == (3000, 4, "avi")
    assert found.origins["port"] == "flag --port"
    assert found.origins["slots"] == "environment WINDSTILL_SLOTS"
    assert found.origins["format"] == f"file {file}"
    assert found.origins["host"] == "default"


def test_a_file_in_the_data_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "windstill.toml").write_text("fps = 30")
    assert load({"data": str(tmp_path)}, environ={}).settings.fps == 30
    assert load(environ={"WINDSTILL_DATA": str(tmp_path)}).settings.fps == 30
    other = tmp_path / "other.toml"
    other.write_text("fps = 25")
    assert load(environ={"WINDSTILL_CONFIG": str(other)}).settings.fps == 25


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("port", "x", "a whole number from 0 to 65535"),
        ("port", "65536", "from 0 to 65535"),
        ("port", "1.5", "a whole number"),
        ("seconds", "nan", "a number from 2 to 12"),
        ("seconds", "inf", "a number from 2 to 12"),
        ("format", "gif", "mp4 or avi"),
        ("metrics", "perhaps", "true or false"),
        ("status_profile", "2024", "current or 2025"),
        ("database", "mysql://root:hidden@db/x", "empty or postgresql://"),
        ("broker", "redis://:hidden@broker", "empty or amqp://"),
        ("broker", "amqp:hidden", "empty or amqp://"),
        ("storage", "/srv/hidden", "empty or s3://"),
        ("link_secret", "hidden", "64 hexadecimal digits or more"),
        ("webhook_secret", "0f" * 16, "64 hexadecimal digits or more"),
    ],
)
def test_a_wrong_value_is_refused_with_its_source(name: str, value: str, allowed: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        load(environ={f"WINDSTILL_{name.upper()}": value})
    assert caught.value.field == name
    assert allowed in caught.value.message
    assert f"WINDSTILL_{name.upper()}" in caught.value.message
    assert "hidden" not in caught.value.message


SECRETS = {
    "database": "postgresql://user:hid@den/1@db.example.org:5432/name?sslmode=require",
    "broker": "amqps://user:hidden@broker.example.org/vhost",
    "s3_secret_key": "hidden",
    "link_secret": "0123" * 16,
    "webhook_secret": "4567" * 16,
}


def test_what_is_shown_of_addresses_and_secrets_opens_nothing() -> None:
    environ = {f"WINDSTILL_{name.upper()}": value for name, value in SECRETS.items()}
    rows = {name: value for name, value, _ in load(environ=environ).rows()}
    assert rows["database"] == (
        "postgresql://user:********@db.example.org:5432/name?sslmode=require"
    )
    assert rows["broker"] == "amqps://user:********@broker.example.org/vhost"
    for name in ("s3_secret_key", "link_secret", "webhook_secret"):
        assert rows[name] == "********"
    for address in ("postgresql:///name?password=hidden&host=db", "amqp://:hidden@host"):
        assert "hidden" not in without_password(address)


def test_secrets_are_not_given_on_a_command_line() -> None:
    told = CliRunner().invoke(main, ["serve", "--help"]).output
    assert "--database" in told
    assert "--s3-access-key" in told
    assert "secret-key" not in told
    assert "webhook-secret" not in told


@pytest.mark.parametrize("text", ["prot = 1", "port = ", "\x00"])
def test_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "windstill.toml"
    file.write_text(text)
    with pytest.raises(InvalidSetting) as caught:
        load(environ={}, file=file)
    assert str(file) in caught.value.message


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting):
        load(environ={}, file=tmp_path / "none.toml")


def test_every_setting_says_what_it_is_and_allows() -> None:
    for row in describe():
        assert str(row["help"]).endswith(".")
        assert row["allowed"]
        assert row["variable"] == f"WINDSTILL_{str(row['name']).upper()}"


def test_zero_means_no_limit_for_the_engine(tmp_path: Path) -> None:
    unlimited = Settings(rate_limit=0, job_limit=0)
    config = Config(work_dir=tmp_path, **engine_settings(unlimited))
    assert (config.slots, config.rate, config.job_limit) == (None, None, None)
    limited = Settings(rate_limit=120, job_limit=2, slots=1, credits_per_success=20)
    config = Config(work_dir=tmp_path, **engine_settings(limited))
    assert (config.slots, config.rate, config.job_limit, config.cost) == (1, 2.0, 2, 20)


def test_loop_settings_have_the_ranges_of_the_options() -> None:
    options = {row["name"]: row for row in describe()}
    for name in ("seconds", "fps"):
        rule = Options.__dataclass_fields__[name].metadata
        assert (options[name]["low"], options[name]["high"]) == (rule["low"], rule["high"])
    for name in ("strength", "quality"):
        assert options[name]["choices"] == Options.__dataclass_fields__[name].metadata["choices"]


def test_config_show_lists_every_setting_with_its_source() -> None:
    result = CliRunner(env={"WINDSTILL_FPS": "30"}).invoke(main, ["config", "show"])
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line for line in result.output.splitlines()[1:]}
    assert lines.keys() == Settings.__dataclass_fields__.keys()
    assert "environment WINDSTILL_FPS" in lines["fps"]


def test_the_reference_is_that_of_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "api" / "settings.md"
    assert page.read_text() == reference()
