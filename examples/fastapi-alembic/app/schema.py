"""Where the database's schema is, compared with what this image brings."""

from functools import lru_cache
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

INI = Path(__file__).parent.parent / "alembic.ini"


@lru_cache
def get_scripts() -> ScriptDirectory:
    config = Config(str(INI))
    config.set_main_option("script_location", str(INI.parent / "migrations"))
    return ScriptDirectory.from_config(config)


@lru_cache
def known_revisions() -> "frozenset[str]":
    return frozenset(script.revision for script in get_scripts().walk_revisions())


def compare_schema(connection: Connection) -> str:
    """current; behind: migrations of this image are pending; ahead: a newer release has migrated, which an older one outlives."""
    current = set(MigrationContext.configure(connection).get_current_heads())
    if current - known_revisions():
        return "ahead"
    return "current" if current == set(get_scripts().get_heads()) else "behind"
