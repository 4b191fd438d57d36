"""The daemon is killed, stopped and reloaded under load: no reply is lost, garbled or held up."""

import os
import random
import re
import threading
import time
import unittest

import harness
from case import PostfixCase
from harness import OUTSIDE, Client, MapClient, added_lines

SESSIONS = 2000
CLIENTS = 8
LINES = [b"EHLO client.example.org", b"MAIL FROM:<bob@example.org>", b"RCPT TO:<nobody@example.test>",
         b"RCPT TO:<someone@example.net>", b"FLUMMOX"]
CODES = [250, 250, 550, 554, 500]


MISTAKES = """\
- rule: Not A Slug
  cause: recipient-unknown
  match: {status: 5.1.1, text: 'user unknown'}
  examples: ["550 5.1.1 User unknown", "550 5.1.1 user unknown here"]
- rule: site-no-cause
  cause: no-such-cause
  match: {status: 5.1.1, text: 'user gone'}
  examples: ["550 5.1.1 User gone", "550 5.1.1 user gone away"]
- rule: site-no-match
  cause: recipient-unknown
  examples: ["550 5.1.1 no match", "550 no match"]
- rule: site-bad-code
  cause: recipient-unknown
  match: {code: 999, text: 'nine'}
  examples: ["550 nine", "550 nine nine"]
- rule: site-bad-key
  cause: recipient-unknown
  match: {text: 'seven', colour: blue}
  examples: ["550 seven", "550 seven seven"]
- rule: site-bad-status
  cause: recipient-unknown
  match: {status: 7.1.1, text: 'eight hundred'}
  examples: ["550 7.1.1 eight hundred", "550 7.1.1 eight hundred more"]
"""


class Load:
    """Several clients that run rejecting sessions until there were enough; every reply is checked."""

    def __init__(self, port, plain_port, sessions):
        with Client(plain_port, OUTSIDE) as client:
            self.originals = [client.command(line) for line in LINES]
        self.port = port
        self.left = sessions
        self.done = 0
        self.explained = 0
        self.bare = 0
        self.slowest = 0.0
        self.broken = []
        self.lock = threading.Lock()
        self.last = False
        self.threads = [threading.Thread(target=self.client, daemon=True) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, failed, *_):
        """Waits for all sessions; after a failure no new ones begin."""
        self.last = True
        if failed:
            self.left = 0
        for thread in self.threads:
            thread.join(60)

    def add(self, sessions):
        with self.lock:
            self.left += sessions

    def wait_done(self, count):
        harness.wait_for(lambda: self.done >= count or self.broken, 60, "%d sessions" % count)

    def client(self):
        while True:
            with self.lock:
                if self.broken or (self.last and self.left <= 0):
                    return
                idle = self.left <= 0
                self.left -= not idle
            if idle:
                time.sleep(0.001)
                continue
            try:
                self.session()
            except (OSError, AssertionError) as error:
                self.broken.append(repr(error))

    def session(self):
        explained = bare = 0
        with Client(self.port, OUTSIDE) as client:
            for line, code, original in zip(LINES, CODES, self.originals):
                reply = client.command(line)
                if reply.code != code:
                    raise AssertionError("%r instead of %d" % (reply, code))
                if code >= 400:
                    added = added_lines(reply, original)
                    if added and not reply.ref:
                        raise AssertionError("half an explanation: %r" % reply)
                    explained += bool(added)
                    bare += not added
            client.command(b"QUIT")
        with self.lock:
            self.done += 1
            self.explained += explained
            self.bare += bare
            self.slowest = max(self.slowest, client.slowest)


class FailOpen(PostfixCase):
    """Each test leaves a running daemon that explains."""

    filter_on = True

    @classmethod
    def configure(cls):
        cls.twin_services("main")
        cls.twin_services("filter", {"smtpd_milters": "unix:" + cls.daemon.milter_socket,
                                     "milter_default_action": "accept"})

    @classmethod
    def tearDownClass(cls):
        # connections that broke are logged as warnings here, as they should be; unusable templates still are not
        unusable = [line for line in cls.postfix.complaints() if "footer" in line and "socketmap" not in line]
        cls.postfix.stop()
        status = cls.daemon.stop()
        if status != 0 or unusable:
            raise AssertionError("status %s\n%s\n%s" % (status, "\n".join(unusable[:10]), cls.daemon.log()[-4000:]))

    def load(self, sessions, service="main"):
        return Load(self.postfix.ports[service], self.postfix.ports["main-plain"], sessions)

    def assert_explains(self, service="main"):
        """A fresh session is explained."""
        twins = self.twins(service, OUTSIDE, "main-plain")
        for line in LINES:
            twins.command(line)
        self.assertEqual(len(twins.log), 3)

    def kill_in_the_middle(self, service):
        load = self.load(SESSIONS, service)
        with load:
            load.wait_done(SESSIONS // 4)
            explained = load.explained
            self.daemon.kill()
            load.wait_done(SESSIONS // 2)
            self.assertGreater(load.bare, 0)
            self.daemon.start()
            before = load.explained
            load.add(200)
        self.assertEqual(load.broken, [])
        self.assertEqual(load.done, SESSIONS + 200)
        self.assertGreater(explained, 0, "nothing was explained before the kill")
        self.assertGreater(load.explained, before, "nothing was explained after the restart")
        self.assertLess(load.slowest, 1.0)
        self.assert_explains(service)

    def test_kill(self):
        """kill -9 in the middle of 2,000 rejecting sessions."""
        self.kill_in_the_middle("main")

    def test_kill_with_filter(self):
        """The same where the daemon is smtpd's milter as well."""
        self.kill_in_the_middle("filter")

    def test_kill_at_random_moments(self):
        """Killed again and again, 20 times, at whatever moment of an answer that hits."""
        with self.load(600) as load:
            for _ in range(20):
                time.sleep(random.uniform(0.0, 0.03))
                self.daemon.kill()
                self.daemon.start()
        self.assertEqual(load.broken, [])
        self.assertLess(load.slowest, 1.0)
        self.assert_explains()

    def test_stopped(self):
        """SIGSTOP for 5 s: a session waits for no longer than that, and no reply is garbled; filter on or not."""
        with self.load(400) as plain, self.load(400, "filter") as filtered:
            for load in (plain, filtered):
                load.wait_done(100)
            self.daemon.pause()
            try:
                time.sleep(5)
            finally:
                self.daemon.resume()
        for load in (plain, filtered):
            self.assertEqual(load.broken, [])
            self.assertEqual(load.done, 400)
            self.assertLess(load.slowest, 6.0)
            self.assertGreater(load.explained, 0)
        self.assert_explains()

    def test_reloads_under_load(self):
        """200 reloads while lookups go on: each one is answered, and each answer is an explanation."""
        reply = b"550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown in local recipient table"
        stop = threading.Event()
        answers = []
        failures = []

        def lookups():
            count = 0
            try:
                with MapClient(self.daemon.map_socket) as client:
                    while not stop.is_set():
                        answer = client.ask("footer", reply)
                        if not answer or not answer.startswith(b"OK "):
                            failures.append(answer)
                            return
                        count += 1
            except (OSError, AssertionError) as error:
                failures.append(repr(error))
            answers.append(count)

        threads = [threading.Thread(target=lookups, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(200):
                self.daemon.reload()
                time.sleep(0.01)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(len(answers), 3)
        self.assertGreater(min(answers), 200)
        self.assertTrue(self.daemon.alive())
        self.assert_explains()

    def test_reload_with_a_bad_pattern(self):
        """A regular expression that does not compile is named with its place."""
        path = os.path.join(self.daemon.site, "60-pattern.yaml")
        try:
            harness.write_file(path, "- rule: site-bad-pattern\n  cause: recipient-unknown\n"
                                     "  match: {text: 'unbalanced (parenthesis'}\n"
                                     "  examples: ['550 unbalanced (parenthesis', '550 5.1.1 unbalanced (parenthesis']\n")
            self.daemon.reload()
            harness.wait_for(lambda: re.search(r"60-pattern\.yaml:3:\d+: rule site-bad-pattern: ", self.daemon.log()), 20,
                             "a log line with file, line and column")
            self.assert_explains()
        finally:
            os.unlink(path)
            self.daemon.reload()

    def test_reload_that_fails_keeps_the_old_catalogue(self):
        """A site catalogue gone bad is named in the log, and the old one goes on answering."""
        path = os.path.join(self.daemon.site, "50-mistakes.yaml")
        try:
            harness.write_file(path, MISTAKES)
            self.daemon.reload()
            harness.wait_for(lambda: len(set(re.findall(r"50-mistakes\.yaml:(\d+):\d+", self.daemon.log()))) >= 6, 20,
                             "six log lines with file, line and column")
            self.assert_explains()
        finally:
            os.unlink(path)
            self.daemon.reload()
        self.assert_explains()


if __name__ == "__main__":
    unittest.main()
