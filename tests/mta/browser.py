"""Runs a script of tests in Chromium; where that or its packages are missing, says so."""

import os
import re
import shutil
import subprocess

from base import ROOT, at_exit

MODULES = os.path.join(ROOT, "build/browser/node_modules")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


def missing():
    """Why nothing can be tested here, or None."""
    if not CHROMIUM:
        return "chromium is not installed"
    if not shutil.which("node"):
        return "node is not installed"
    return None if os.path.isdir(MODULES) else "the packages of tests/pages/package.json are not installed"


def check(case, script, *arguments, least):
    """Runs SCRIPT, which uses tests/pages/harness.mjs; each of its tests is a subtest, at least LEAST of them."""
    process = subprocess.Popen(["node", script, MODULES, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, start_new_session=True, env=dict(os.environ, CHROMIUM=CHROMIUM))
    at_exit(lambda: process.poll() is None and os.killpg(process.pid, 9))
    output = process.communicate()[0]
    lines = [line for line in output.splitlines() if re.match(r"(not )?ok ", line)]
    for line in lines:
        with case.subTest(line.split(":")[0]):
            case.assertTrue(line.startswith("ok "), line)
    case.assertEqual(process.returncode, 0, output)
    case.assertGreaterEqual(len(lines), least)
