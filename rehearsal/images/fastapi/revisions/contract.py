"""Contract: the old column goes, which the release before no longer uses."""

from alembic import op

revision = "contract"
down_revision = "PREVIOUS"


def upgrade() -> None:
    op.execute("ALTER TABLE notes DROP COLUMN text")
