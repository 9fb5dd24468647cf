"""Databases for every test: a fresh one each, of either kind, with the newest schema."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from storage.engine import Database
from storage.migrate import upgrade
from tests.support.postgres import Postgres, run, running_postgres
from tests.support.valkey import shared_redis

# A busy machine is no finding, and a run that fails can be run again as it was.
settings.register_profile("orderwire", deadline=None, derandomize=True)
settings.load_profile("orderwire")

BOTH = ("sqlite", "postgresql")

# Being measured takes as long as the test itself. So what speaks to whole servers is not, and what
# runs on both databases is on one of them, but for the contract of the storage itself.
FROM_OUTSIDE = ("acceptance", "chaos", "clients", "fuzz")
MEASURED_ON_BOTH = "contract"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests are not measured."""
    here = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(here).parts[0]
        again = "postgresql" in item.name and folder != MEASURED_ON_BOTH
        if again or folder in FROM_OUTSIDE:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """Logs as they are: left to itself, structlog draws each traceback for ten seconds."""
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for this process of the test run."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgresql_url(postgres: Postgres) -> Iterator[str]:
    """The address of a fresh PostgreSQL database."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """One Redis for this process of the test run; a test keeps to a prefix of its own."""
    with shared_redis() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    run(upgrade(sqlite_address(path)))
    return path


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    path = tmp_path / "orderwire.db"
    shutil.copy(migrated_file, path)
    return sqlite_address(path)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database: each test runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a schema."""
    if request.param == "sqlite":
        yield sqlite_address(tmp_path / "empty.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.empty_database() as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh database, open."""
    opened = Database.open(database_url)
    yield opened
    await opened.close()


def sqlite_address(path: Path) -> str:
    """Write a file's address as the settings take it."""
    return f"sqlite+aiosqlite:///{path}"
