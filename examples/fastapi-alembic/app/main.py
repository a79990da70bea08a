"""The application. To serve it as in production: `python3 -m app.serve`."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from . import exchanges, health, metrics, notes, streams
from .database import describe_failure, is_out_of_reach
from .log import say
from .middleware import NameRelease

app = FastAPI(title="fastapi-alembic", docs_url=None, redoc_url=None)
app.add_middleware(NameRelease)
for module in (notes, health, metrics, exchanges, streams):
    app.include_router(module.router)


@app.exception_handler(SQLAlchemyError)
async def answer_database_failure(request: Request, error: SQLAlchemyError) -> JSONResponse:
    facts = describe_failure(error)
    say("database-failure", path=request.url.path, **facts)
    return JSONResponse({"error": "database", **facts}, 503 if is_out_of_reach(error) else 500)
