"""Connections that last, /events and /socket: at a stop each is told so, so that a client can tell an end from a cut."""

import asyncio
import json
from typing import AsyncIterator

from fastapi import APIRouter, Response, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse

from .lifetime import lifetime
from .settings import get_settings

router = APIRouter()
INTERVAL_SECONDS = 0.25
GOING_AWAY = 1001
# Nginx would otherwise hold events back until a buffer is full. No other request follows on this connection.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Connection": "close"}


@router.get("/events")
async def events() -> Response:
    if lifetime.stopping.is_set():
        return JSONResponse({"status": "stopping"}, 503)
    return StreamingResponse(tell(), media_type="text/event-stream", headers=HEADERS)


async def tell() -> AsyncIterator[str]:
    data = json.dumps({"buildVersion": get_settings().build_version})
    number = 0
    lifetime.event_streams += 1
    try:
        while not lifetime.stopping.is_set():
            number += 1
            yield f"id: {number}\nevent: tick\ndata: {data}\n\n"
            await lifetime.stops_within(INTERVAL_SECONDS)
        yield 'event: end\ndata: {"reason":"shutdown"}\n\n'
    finally:
        lifetime.event_streams -= 1


@router.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    """Every message comes back, and a tick comes each 250 ms."""
    if lifetime.stopping.is_set():
        await websocket.close(GOING_AWAY)
        return
    await websocket.accept()
    lifetime.sockets += 1
    tasks = [asyncio.create_task(work) for work in (echo(websocket), tick(websocket))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if lifetime.stopping.is_set():
            await websocket.close(GOING_AWAY)
    finally:
        lifetime.sockets -= 1


async def tick(websocket: WebSocket) -> None:
    number = 0
    while not await lifetime.stops_within(INTERVAL_SECONDS):
        number += 1
        await websocket.send_text(json.dumps({"tick": number, "buildVersion": get_settings().build_version}))


async def echo(websocket: WebSocket) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            await websocket.send_text(message["text"])
        else:
            await websocket.send_bytes(message["bytes"])
