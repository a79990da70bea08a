"""What expand and contract avoid: the column that the release before reads is gone at once."""

from alembic import op

revision = "rename"
down_revision = "PREVIOUS"


def upgrade() -> None:
    op.execute("ALTER TABLE notes RENAME COLUMN text TO body")
