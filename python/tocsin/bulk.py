"""How many rows a request asks for, before the application has seen it, and what a route returns.

The application can say it (``rows_of``). Otherwise it is read from the query's page size
(``limit``, ``page_size``, ``n``, ``rows``), and believed only as long as the route has not returned
more than was asked. Where no size is named the request counts as bulk on routes that have returned
bulk rows before, or that are named in ``bulk_routes``. What routes returned is what the application
reported by ``annotate(rows=…)``; it is remembered per templated path, for so many routes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable
from urllib.parse import unquote_plus

from .facts import INT_MAX, whole_number
from .identity import RequestView
from .route import matches_any
from .trouble import CAPTURE_TROUBLE

RowsOf = Callable[[RequestView], "int | None"]

SIZE_PARAMETERS = frozenset(("limit", "page_size", "pagesize", "per_page", "n", "rows"))
ROUTES_MAX = 512
#: A longer query is not looked into: its size counts as unknown.
QUERY_CHARS_MAX = 8192


class _Route:
    """Compared segment by segment: a pattern would let a path choose how long that takes."""

    def __init__(self, method: str, template: str, path: str) -> None:
        self.method = method
        self.template = template
        segments = template.split("/")
        #: Literal start of each segment, and whether that is all of it.
        self._starts = [s.partition("{")[0] for s in segments]
        self._literal = ["{" not in s for s in segments]
        #: False where a parameter goes across slashes: then only what stands before it counts.
        self._is_whole = len(segments) == path.count("/") + 1
        self.rows_max = 0
        self.size_is_ignored = False

    def fits(self, segments: list[str]) -> bool:
        if self._is_whole and len(segments) != len(self._starts):
            return False
        for start, is_literal, segment in zip(self._starts, self._literal, segments):
            if is_literal:
                if segment != start:
                    return False
            elif not self._is_whole:
                return True
            elif len(segment) <= len(start) or not segment.startswith(start):
                return False
        return len(segments) >= len(self._starts)


class Bulk:
    """Of one middleware. Threads may use it at once; at worst a route is learnt a request later."""

    def __init__(self, rows_of: RowsOf | None, bulk_routes: Iterable[str]) -> None:
        self._rows_of = rows_of
        self._named = tuple(bulk_routes)
        self._routes: dict[tuple[str, str], _Route] = {}

    def learn(self, view: RequestView, template: str, rows: int | None) -> None:
        """What a request returned, after its end; ``template`` is the path of its route."""
        if rows is None and "{" not in template:
            return
        method = view.method
        route = self._routes.get((method, template))
        if route is None:
            if len(self._routes) >= ROUTES_MAX:
                return
            route = self._routes[method, template] = _Route(method, template, view.path)
        if rows is None:
            return
        route.rows_max = max(route.rows_max, rows)
        if self._rows_of is None and not route.size_is_ignored:
            asked = named_size(view.query)
            route.size_is_ignored = asked is not None and rows > asked

    def template_of(self, method: str, path: str) -> str | None:
        """The route that a path belongs to, where it is known; else None."""
        for route in self._matching(method, path):
            return route.template
        return None

    def rows_asked(self, view: RequestView) -> int | None:
        """None where it cannot be known."""
        if self._rows_of is not None:
            return self._ask(self._rows_of, view)
        asked = named_size(view.query)
        if asked is None or any(r.size_is_ignored for r in self._matching(view.method, view.path)):
            return None
        return asked

    def is_bulk_route(self, view: RequestView, bulk_rows: float) -> bool:
        """True where a request of unknown size is to count as bulk."""
        method, path = view.method, view.path
        if matches_any(method, path, self._named):
            return True
        return any(0 < bulk_rows <= r.rows_max for r in self._matching(method, path))

    def _ask(self, rows_of: RowsOf, view: RequestView) -> int | None:
        try:
            return whole_number(rows_of(view))
        except Exception as error:
            CAPTURE_TROUBLE.note(
                "rows_of_error", "the rows_of hook failed (%s)", type(error).__name__
            )
            return None

    def _matching(self, method: str, path: str) -> list[_Route]:
        segments = path.split("/")
        known = list(self._routes.values())
        return [r for r in known if r.method == method and r.fits(segments)]


def named_size(query: str) -> int | None:
    """The largest page size that the query names; None without one, and for ``limit=0`` or ``-1``,
    which mean everything in many places."""
    if not query or len(query) > QUERY_CHARS_MAX:
        return None
    sizes: list[int] = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if "%" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        if name.lower() in SIZE_PARAMETERS:
            digits = value.replace("+", " ").strip()
            if not (digits.isascii() and digits.isdigit()) or not digits.strip("0"):
                return None
            sizes.append(int(digits) if len(digits) < 16 else INT_MAX)
    return max(sizes, default=None)
