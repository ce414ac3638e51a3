"""What was lost and has not been told yet: per reason a count with its first and last time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Gap:
    """Events that did not get somewhere; times in ms."""

    count: int = 0
    first_ms: int = 0
    last_ms: int = 0

    def add(self, time_ms: int, count: int = 1) -> None:
        if count <= 0:
            return
        self.first_ms = min(self.first_ms, time_ms) if self.count else time_ms
        self.last_ms = max(self.last_ms, time_ms)
        self.count += count

    def take(self, told: Gap) -> None:
        """Takes off what has been told; later losses stay, with the later times."""
        self.count -= told.count
        self.first_ms = told.last_ms


class GapLedger:
    """Losses by reason. Belongs to the writer's thread."""

    def __init__(self, kept: dict[str, list[int]] | None = None) -> None:
        """``kept`` is what ``as_lists`` gave before a restart."""
        self._gaps = {reason: Gap(*values) for reason, values in (kept or {}).items()}
        #: True since the last ``as_lists`` where something changed.
        self.changed = False

    def __bool__(self) -> bool:
        return bool(self._gaps)

    def add(self, reason: str, lost: Gap) -> None:
        if lost.count <= 0:
            return
        gap = self._gaps.setdefault(reason, Gap())
        gap.add(lost.first_ms, lost.count)
        gap.last_ms = max(gap.last_ms, lost.last_ms)
        self.changed = True

    def due(self, full: set[str]) -> dict[str, Gap]:
        """Copies of those that can be told: all but the reasons whose sink is still full."""
        return {
            reason: Gap(g.count, g.first_ms, g.last_ms)
            for reason, g in self._gaps.items()
            if reason not in full
        }

    def forget(self, told: dict[str, Gap]) -> None:
        """Takes off what stands in its place now; what was lost since then stays."""
        for reason, gap in told.items():
            self._gaps[reason].take(gap)
            self.changed = True
            if self._gaps[reason].count <= 0:
                del self._gaps[reason]

    def as_lists(self) -> dict[str, list[int]]:
        """Plain data to keep."""
        self.changed = False
        return {r: [g.count, g.first_ms, g.last_ms] for r, g in self._gaps.items()}
