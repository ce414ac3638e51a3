"""Limits of text in an event (docs/spec/event.md): longer text is cut, never refused."""

from __future__ import annotations

TEXT_BYTES_MAX = 1024
LONG_TEXT_BYTES_MAX = 4096


def clip(text: str, bytes_max: int = TEXT_BYTES_MAX) -> str:
    """The text, cut at a character so that its UTF-8 form has at most ``bytes_max`` bytes.

    A lone surrogate counts as the three bytes of U+FFFD, which the server makes of it.
    """
    if len(text) * 4 <= bytes_max:
        return text
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= bytes_max:
        return text
    return data[:bytes_max].decode("utf-8", "ignore")
