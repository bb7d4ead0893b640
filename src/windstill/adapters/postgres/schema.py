"""The database's schema, brought up to date by numbered scripts."""

from __future__ import annotations

from importlib import resources

from windstill.adapters.postgres.connection import Connection
from windstill.adapters.postgres.database import Database
from windstill.jobs.errors import StoreError

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('windstill schema', 0))"


def migrate(database: Database) -> None:
    """Applies what is missing; processes that start together do so one after another.

    Raises `StoreError`, also when a newer version has been here.
    """
    scripts = _scripts()

    def bring_up(db: Connection) -> None:
        db.execute(_LOCK)
        version = _version(db)
        if version > len(scripts):
            raise StoreError(
                f"The database {database.name} was written by a newer version (schema {version}; "
                f"this one knows {len(scripts)})."
            )
        for script in scripts[version:]:
            for statement in script.split(";\n"):
                if statement.strip():
                    db.execute(statement.encode(), prepare=False)
        if version < len(scripts):
            db.execute("UPDATE schema_version SET version = %s", (len(scripts),))

    database.write(bring_up)


def _version(db: Connection) -> int:
    found = db.one(
        "SELECT to_regnamespace('windstill') IS NOT NULL AS own, "
        "to_regclass('windstill.schema_version') IS NOT NULL AS versioned"
    )
    if not found["own"]:
        # Who may not make schemas can have it made by somebody else.
        db.execute("CREATE SCHEMA windstill")
    if not found["versioned"]:
        db.execute("CREATE TABLE schema_version (version integer NOT NULL)")
        db.execute("INSERT INTO schema_version VALUES (0)")
    return int(db.one("SELECT version FROM schema_version")["version"])


def _scripts() -> list[str]:
    folder = resources.files("windstill.adapters.postgres") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=str)
    return [file.read_text(encoding="utf-8") for file in files]
