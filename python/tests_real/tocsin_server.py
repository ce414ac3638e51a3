"""A real Tocsin from this checkout: `tocsin serve` on a port that stays over restarts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from servers import HERE, WAIT_S

ROOT = HERE.parents[1]
COMMAND = ROOT / "node_modules" / ".bin" / "tocsin"


def require_tocsin() -> None:
    """Skips where Tocsin is not installed; under ``CI=true`` that is a failure."""
    if COMMAND.exists():
        return
    message = f"{COMMAND} is missing; npm install makes it"
    if os.environ.get("CI") == "true":
        raise RuntimeError(message)
    raise unittest.SkipTest(message)


class TocsinServer:
    """Its data, keys and state are in one directory."""

    def __init__(self, directory: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._directory = directory
        self._log = directory / "tocsin.log"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        self._environment = {
            **kept,
            "XDG_STATE_HOME": str(directory / "state"),
            "TOCSIN_DATA": str(directory / "data"),
            "TOCSIN_LISTEN": f"127.0.0.1:{port}",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.app_key = self._new_key("app", "ingest,attest,decide")
        self.person_key = self._new_key("soc", "read,triage")

    def _new_key(self, name: str, scopes: str) -> str:
        done = subprocess.run(
            [COMMAND, "keys", "create", "--name", name, "--scope", scopes],
            capture_output=True,
            cwd=self._directory,
            env=self._environment,
            timeout=WAIT_S,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"no key: {done.stderr.decode()}")
        return done.stdout.decode().strip()

    def start(self) -> None:
        """Returns when it answers."""
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "serve"],
                stdout=log,
                stderr=log,
                cwd=self._directory,
                env=self._environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"Tocsin did not start:\n{self._log.read_text('utf-8', 'replace')}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, how)
            process.wait(WAIT_S)

    def ask(self, method: str, path: str, document: Any = None) -> Any:
        """As the person who watches; raises for an answer that is no success."""
        request = urllib.request.Request(
            self.url + path,
            None if document is None else json.dumps(document).encode(),
            {"Authorization": f"Bearer {self.person_key}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                data = answer.read()
                return json.loads(data) if data else None
        except urllib.error.HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            raise AssertionError(f"{method} {path}: {error.code} {text}") from None

    # What a person decides

    def take(self, actor: str, session: str | None = None, **action: Any) -> str:
        """The id of a decision that is now in force."""
        asked = {"actor": actor, "session": session, "action": action, "minutes": 30}
        taken = self.ask("POST", "/v1/responses", {**asked, "reason": "a look at it"})
        return str(taken["id"])

    def undo(self, decision: str) -> None:
        self.ask("POST", f"/v1/responses/{decision}/undo", {"reason": "it was explained"})

    def grant(self, decision: str, rows: int) -> None:
        self.ask("POST", f"/v1/approvals/{decision}/grant", {"rows": rows, "minutes": 10})

    def events(self, query: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", f"/v1/events?{urlencode({'q': query, 'limit': 1000})}")
        events: list[dict[str, Any]] = answer["events"]
        return events
