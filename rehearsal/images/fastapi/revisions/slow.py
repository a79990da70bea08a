"""Takes two seconds, so that another migration of the same database comes meanwhile."""

from alembic import op

revision = "slow"
down_revision = "PREVIOUS"


def upgrade() -> None:
    op.execute("CREATE TABLE slowly_made (id integer PRIMARY KEY)")
    op.execute("SELECT pg_sleep(2)")
    op.execute("INSERT INTO slowly_made VALUES (1)")
