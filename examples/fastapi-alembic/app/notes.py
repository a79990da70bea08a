"""Notes: the app's own business, and what makes its database's state visible to whoever calls it."""

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from . import tables
from .database import get_engine
from .settings import get_settings

router = APIRouter()
newest_first = select(tables.notes).order_by(tables.notes.c.id.desc())


class NewNote(BaseModel):
    text: str = Field(..., min_length=1, max_length=10_000)


@router.get("/")
def home() -> dict:
    """Reads and writes a note with every column that this release knows, and takes the writing back: a schema that does not
    suit the code fails here and not at a later time."""
    settings = get_settings()
    with get_engine().connect() as connection, connection.begin() as transaction:
        newest = connection.execute(newest_first.limit(1)).first()
        add(connection, "taken back")
        transaction.rollback()
    return {
        "app": "fastapi-alembic",
        "buildVersion": settings.build_version,
        "slot": settings.slot,
        "databaseMode": settings.database_mode,
        "newestNote": newest.id if newest else None,
    }


@router.post("/notes")
def create_note(note: NewNote) -> JSONResponse:
    with get_engine().begin() as connection:
        note_id = add(connection, note.text)
    return JSONResponse({"id": note_id, "text": note.text}, 201)


@router.get("/notes")
def list_notes(limit: int = Query(20, ge=1, le=10_000)) -> list:
    with get_engine().connect() as connection:
        rows = connection.execute(newest_first.limit(limit)).all()
    return [{**row._mapping, "text": tables.to_text(row)} for row in rows]


@router.get("/notes/count")
def count_notes() -> dict:
    with get_engine().connect() as connection:
        return {"count": connection.execute(select(func.count()).select_from(tables.notes)).scalar_one()}


def add(connection: Connection, text: str) -> int:
    return connection.execute(insert(tables.notes).values(**tables.to_row(text))).inserted_primary_key[0]
