#!/usr/bin/python3
"""Runs Python test modules: tests/run.py [-v] [-k PATTERN] FILE|DIRECTORY...

Quiet when all is well; failures are shown in full. The last line is always `N passed, N failed, N skipped`, and
the exit status is 0 only if nothing failed. What can't run here is skipped, and the reason is shown.
"""

import argparse
import glob
import importlib.util
import os
import signal
import sys
import time
import unittest

LIMIT = 240     # seconds for one module; a test that hangs must not hang `make check`


class Result(unittest.TestResult):
    """Counts tests; a failing subtest makes its test fail once."""

    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose
        self.passed = 0
        self.bad = set()
        self.started = {}

    def startTest(self, test):
        super().startTest(test)
        self.started[test.id()] = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        if self.verbose:
            seconds = time.monotonic() - self.started[test.id()]
            skipped = any(test is one for one, _reason in self.skipped)
            outcome = "FAILED" if test.id() in self.bad else "skipped" if skipped else "ok"
            print("%s %s (%.2f s)" % (outcome, test.id(), seconds), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        if test.id() not in self.bad:
            self.passed += 1

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.show(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.show(test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.show(test, "%s\n%s" % (subtest, self._exc_info_to_string(err, test)))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print("skipped: %s: %s" % (test.id(), reason), flush=True)

    def show(self, test, text):
        self.bad.add(test.id())
        print("FAILED: %s\n%s" % (test.id(), text), flush=True)


class Hung(KeyboardInterrupt):
    """A module ran longer than LIMIT; unittest lets only a KeyboardInterrupt out of a test."""


def on_alarm(_number, _frame):
    raise Hung("no end after %d s" % LIMIT)


def modules(paths):
    """The test files that paths name."""
    for path in paths:
        if os.path.isdir(path):
            yield from sorted(glob.glob(os.path.join(path, "**/test_*.py"), recursive=True))
        else:
            yield path


def load(path):
    """The tests of a file, as a suite; its folder and tests/mta become importable."""
    harness = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mta")
    for folder in (harness, os.path.dirname(os.path.abspath(path))):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-v", "--verbose", action="store_true", help="name every test and how long it took")
    parser.add_argument("-k", metavar="PATTERN", action="append", help="only tests with PATTERN in their name")
    parser.add_argument("paths", nargs="+")
    arguments = parser.parse_args()
    loader = unittest.TestLoader()
    if arguments.k:
        loader.testNamePatterns = [pattern if "*" in pattern else "*%s*" % pattern for pattern in arguments.k]
    signal.signal(signal.SIGALRM, on_alarm)
    result = Result(arguments.verbose)
    failed_to_load = 0
    for path in modules(arguments.paths):
        start = time.monotonic()
        try:
            signal.alarm(LIMIT)
            loader.loadTestsFromModule(load(path)).run(result)
        except Hung as hung:
            failed_to_load += 1
            print("FAILED: %s: %s" % (path, hung), flush=True)
        except Exception as error:      # an import that fails is a failure of that file, not of the run
            failed_to_load += 1
            print("FAILED: %s: %s: %s" % (path, type(error).__name__, error), flush=True)
        finally:
            signal.alarm(0)
            if "base" in sys.modules:
                sys.modules["base"].run_endings()
        if arguments.verbose:
            print("%s: %.1f s" % (path, time.monotonic() - start), flush=True)
    failed = len(result.bad) + failed_to_load
    print("%d passed, %d failed, %d skipped" % (result.passed, failed, len(result.skipped)), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt as interrupt:
        print("interrupted", flush=True)
        sys.exit(getattr(interrupt, "status", 130))
