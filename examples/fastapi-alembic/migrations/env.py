"""Runs the migrations against the app's own database: `./entrypoint.sh alembic upgrade head`."""

from logging.config import fileConfig

from alembic import context
from sqlalchemy import pool

from app.database import make_engine
from app.settings import get_settings
from app.tables import metadata

fileConfig(context.config.config_file_name)


def migrate() -> None:
    # Each migration in a transaction of its own: one that fails leaves those before it done and itself undone.
    with make_engine(get_settings(), poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations need the database: --sql is not supported here")
migrate()
