"""Fails in the middle, with tables, columns and rows behind it."""

from alembic import op

revision = "fails"
down_revision = "PREVIOUS"


def upgrade() -> None:
    op.execute("CREATE TABLE half_done (id integer PRIMARY KEY)")
    op.execute("ALTER TABLE notes ADD COLUMN half_done text")
    op.execute("INSERT INTO notes (text) VALUES ('half done')")
    op.execute("UPDATE notes SET half_done = text")
    op.execute("SELECT 1 / 0")
