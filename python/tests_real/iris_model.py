"""The model both services serve, and what the tests know of them."""

from __future__ import annotations

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

VERSION = "2026-11"
KEYS = {"key-of-alice": "alice", "key-of-bob": "bob"}
STREAM_CHUNK = b"x" * 1000
STREAM_CHUNKS = 100

_iris = load_iris()
SPECIES = [str(name) for name in _iris.target_names]
MODEL = LogisticRegression(max_iter=200).fit(_iris.data, _iris.target)
