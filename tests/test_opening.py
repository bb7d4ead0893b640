"""What settings choose, and which of them can't be meant."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.queue import ProcessQueue
from windstill.adapters.sqlite import SqliteStore
from windstill.errors import InvalidSetting
from windstill.jobs.errors import StorageError, StoreError
from windstill.jobs.workspace import Workspace
from windstill.opening import (
    _private_folder,
    access_secret,
    close_engine,
    open_blobs,
    open_engine,
    open_store,
    webhook_secret,
)
from windstill.settings import Settings

DATABASE = "postgresql://windstill:hidden@127.0.0.1:9/windstill"
SECRET = "0f" * 32


def test_one_machine_needs_no_setting(tmp_path: Path) -> None:
    engine = open_engine(Settings(data=str(tmp_path / "data")))
    try:
        assert isinstance(engine.store, SqliteStore)
        assert isinstance(engine.queue, ProcessQueue)
        assert isinstance(engine.blobs, LocalBlobs)
        assert engine.config.exclusive
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    finally:
        close_engine(engine)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"broker": "amqp://guest:hidden@127.0.0.1/"}, "broker"),
        ({"run_jobs": False}, "run_jobs"),
        ({"database": DATABASE, "webhooks": True}, "webhook_secret"),
        ({"acs_api": "avi"}, "image_urls"),
        ({"database": DATABASE, "acs_api": "avi", "image_urls": True}, "access_secret"),
        ({"storage": "s3://B"}, "storage"),
        ({"storage": "s3://bucket", "s3_access_key": "a"}, "s3_secret_key"),
    ],
)
def test_what_can_not_be_meant_is_refused(
    tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidSetting) as refused:
        open_engine(Settings(data=str(tmp_path), **changes))  # type: ignore[arg-type]
    assert refused.value.field == field
    assert "hidden" not in refused.value.message


def test_a_database_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        open_store(Settings(data=str(tmp_path), database=DATABASE))
    assert "127.0.0.1" in str(refused.value)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("package", "extra", "setting"),
    [
        ("psycopg", "postgres", f"database='{DATABASE}'"),
        ("celery", "rabbitmq", "broker='amqp://h/', database='postgresql://h/n'"),
        ("obstore", "s3", "storage='s3://bucket'"),
    ],
)
def test_a_missing_package_is_named_with_what_brings_it(
    package: str, extra: str, setting: str
) -> None:
    program = f"""
import sys
sys.modules[{package!r}] = None
from windstill.opening import open_blobs, open_broker, open_store
from windstill.settings import Settings
settings = Settings({setting})
open = {{"postgres": open_store, "rabbitmq": open_broker, "s3": open_blobs}}[{extra!r}]
try:
    open(settings)
except Exception as error:
    print(type(error).__name__, error)
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith("InvalidSetting ")
    assert re.search(rf"pip install '\S+\[{extra}\]", told)
    assert "hidden" not in told


def test_processes_with_the_same_secret_open_each_others_links(tmp_path: Path) -> None:
    name = "results/0123456789abcdef.mp4"
    links = []
    for number in range(2):
        settings = Settings(data=str(tmp_path / str(number)), link_secret=SECRET)
        blobs = open_blobs(settings)
        blobs.put(name, b"video")
        links.append(blobs.link(name, expires_at=2_000_000_000))
    assert links[0] == links[1]
    assert not (tmp_path / "0" / "link-secret").exists()


def test_a_webhook_secret_that_is_set_is_used(tmp_path: Path) -> None:
    made = webhook_secret(Settings(data=str(tmp_path)))
    assert made == webhook_secret(Settings(data=str(tmp_path)))
    given = webhook_secret(Settings(data=str(tmp_path), webhook_secret=SECRET))
    assert given == bytes.fromhex(SECRET) != made


def test_processes_that_share_a_database_must_share_the_access_secret(tmp_path: Path) -> None:
    made = access_secret(Settings(data=str(tmp_path)))
    assert made == access_secret(Settings(data=str(tmp_path)))
    shared = Settings(data=str(tmp_path), database=DATABASE, access_secret=SECRET)
    assert access_secret(shared) == bytes.fromhex(SECRET)
    with pytest.raises(InvalidSetting, match="access_secret"):
        access_secret(Settings(data=str(tmp_path), database=DATABASE))


def test_a_data_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StorageError, match="can't be made"):
        open_store(Settings(data=str(tmp_path / "data")))


def test_work_folders_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    own = _private_folder(tmp_path)
    assert own.name.endswith(f"-{os.getpid()}")
    host = own.name.rpartition("-")[0]
    alive, gone, foreign = tmp_path / f"{host}-1", tmp_path / f"{host}-2", tmp_path / "other-3"
    for folder in (gone, foreign):
        (folder / "job").mkdir(parents=True)
    living = Workspace(alive)
    living.lock()
    try:
        assert _private_folder(tmp_path) == own
    finally:
        living.unlock()
    assert sorted(tmp_path.iterdir()) == [foreign, alive]


def test_a_service_without_slots_only_takes_in(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path))
    from windstill.opening import engine_settings

    taking = dataclasses.replace(settings, run_jobs=False, slots=3)
    assert engine_settings(taking)["slots"] == 0
    assert engine_settings(dataclasses.replace(taking, run_jobs=True))["slots"] == 3
