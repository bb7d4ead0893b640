"""What tests of several areas share. Servers are started once, by the first that needs them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.servers.postgres import PostgresServer, programs, start_postgres

# A shell starts what runs in the background with Ctrl-C ignored, and that is inherited: programs
# that tests interrupt would not hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A database server; tests that stop or kill it start one of their own."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    server = start_postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a database that has the newest schema and nothing in it."""
    from windstill.adapters.postgres import PostgresStore

    PostgresStore(postgres_server.url).close()
    return "windstill"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The address of a database of the test's own; at its end nobody may still use it."""
    url = postgres_server.create_database(postgres_template)
    yield url
    postgres_server.drop_database(url)
