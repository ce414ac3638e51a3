"""A Flask service that gives out rows, and enforces what Tocsin decides."""

from __future__ import annotations

from flask import Flask, request
from tokens import identify

import tocsin
from tocsin.wsgi import TocsinMiddleware

app = Flask(__name__)
app.wsgi_app = TocsinMiddleware(  # type: ignore[method-assign]
    app.wsgi_app, identify=identify, enforce=True, exclude=["/ready"]
)


@app.get("/rows")
def rows() -> dict[str, int]:
    limit = int(request.args.get("limit", 10))
    tocsin.annotate(rows=limit, kind="data.read", resource={"id": "customers"})
    return {"rows": limit}


@app.get("/export/<name>")
def export(name: str) -> dict[str, int]:
    tocsin.annotate(rows=5000, kind="data.read", resource={"id": name})
    return {"rows": 5000}
