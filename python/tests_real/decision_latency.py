"""How long a decision takes to be in force at the middleware, and to be lifted again.

    python python/tests_real/decision_latency.py [--rounds 40]

A real Tocsin and a real uvicorn; the clock begins when a person sends the decision, so the
time to make it durable is in it, and ends when the first request that is refused was sent.
"""

from __future__ import annotations

import argparse
import http.client
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from servers import Server
from test_enforcing import UVICORN, person
from tocsin_server import TocsinServer

LOOK_S = 0.002


def until(server: Server, status: int, session: str) -> float:
    """When a request was sent that the service answers so."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = person(session)
    while True:
        asked = time.perf_counter()
        connection.request("GET", "/rows", headers=headers)
        response = connection.getresponse()
        response.read()
        if response.status == status:
            connection.close()
            return asked
        time.sleep(LOOK_S)


def measure(rounds: int) -> tuple[list[float], list[float]]:
    made, lifted = [], []
    with tempfile.TemporaryDirectory() as name:
        tocsin = TocsinServer(Path(name))
        tocsin.start()
        key = {"TOCSIN_URL": tocsin.url, "TOCSIN_API_KEY": tocsin.app_key}
        server = Server([sys.executable, *UVICORN], Path(name), **key)
        try:
            until(server, 200, "s-0")
            for n in range(rounds):
                session = f"s-{n}"
                start = time.perf_counter()
                decision = tocsin.take("alice", session, kind="end_session")
                made.append(until(server, 401, session) - start)
                start = time.perf_counter()
                tocsin.undo(decision)
                lifted.append(until(server, 200, session) - start)
        finally:
            server.kill()
            tocsin.stop()
    return made, lifted


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    print(f"ms, Python {platform.python_version()}, {rounds} rounds, aim: less than 500")
    for title, seconds in zip(("in force", "lifted"), measure(rounds)):
        ms = sorted(s * 1000 for s in seconds)
        print(f"{title:10}median {statistics.median(ms):6.1f}   largest {ms[-1]:6.1f}")


if __name__ == "__main__":
    main()
