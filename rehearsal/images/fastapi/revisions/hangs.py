"""Never ends, with a table behind it; it holds no lock that the app needs."""

from alembic import op

revision = "hangs"
down_revision = "PREVIOUS"


def upgrade() -> None:
    op.execute("CREATE TABLE half_done (id integer PRIMARY KEY)")
    op.execute("SELECT pg_sleep(86400)")
