"""Owners' approvals at both middlewares: which reads wait for one, and how far one reaches."""

from __future__ import annotations

import unittest
from typing import Any

from decision_stub import entry, now_ms
from enforcement_case import EnforcementTestCase


class Approvals(EnforcementTestCase):
    def app(self, approved: Any = None, **options: Any) -> Any:
        self.tocsin = self.stub(self.wanted(approved))
        return self.middleware(self.tocsin, **options)

    def wanted(self, approved: Any = None) -> Any:
        return entry("approval_required", "svc", bulkRows=1000, approved=approved)

    def get(self, app: Any, path: str = "/rows", **more: str) -> int:
        return self.ask(app, path, "k-svc", **more).status

    def approve(self, app: Any, rows: float, ms: int = 600_000) -> None:
        self.tocsin.decide(self.wanted({"rows": rows, "until": now_ms() + ms}))
        follow = self.own.follower
        assert follow is not None

        def seen() -> bool:
            (held,) = follow.table.about("svc", None, now_ms())
            return held.approved is not None and held.approved.rows == rows

        self.eventually(seen)

    def test_reads_of_bulk_wait_and_small_ones_pass(self) -> None:
        app = self.app()
        self.assertEqual(self.get(app, "/rows?limit=999"), 200)
        self.assertEqual(self.get(app, "/rows?limit=1000"), 403)
        self.assertEqual(self.get(app, "/rows?page_size=99999999999999999999"), 403)
        self.assertEqual(self.get(app, "/rows?limit=10&limit=1000"), 403)
        self.assertEqual(self.get(app, "/rows?n=5&rows=1000"), 403)
        answer = self.ask(app, "/rows?limit=1000", "k-svc")
        self.assertEqual(answer.problem["code"], "approval_required")
        self.assertEqual(answer.problem["bulkRows"], 1000)
        self.assertEqual(self.refused()[0]["reasonCode"], "approval_required")

    def test_a_small_read_must_still_pass_a_throttle_of_its_session(self) -> None:
        throttle = entry("throttle", "svc", session="s-svc", limits={"requestsPerMinute": 1})
        app = self.middleware(self.stub(self.wanted(), throttle), session_header="x-session")
        asked = {"x_session": "s-svc"}
        self.assertEqual(self.get(app, "/rows?limit=5", **asked), 200)
        self.assertEqual(self.get(app, "/rows?limit=5", **asked), 429)
        self.assertEqual(self.get(app, "/rows?limit=1000", **asked), 403)

    def test_unknown_size_is_bulk_where_bulk_was_returned_before(self) -> None:
        app = self.app()
        self.assertEqual(self.get(app, "/sets/a"), 200)
        self.rows = 48_000
        self.assertEqual(self.ask(app, "/sets/a", "k-bob").status, 200)
        self.assertEqual(self.get(app, "/sets/b"), 403)
        self.assertEqual(self.get(app, "/sets/b?limit=0"), 403)
        self.assertEqual(self.get(app, "/sets/b?limit=-1"), 403)
        self.assertEqual(self.get(app, "/sets/b?limit=all"), 403)
        self.rows = 1
        self.assertEqual(self.get(app, "/sets/b?limit=5"), 200)
        self.assertEqual(self.get(app, "/predict", method="POST"), 200)

    def test_a_page_size_that_the_route_ignores_is_not_believed(self) -> None:
        app = self.app()
        self.rows = 48_000
        self.assertEqual(self.get(app, "/sets/a?limit=10"), 200)
        self.assertEqual(self.get(app, "/sets/a?limit=10"), 403)

    def test_named_routes_are_bulk_from_the_start(self) -> None:
        app = self.app(bulk_routes=["GET /export*"])
        self.assertEqual(self.get(app, "/export/all"), 403)
        self.assertEqual(self.get(app, "/export/all?limit=5"), 200)
        self.assertEqual(self.get(app, "/other"), 200)

    def test_the_application_says_how_many(self) -> None:
        def rows_of(view: Any) -> Any:
            text = view.header("x-rows")
            if text == "boom":
                raise RuntimeError
            return None if text is None else int(text)

        app = self.app(rows_of=rows_of, bulk_routes=["/rows"])
        self.assertEqual(self.get(app, x_rows="999"), 200)
        self.assertEqual(self.get(app, x_rows="1000"), 403)
        for unknown in ("-5", "boom"):
            self.assertEqual(self.get(app, "/rows?limit=5", x_rows=unknown), 403)

    def test_an_approval_is_for_so_many_rows(self) -> None:
        app = self.app()
        self.assertEqual(self.get(app, "/rows?limit=2000"), 403)
        self.approve(app, 5000)
        self.rows = 2000
        got = [self.get(app, "/rows?limit=2000") for _ in range(3)]
        self.assertEqual(got, [200, 200, 403])
        self.rows = 1000
        self.assertEqual(self.get(app, "/rows?limit=1000"), 200)
        self.assertEqual(self.get(app, "/rows?limit=999"), 200)

    def test_only_what_was_returned_is_used_up(self) -> None:
        app = self.app()
        self.get(app)
        self.approve(app, 5000)
        self.rows = 10
        self.assertEqual([self.get(app, "/rows?limit=4000") for _ in range(3)], [200] * 3)
        self.rows, self.status = None, 500
        self.assertEqual([self.get(app, "/rows?limit=4000") for _ in range(3)], [500] * 3)
        self.status = 200
        self.assertEqual([self.get(app, "/rows?limit=4000") for _ in range(2)], [200, 403])

    def test_a_read_of_unknown_size_whose_rows_are_not_told_uses_it_up(self) -> None:
        app = self.app(bulk_routes=["/rows"])
        self.get(app)
        self.approve(app, 5000)
        self.assertEqual([self.get(app) for _ in range(2)], [200, 403])
        self.approve(app, 6000)
        self.rows = 2500
        self.assertEqual([self.get(app) for _ in range(4)], [200, 200, 200, 403])

    def test_it_ends_by_its_own_time_and_a_new_one_begins_anew(self) -> None:
        app = self.app()
        self.get(app)
        self.approve(app, 2000, -1)
        self.assertEqual(self.get(app, "/rows?limit=1000"), 403)
        self.approve(app, 1000)
        self.rows = 1000
        got = [self.get(app, "/rows?limit=1000") for _ in range(2)]
        self.assertEqual(got, [200, 403])
        self.approve(app, 1001)
        self.assertEqual(self.get(app, "/rows?limit=1000"), 200)

    def test_what_one_of_two_was_granted_is_given_back_where_the_other_is_refused(self) -> None:
        app = self.app()
        self.get(app)
        self.tocsin.decide(entry("deny", "bob"))
        self.approve(app, 2000)
        both = {"authorization": "Bearer k-svc"}
        self.assertEqual(self.ask(app, "/rows?limit=2000", "k-bob", **both).status, 403)
        self.assertEqual(self.get(app, "/rows?limit=2000"), 200)

    def test_nobody_gets_somebody_elses_approval(self) -> None:
        app = self.app()
        self.get(app)
        self.tocsin.decide(
            entry("approval_required", bulkRows=1000, session=None), entry("deny", "bob")
        )
        self.approve(app, 5000)
        self.assertEqual(self.ask(app, "/rows?limit=2000", "k-alice").status, 403)
        self.assertEqual(self.ask(app, "/rows?limit=2000", "k-bob", x_user="svc").status, 403)
        self.assertEqual(self.get(app, "/rows?limit=2000"), 200)


class AsgiApprovals(Approvals):
    kind = "asgi"


class WsgiApprovals(Approvals):
    kind = "wsgi"


# The unittest loader would run the bases, too, without a middleware.
del EnforcementTestCase, Approvals

if __name__ == "__main__":
    unittest.main()
