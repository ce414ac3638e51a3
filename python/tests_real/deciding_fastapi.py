"""A FastAPI service that gives out rows, and enforces what Tocsin decides."""

from __future__ import annotations

from fastapi import FastAPI, Request
from tokens import identify

import tocsin
from tocsin.asgi import TocsinMiddleware

app = FastAPI()
app.add_middleware(TocsinMiddleware, identify=identify, enforce=True, exclude=["/ready"])


@app.get("/rows")
async def rows(request: Request, limit: int = 10) -> dict[str, int]:
    tocsin.annotate(request, rows=limit, kind="data.read", resource={"id": "customers"})
    return {"rows": limit}


@app.get("/export/{name}")
def export(request: Request, name: str) -> dict[str, int]:
    tocsin.annotate(request, rows=5000, kind="data.read", resource={"id": name})
    return {"rows": 5000}
