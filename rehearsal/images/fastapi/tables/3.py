"""The tables when `body` has replaced `text`: does not use the old column, whether or not it is still there."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, func

metadata = MetaData()

notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("body", Text),
)


def to_row(text: str) -> dict:
    return {"body": text}


def to_text(row) -> str:
    return row.body
