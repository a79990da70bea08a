"""Requests that take their time or carry a body: what a deployment must not lose."""

import asyncio
import hashlib

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

router = APIRouter()
MAX_ECHO_BYTES = 1 << 20


@router.post("/echo")
async def echo(request: Request) -> Response:
    body = await request.body()
    if len(body) > MAX_ECHO_BYTES:
        return JSONResponse({"error": "too-large", "maxBytes": MAX_ECHO_BYTES}, 413)
    return Response(body, media_type=request.headers.get("content-type", "application/octet-stream"))


@router.post("/upload")
async def upload(request: Request) -> dict:
    digest, received = hashlib.sha256(), 0
    async for chunk in request.stream():
        received += len(chunk)
        digest.update(chunk)
    return {"bytes": received, "sha256": digest.hexdigest()}


@router.get("/slow")
async def slow(ms: int = Query(..., ge=0, le=60_000)) -> dict:
    await asyncio.sleep(ms / 1000)
    return {"sleptMs": ms}
