"""A start that fails leaves alone what is not the daemon's own; an end comes at once and leaves nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "mta"))

import base  # noqa: E402
import daemon  # noqa: E402


class Start(unittest.TestCase):
    def setUp(self):
        missing = daemon.missing()
        if missing:
            self.skipTest(missing)
        self.directory = base.make_directory("explain-start-")
        self.addCleanup(base.clean_up)
        self.map = os.path.join(self.directory, "map.sock")
        self.config = os.path.join(self.directory, "explain-milter.yaml")

    def configure(self, milter, socketmap):
        base.write_file(self.config, "milter: %s\nsocketmap: [%s]\ncatalog: [%s]\ncache: %s\n" % (
            milter, socketmap, daemon.CATALOG, os.path.join(base.ROOT, "build/cache")))

    def fails(self, words):
        done = subprocess.run([daemon.PROGRAM, "-f", "-c", self.config], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(words, done.stderr)

    def test_a_file_in_the_way_stays(self):
        path = os.path.join(self.directory, "precious")
        base.write_file(path, "precious\n")
        for milter, socketmap in (("unix:" + path, "unix:" + self.map), ("none", "unix:" + path)):
            self.configure(milter, socketmap)
            self.fails(b"the file exists and is no socket")
            self.assertEqual(base.read_file(path), "precious\n")
            self.assertFalse(os.path.exists(self.map))

    def test_another_programs_socket_stays(self):
        path = os.path.join(self.directory, "other.sock")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen()
            self.configure("unix:" + path, "unix:" + self.map)
            self.fails(b"another program listens there")
            self.assertTrue(os.path.exists(path))

    def test_it_answers_and_then_compiles_the_patterns(self):
        cache = os.path.join(self.directory, "cache")
        base.write_file(self.config, "milter: none\nsocketmap: [\"unix:%s\"]\ncatalog: [%s]\ncache: %s\n" % (
            self.map, daemon.CATALOG, cache))
        with open(os.path.join(self.directory, "log"), "w+b") as log:
            process = subprocess.Popen([daemon.PROGRAM, "-f", "-c", self.config], stdin=subprocess.DEVNULL, stderr=log)
            base.at_exit(process.kill)
            base.wait_for(lambda: base.is_answering(self.map), 60, "the daemon")
            client = daemon.MapClient(self.map)
            self.addCleanup(client.close)
            first = client.ask("footer", b"550 5.1.1 <bob@example.org>: User unknown")
            base.wait_for(lambda: os.path.isdir(cache), 60, "the cache")
            self.assertRegex(first, b"^OK The address bob@example.org does not exist")
            # A signal comes after the compiling, so at the end there is the database for the next start.
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), 0)
            log.seek(0)
            self.assertNotIn(b"slow", log.read())
        done = subprocess.run([daemon.PROGRAM, "-t", "-c", self.config], stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, 0)

    def test_the_end_comes_at_once(self):
        self.configure("none", "unix:" + self.map)
        subprocess.run([daemon.PROGRAM, "-t", "-c", self.config], stdin=subprocess.DEVNULL, check=True, timeout=60)
        for milter in ("unix:" + os.path.join(self.directory, "milter.sock"),
                       "inet:%d@127.0.0.1" % base.free_port()):
            self.configure(milter, "unix:" + self.map)
            process = subprocess.Popen([daemon.PROGRAM, "-f", "-c", self.config], stdin=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            base.at_exit(process.kill)
            base.wait_for(lambda: base.is_answering(self.map), 60, "the daemon")
            # An answer comes when the daemon waits for signals; the socket is there before.
            with daemon.MapClient(self.map) as client:
                client.ask("stats", b"")
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(20), 0)
            self.assertLess(time.monotonic() - begun, 3)
            self.assertEqual(sorted(os.listdir(self.directory)), ["explain-milter.yaml"])


if __name__ == "__main__":
    unittest.main()
