"""Its process ends in the middle without a word, as one that the kernel killed for want of memory."""

import os

from alembic import op

revision = "dies"
down_revision = "PREVIOUS"


def upgrade() -> None:
    op.execute("CREATE TABLE half_done (id integer PRIMARY KEY)")
    os._exit(137)
