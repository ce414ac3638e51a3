"""Requests through either middleware to a Tocsin that decides; what the tests of both build on."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

from decision_stub import DecidingTocsin
from drivers import AsgiCall, TocsinTestCase, WsgiCall, read_all

import tocsin
from tocsin import asgi, enforcement, follower, wsgi
from tocsin.identity import Identity

KEYS = {"k-alice": "alice", "k-bob": "bob", "k-svc": Identity("svc", "service")}


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def problem(self) -> Any:
        return json.loads(self.body)


class EnforcementTestCase(TocsinTestCase):
    """Runs against both middlewares: subclasses say which."""

    kind = ""

    def setUp(self) -> None:
        super().setUp()
        for name, value in {
            "BACKOFF_S_MIN": 0.001,
            "BACKOFF_S_MAX": 0.01,
            "BREATH_S": 0.0,
            "UNHELD_S": 0.01,
            "REFUSED_S": 0.01,
        }.items():
            self.set(follower, name, value)
        self.set(enforcement, "FIRST_TABLE_S", 5.0)
        self.set(asgi, "FIRST_TABLE_S", 5.0)
        self.set(wsgi, "FIRST_TABLE_S", 5.0)
        #: What the application does with a request: rows to annotate, status.
        self.rows: int | None = None
        self.status = 200
        self.calls = 0

    def set(self, module: Any, name: str, value: Any) -> None:
        patch = mock.patch.object(module, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def stub(self, *entries: Any) -> DecidingTocsin:
        stub = DecidingTocsin(*entries)
        self.addCleanup(stub.stop)
        return stub

    def middleware(self, stub: DecidingTocsin, **options: Any) -> Any:
        self.own = self.recorder(
            url=stub.url, api_key="secret", file=self.file, spool=self.directory / "spool"
        )
        options = {"keys": KEYS, "user_type": "human", "enforce": True, **options}
        app = self.asgi_app if self.kind == "asgi" else self.wsgi_app
        module: Any = asgi if self.kind == "asgi" else wsgi
        return module.TocsinMiddleware(app, recorder=self.own, **options)

    async def asgi_app(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        if scope["path"].startswith("/sets/"):
            scope["path_params"] = {"name": scope["path"].split("/")[2]}
            scope["route"] = mock.Mock(path_format="/sets/{name}")
        await read_all(receive)
        if self.rows is not None:
            tocsin.annotate(rows=self.rows)
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"data", "more_body": False})

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        self.calls += 1
        if environ["PATH_INFO"].startswith("/sets/"):
            rule = mock.Mock(rule="/sets/<name>")
            environ["werkzeug.request"] = mock.Mock(url_rule=rule)
        environ["wsgi.input"].read()
        if self.rows is not None:
            tocsin.annotate(rows=self.rows)
        start_response(f"{self.status} OK", [])
        return [b"data"]

    def ask(self, app: Any, path: str = "/", key: str = "k-alice", **headers: str) -> Answer:
        """One request; ``method`` and ``body`` as the tests want them."""
        method = headers.pop("method", "GET")
        path, _, query = path.partition("?")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            named.setdefault("x-api-key", key)
        if self.kind == "asgi":
            asked = AsgiCall(method, path, query_string=query.encode())
            asked.headers(*named.items()).body(b"").run(app)
            start = asked.sent[0]
            got = {k.decode(): v.decode("latin-1") for k, v in start["headers"]}
            return Answer(start["status"], got, asked.answer)
        environ = {"HTTP_" + n.upper().replace("-", "_"): v for n, v in named.items()}
        call = WsgiCall(method, path, QUERY_STRING=query, **environ).run(app)
        got = {name.lower(): value for name, value in call.headers}
        return Answer(int(call.status[:3]), got, b"".join(call.written))

    def refused(self) -> list[dict[str, Any]]:
        return [e for e in self.events(self.own) if "policy" in e]
