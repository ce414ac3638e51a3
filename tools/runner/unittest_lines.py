"""Runs the test modules of a folder and writes one line of JSON for what became of each test.

Called with the folder and the names of its modules. Standard output carries only these lines: what
tests print goes into the text of a failure.
"""

import json
import os
import sys
import traceback
import unittest


class Lines(unittest.TestResult):
    """Tells each test as it ends."""

    def __init__(self, module, out):
        super().__init__()
        self.buffer = True
        self.module = module
        self.out = out

    def tell(self, kind, test=None, **more):
        name = test.id() if test is not None else ""
        line = {"kind": kind, "file": self.module, "name": name, **more}
        self.out.write(json.dumps(line) + "\n")
        self.out.flush()

    def text(self, err):
        captured = "".join(
            stream.getvalue()
            for stream in (self._stdout_buffer, self._stderr_buffer)
            if stream is not None
        )
        return "".join(traceback.format_exception(*err)) + captured[-65536:]

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell("pass", test)

    def addError(self, test, err):
        self.tell("fail", test, text=self.text(err))
        super().addError(test, err)

    def addFailure(self, test, err):
        self.tell("fail", test, text=self.text(err))
        super().addFailure(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.tell("fail", subtest, text=self.text(err))
        super().addSubTest(test, subtest, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.tell("skip", test, why=reason)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.tell("pass", test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.tell("fail", test, text="it was expected to fail, and passed")


def main(folder, modules):
    # Tests that write to file descriptor 1 themselves, or start programs that do, must not mix in.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path[:0] = [os.path.dirname(folder), folder]
    for module in modules:
        result = Lines(module, out)
        unittest.defaultTestLoader.loadTestsFromName(module).run(result)
        result.tell("end")


main(sys.argv[1], sys.argv[2:])
