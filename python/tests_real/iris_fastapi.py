"""A FastAPI service over a small scikit-learn model, as the tests start it under uvicorn.

Where events go comes from the environment (``TOCSIN_FILE``, ``TOCSIN_URL`` …).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import StreamingResponse
from iris_model import KEYS, MODEL, SPECIES, STREAM_CHUNK, STREAM_CHUNKS, VERSION
from pydantic import BaseModel

import tocsin
from tocsin.asgi import TocsinMiddleware

app = FastAPI()
app.add_middleware(
    TocsinMiddleware,
    keys=KEYS,
    user_type="human",
    model="iris",
    version=VERSION,
    system="iris-api",
    exclude=["/ready"],
    trusted_proxies=os.environ.get("PROXIES", "").split(),
    session_header="x-session-id",
)


class Features(BaseModel):
    rows: list[list[float]]


def caller(x_api_key: str = Header("")) -> str:
    if x_api_key not in KEYS:
        raise HTTPException(401, "unknown key")
    return KEYS[x_api_key]


@app.post("/predict")
def predict(features: Features, request: Request, user: str = Depends(caller)) -> dict[str, Any]:
    classes = MODEL.predict(features.rows)
    tocsin.annotate(request, rows=len(classes))
    return {"user": user, "species": [SPECIES[c] for c in classes]}


@app.get("/items/{item_id}")
async def item(item_id: int) -> int:
    return item_id


@app.get("/boom")
async def boom() -> None:
    raise RuntimeError("private text")


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(STREAM_CHUNKS):
            yield STREAM_CHUNK
            await asyncio.sleep(0.01)

    return StreamingResponse(chunks(), media_type="text/plain")


@app.get("/sync-stream")
def sync_stream() -> StreamingResponse:
    def chunks() -> Iterator[bytes]:
        for _ in range(STREAM_CHUNKS):
            yield STREAM_CHUNK
            time.sleep(0.01)

    return StreamingResponse(chunks(), media_type="text/plain")
