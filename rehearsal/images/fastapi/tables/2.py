"""The tables while `text` becomes `body`: writes both, reads whichever is there. Runs before and after the backfill."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, func

metadata = MetaData()

notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False, server_default=""),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("body", Text),
)


def to_row(text: str) -> dict:
    return {"text": text, "body": text}


def to_text(row) -> str:
    return row.text if row.body is None else row.body
