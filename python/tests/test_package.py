"""The package as a whole: standard library only, Python 3.9, small functions, typed."""

from __future__ import annotations

import ast
import re
import sys
import unittest
from pathlib import Path

import drivers  # noqa: F401

from tocsin import __version__

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "tocsin").glob("*.py"))
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
LINE_CHARS_MAX = 100


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


class Package(unittest.TestCase):
    def trees(self) -> list[tuple[Path, ast.Module]]:
        return [(p, ast.parse(p.read_text("utf-8"), feature_version=(3, 9))) for p in SOURCES]

    def test_imports_only_the_standard_library(self) -> None:
        if not hasattr(sys, "stdlib_module_names"):
            self.skipTest("sys.stdlib_module_names came with Python 3.10")
        allowed = sys.stdlib_module_names | {"typing_extensions"}  # for type checkers alone
        for path, tree in self.trees():
            for node in ast.walk(tree):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [node.module or ""]
                for name in names:
                    self.assertIn(name.partition(".")[0], allowed, path.name)

    def test_typing_extensions_is_not_needed_to_run(self) -> None:
        self.assertNotIn("typing_extensions", sys.modules)

    def test_annotations_are_not_evaluated(self) -> None:
        """``X | None`` is written everywhere, which Python 3.9 cannot evaluate."""
        for path, tree in self.trees():
            first = next(n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom)))
            self.assertEqual(getattr(first, "module", None), "__future__", path.name)

    def test_sizes(self) -> None:
        for path, tree in self.trees():
            lines = path.read_text("utf-8").splitlines()
            self.assertLessEqual(len(lines), FILE_LINES_MAX, path.name)
            self.assertLessEqual(max(map(len, lines)), LINE_CHARS_MAX, path.name)
            for function in functions(tree):
                size = (function.end_lineno or 0) - function.lineno + 1
                self.assertLessEqual(size, FUNCTION_LINES_MAX, f"{path.name} {function.name}")

    def test_each_file_says_what_it_is(self) -> None:
        for path, tree in self.trees():
            self.assertTrue(ast.get_docstring(tree), path.name)

    def test_typed_and_one_version(self) -> None:
        self.assertTrue((ROOT / "tocsin" / "py.typed").exists())
        self.assertRegex(__version__, r"^\d+\.\d+\.\d+$")
        project = (ROOT / "pyproject.toml").read_text("utf-8")
        self.assertIn('version = { attr = "tocsin.version.VERSION" }', project)
        self.assertIsNone(re.search(r'^version = "', project, re.M))
        self.assertIn("dependencies = []", project)


if __name__ == "__main__":
    unittest.main()
