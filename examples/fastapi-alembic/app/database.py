"""The engine, in either kind of database. The connection string is used as it came: sslmode and sslrootcert included."""

from functools import lru_cache
from typing import Any

from sqlalchemy import create_engine, event, inspect, pool, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.schema import CreateColumn

from .settings import Settings, get_settings
from .tables import metadata

POOL = {"pool_size": 5, "max_overflow": 10, "pool_timeout": 5, "pool_recycle": 1800}


@lru_cache
def get_engine() -> Engine:
    return make_engine(get_settings(), poolclass=pool.QueuePool, **POOL)


def make_engine(settings: Settings, **options: Any) -> Engine:
    url = make_url(settings.database_url)
    # hide_parameters: an error's text, which ends in logs, has no row's content.
    options = {"future": True, "hide_parameters": True, **options}
    return make_sqlite_engine(url, options) if settings.on_sqlite else make_postgres_engine(url, options)


def make_postgres_engine(url: URL, options: dict) -> Engine:
    # Which driver a bare "postgresql" means depends on SQLAlchemy's version.
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg2")
    defaults = {
        "connect_timeout": 3,
        # A server that vanished without a word is noticed within seconds.
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "fallback_application_name": "fastapi-alembic",
    }
    connect_args = {name: value for name, value in defaults.items() if name not in url.query}
    return create_engine(url, pool_pre_ping=True, connect_args=connect_args, **options)


def make_sqlite_engine(url: URL, options: dict) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 5, "check_same_thread": False}, **options)

    @event.listens_for(engine, "connect")
    def use_write_ahead_log(connection: Any, _: Any) -> None:
        # Readers do not wait for a writer: during a deployment two releases have the file open.
        connection.execute("PRAGMA journal_mode=WAL")

    return engine


def prepare_sqlite(engine: Engine) -> None:
    """Makes the tables, and the columns that a file of an earlier release lacks. Nothing is ever removed."""
    try:
        add_what_is_missing(engine)
    except OperationalError:  # another process has added it meanwhile: then there is nothing left to add
        add_what_is_missing(engine)


def add_what_is_missing(engine: Engine) -> None:
    metadata.create_all(engine)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            present = {column["name"] for column in inspect(connection).get_columns(table.name)}
            for column in table.columns:
                if column.name not in present:
                    definition = CreateColumn(column).compile(dialect=engine.dialect)
                    connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {definition}"))


def describe_failure(error: SQLAlchemyError) -> dict:
    """Its kind and SQLSTATE: the text may quote what should not be read."""
    original = getattr(error, "orig", None)
    return {"kind": type(error).__name__, "sqlstate": getattr(original, "pgcode", None)}


def is_out_of_reach(error: SQLAlchemyError) -> bool:
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout))
