"""Tocsin for Python: records each access to a model behind FastAPI, Flask or any ASGI or WSGI app.

    from tocsin.asgi import TocsinMiddleware          # FastAPI, Starlette
    app.add_middleware(TocsinMiddleware, file="access.jsonl", keys={"s3cret": "alice"})

    from tocsin.wsgi import TocsinMiddleware          # Flask
    app.wsgi_app = TocsinMiddleware(app.wsgi_app, file="access.jsonl", keys={"s3cret": "alice"})

``configure`` says once for all middlewares where events go; ``annotate`` adds what only the
application knows (the model's version, tokens, rows); ``stats`` shows the counters. Standard
library only; nothing here raises into a request, blocks it, or waits for the network.
"""

from __future__ import annotations

from typing import Any

from . import recorder as _recorder
from .facts import annotate
from .identity import Identity, RequestView, key_hash
from .options import RecorderOptions
from .recorder import Recorder
from .version import VERSION as __version__

__all__ = [
    "Identity",
    "Recorder",
    "RecorderOptions",
    "RequestView",
    "__version__",
    "annotate",
    "close",
    "configure",
    "flush",
    "key_hash",
    "stats",
]


def configure(**options: Any) -> Recorder:
    """Where events go: ``file``, ``url``, ``api_key``, ``spool`` … of ``RecorderOptions``.

    What is not given comes from the environment: ``TOCSIN_FILE``, ``TOCSIN_URL``,
    ``TOCSIN_API_KEY``, ``TOCSIN_SPOOL``, ``TOCSIN_PRODUCER``. Raises ``ValueError`` or
    ``TypeError`` for options that cannot be meant so.
    """
    return _recorder.configure(RecorderOptions(**options))


def stats() -> dict[str, int]:
    """Counters of the configured recorder: recorded, sent, queue_full, refused …"""
    return _recorder.default_recorder().stats()


def flush(timeout_s: float = 2.0) -> bool:
    """True when everything recorded so far is in the file and the spool within the time."""
    return _recorder.default_recorder().flush(timeout_s)


def close(timeout_s: float = 2.0) -> None:
    """Writes, tries to send, and stops; the end of the process does this by itself."""
    _recorder.default_recorder().close(timeout_s)
