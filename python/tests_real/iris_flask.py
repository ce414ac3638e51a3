"""A Flask service over a small scikit-learn model, as the tests start it under gunicorn.

Where events go comes from the environment (``TOCSIN_FILE``, ``TOCSIN_URL`` …).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, abort, request
from iris_model import KEYS, MODEL, SPECIES, STREAM_CHUNK, STREAM_CHUNKS, VERSION

import tocsin
from tocsin.wsgi import TocsinMiddleware

app = Flask(__name__)
app.wsgi_app = TocsinMiddleware(  # type: ignore[method-assign]
    app.wsgi_app,
    keys=KEYS,
    user_type="human",
    model="iris",
    version=VERSION,
    system="iris-api",
    exclude=["/ready"],
    trusted_proxies=os.environ.get("PROXIES", "").split(),
    session_cookie="sid",
)


@app.post("/predict")
def predict() -> dict[str, Any]:
    user = KEYS.get(request.headers.get("x-api-key", ""))
    if user is None:
        abort(401)
    body = request.get_json()
    if "rows" not in body:
        abort(422)
    classes = MODEL.predict(body["rows"])
    tocsin.annotate(request, rows=len(classes))
    return {"user": user, "species": [SPECIES[c] for c in classes]}


@app.get("/items/<int:item_id>")
def item(item_id: int) -> str:
    return str(item_id)


@app.get("/boom")
def boom() -> str:
    raise RuntimeError("private text")


@app.get("/stream")
def stream() -> Response:
    def chunks() -> Iterator[bytes]:
        for _ in range(STREAM_CHUNKS):
            yield STREAM_CHUNK
            time.sleep(0.01)

    return Response(chunks(), mimetype="text/plain")
