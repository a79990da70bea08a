"""The tables as this release's code knows them. Migrations bring the database there, a release ahead of the code that needs it."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, func

metadata = MetaData()

notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False, server_default=""),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


def to_row(text: str) -> dict:
    return {"text": text}


def to_text(row) -> str:
    return row.text
