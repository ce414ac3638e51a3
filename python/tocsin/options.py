"""Where a recorder writes and what it may use: options, environment, default directories."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .spool import SPOOL_BYTES_MAX

QUEUE_MAX = 10_000


@dataclass(frozen=True)
class RecorderOptions:
    """Where events go: ``file``, ``url`` or both. Mistakes raise ``ValueError`` at once."""

    #: JSON-lines file; default ``TOCSIN_FILE``.
    file: str | os.PathLike[str] | None = None
    #: Base URL of Tocsin, such as ``https://tocsin.example:7117``; default ``TOCSIN_URL``.
    url: str | None = None
    #: Default ``TOCSIN_API_KEY``.
    api_key: str | None = None
    #: Directory for events that wait for Tocsin; default ``TOCSIN_SPOOL``, else the state directory
    #: of the user, else the temporary one.
    spool: str | os.PathLike[str] | None = None
    spool_bytes_max: int = SPOOL_BYTES_MAX
    #: First half of ``producer``; the second is made once per spool slot. Default: the host name.
    producer: str | None = None
    queue_max: int = QUEUE_MAX
    #: False leaves the environment unread.
    environment: bool = True


def default_spool_root() -> Path | None:
    """The first directory of the usual places that can be written; it is made private."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(
        os.path.expanduser("~"), ".local/state"
    )
    user = os.getuid() if hasattr(os, "getuid") else 0
    for path in (
        Path(state) / "tocsin" / "spool",
        Path(tempfile.gettempdir()) / f"tocsin-spool-{user}",
    ):
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = os.lstat(path)
        except OSError:
            continue
        mine = path.is_dir() and not path.is_symlink() and status.st_uid == user
        if mine and os.access(path, os.W_OK | os.X_OK):
            return path
    return None


def with_environment(options: RecorderOptions) -> RecorderOptions:
    if not options.environment:
        return options
    environ = os.environ
    return RecorderOptions(
        file=options.file or environ.get("TOCSIN_FILE") or None,
        url=options.url or environ.get("TOCSIN_URL") or None,
        api_key=options.api_key or environ.get("TOCSIN_API_KEY") or None,
        spool=options.spool or environ.get("TOCSIN_SPOOL") or None,
        spool_bytes_max=options.spool_bytes_max,
        producer=options.producer or environ.get("TOCSIN_PRODUCER") or None,
        queue_max=options.queue_max,
    )
