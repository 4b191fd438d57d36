"""The socketmap server against clients that Postfix never is: slow, endless, malformed, deaf, and many."""

import json
import os
import resource
import socket
import threading
import time
import unittest

import daemon as daemon_module
import harness
from harness import Daemon, MapClient, netstring

UNKNOWN = b"550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown in local recipient table"
LIMIT = 10000       # octets of a request, as in Postfix


class Socketmap(unittest.TestCase):
    """One daemon for all tests; each test ends with a proof that others are served."""

    @classmethod
    def setUpClass(cls):
        reason = daemon_module.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.daemon = Daemon(tcp=True).start()

    @classmethod
    def tearDownClass(cls):
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError("explain-milter ended with status %s:\n%s" % (status, cls.daemon.log()[-4000:]))

    def tearDown(self):
        self.assert_served()

    def connect(self, tcp=False):
        client = MapClient(("127.0.0.1", self.daemon.port) if tcp else self.daemon.map_socket)
        self.addCleanup(client.close)
        return client

    def assert_served(self, seconds=1.0):
        """A new client gets its explanation, soon."""
        for address in (self.daemon.map_socket, ("127.0.0.1", self.daemon.port)):
            start = time.monotonic()
            with MapClient(address) as client:
                self.assert_explained(client.ask("footer", UNKNOWN))
            self.assertLess(time.monotonic() - start, seconds)

    def assert_explained(self, answer):
        self.assertTrue(answer.startswith(b"OK "), answer)
        self.assertIn(b"nobody@example.test", answer)

    def assert_closed(self, octets, tcp=False):
        """After octets the server ends this connection, with at most one refusing answer before."""
        client = self.connect(tcp)
        try:
            client.send(octets)
        except (BrokenPipeError, ConnectionResetError):
            return
        answer = client.answer()
        if answer is not None:
            self.assertTrue(answer.startswith(b"PERM "), answer)
            self.assertIsNone(client.answer())

    def test_wrong_lengths(self):
        for octets in [b"5:footer 550 x,", b"3:abcd,", b"-1:x,", b"+5:hello,", b" 5:hello,",
                       b"x", b":", b",", b"footer 550 x\n", b"GET / HTTP/1.0\r\n\r\n", b"EHLO x\r\n", b"5;hello,",
                       b"5:hello;", b"\0\0\0\1", b"99999999999999999999:x,", b"4294967296:x,",
                       b"18446744073709551617:x,"]:
            with self.subTest(octets=octets):
                self.assert_closed(octets)

    def test_odd_requests(self):
        """Well-formed netstrings that mean nothing: an answer or a closed connection, never silence."""
        for payload in [b"", b" ", b"footer", b"footer ", b" 550 x", b"nosuchmap 550 x", b"footer.nosuchprofile 550 x",
                        b"footer. 550 x", b"FOOTER 550 x", b"footer 250 2.0.0 Ok", b"footer 354 go", b"footer hello",
                        b"footer \0", b"footer 55", b"footer 5500 x", b"footer 999 x", b"\xff\xfe \xff",
                        b"delivery-status 2.0.0 delivered", b"rewrite 250 Ok"]:
            with self.subTest(payload=payload):
                client = self.connect()
                client.send(netstring(payload))
                answer = client.answer()
                if answer is not None:
                    self.assertIn(answer.split(b" ", 1)[0], (b"OK", b"NOTFOUND", b"PERM", b"TEMP"))
                    self.assertFalse(payload.startswith(b"delivery-status 2") and not answer.startswith(b"NOTFOUND"))

    def test_too_long(self):
        """11,000 octets close the connection, whether they come or are only announced."""
        self.assert_closed(netstring(b"footer 550 5.1.1 " + b"x" * (11000 - 17)))
        self.assert_closed(b"11000:")
        self.assert_closed(b"10001:footer ", tcp=True)

    def test_longest(self):
        """10,000 octets are still a request."""
        client = self.connect()
        answer = client.ask("footer", UNKNOWN + b" " + b"x" * (LIMIT - len(UNKNOWN) - 8))
        self.assert_explained(answer)

    def assert_memory(self, used, limit):
        """KiB in use; a sanitizer (UNIT_SLOW) needs memory of its own, and keeps what is freed."""
        self.assertLess(used, limit + (200 * 1024 if os.environ.get("UNIT_SLOW") else 0))

    def test_endless_digits(self):
        """A length that never ends is cut off, not collected."""
        client = self.connect()
        before = self.daemon.rss_kib()
        try:
            for _ in range(1000):
                client.send(b"1" * 65536)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            self.fail("65 MB of digits were taken")
        self.assert_memory(self.daemon.rss_kib() - before, 4096)
        self.assert_closed(b"0" * 64)

    def test_one_octet_at_a_time(self):
        """A slow client gets its answer in the end, and nobody waits for it."""
        slow = self.connect()
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        request = netstring(b"footer " + UNKNOWN)
        worst = 0.0
        with MapClient(self.daemon.map_socket) as other:
            for octet in request:
                slow.send(bytes([octet]))
                start = time.monotonic()
                self.assert_explained(other.ask("footer", UNKNOWN))
                worst = max(worst, time.monotonic() - start)
                time.sleep(0.005)
        self.assert_explained(slow.answer())
        self.assertLess(worst, 0.5)

    def test_every_split(self):
        """A request that arrives in two parts, split anywhere, gets the same answer."""
        client = self.connect(tcp=True)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = netstring(b"footer " + UNKNOWN)
        for position in range(1, len(request)):
            client.send(request[:position])
            time.sleep(0.001)
            client.send(request[position:])
            self.assert_explained(client.answer())

    def test_pipelined(self):
        """Requests sent at once are answered one by one, in order."""
        client = self.connect()
        keys = [b"550 5.1.1 <user%d@example.test>: Recipient address rejected: User unknown in local recipient table"
                % number for number in range(200)]
        threading.Thread(target=client.send, args=(b"".join(netstring(b"footer " + key) for key in keys),)).start()
        for number in range(200):
            self.assertIn(b"user%d@example.test" % number, client.answer())

    def test_half_closed(self):
        """A client that has closed its sending side still gets the answers to what it sent."""
        for tcp in (False, True):
            client = self.connect(tcp)
            client.send(netstring(b"footer " + UNKNOWN) * 3)
            client.sock.shutdown(socket.SHUT_WR)
            for _ in range(3):
                self.assert_explained(client.answer())
            self.assertIsNone(client.answer())

    def test_closed_before_the_answer(self):
        for _ in range(200):
            with MapClient(self.daemon.map_socket) as client:
                client.send(netstring(b"footer " + UNKNOWN) * 2)
        for _ in range(100):
            with MapClient(self.daemon.map_socket) as client:
                client.send(b"90:footer 550")

    def test_never_reads(self):
        """A client that sends requests and never reads an answer costs bounded memory, and delays nobody."""
        before = self.daemon.rss_kib()
        deaf = self.connect()
        deaf.sock.setblocking(False)
        requests = netstring(b"footer " + UNKNOWN) * 200
        end = time.monotonic() + 3
        sent = 0
        with MapClient(self.daemon.map_socket) as other:
            while time.monotonic() < end and sent < 50_000_000:
                try:
                    sent += deaf.sock.send(requests)
                except BlockingIOError:
                    time.sleep(0.01)
                    if sent and time.monotonic() > end - 2.5:
                        break
                except (BrokenPipeError, ConnectionResetError):
                    break
                start = time.monotonic()
                self.assert_explained(other.ask("footer", UNKNOWN))
                self.assertLess(time.monotonic() - start, 0.5)
        self.assert_memory(self.daemon.rss_kib() - before, 4096)

    def test_a_thousand_idle(self):
        """1,000 idle clients, some in the middle of a request: others are served, memory stays small."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        idle = []
        for number in range(1000):
            client = self.connect(tcp=number % 2 == 1)
            idle.append(client)
            if number % 3 == 0:
                client.send(b"9000:footer 550 5.1.1 " + b"x" * 100)
        self.assert_served()
        self.assert_memory(self.daemon.rss_kib(), 40 * 1024)
        for client in idle:
            client.close()

    def test_memory_settles(self):
        """20,000 lookups over connections that come and go leave the memory where it was."""
        def work(count):
            for _ in range(count):
                with MapClient(self.daemon.map_socket) as client:
                    client.send(netstring(b"footer " + UNKNOWN) * 50)
                    for _ in range(50):
                        self.assertTrue(client.answer().startswith(b"OK "))
        work(100)
        before = self.daemon.rss_kib()
        work(300)
        self.assert_memory(self.daemon.rss_kib() - before, 1024)

    def test_maps(self):
        """What each map answers for one reply."""
        client = self.connect()
        self.assertEqual(client.ask("footer", b"250 2.0.0 Ok")[:8], b"NOTFOUND")
        rewrite = client.ask("rewrite", UNKNOWN)
        self.assertTrue(rewrite.startswith(b"OK 550"), rewrite)
        self.assertEqual(client.ask("rewrite", b"250 2.0.0 Ok")[:8], b"NOTFOUND")
        flat = (b"5.1.1 host mx.example.net[192.0.2.1] said: 550 5.1.1 <x@example.net>: user unknown "
                b"(in reply to RCPT TO command)")
        status = client.ask("delivery-status", flat)
        self.assertTrue(status.startswith(b"OK " + flat), status)
        self.assertGreater(len(status), len(flat) + 40)
        self.assertEqual(client.ask("delivery-status", b"2.0.0 delivered to mailbox")[:8], b"NOTFOUND")
        found = client.explain(UNKNOWN)
        self.assertEqual((found["code"], found["status"], found["cause"], found["temporary"]),
                         (550, "5.1.1", "recipient-unknown", False))
        stats = client.ask("stats", b"")
        self.assertTrue(stats.startswith(b"OK "), stats)

    def test_rewrite(self):
        """The rewritten reply is a whole one: same code on all lines, limits kept, first line keeps the original."""
        client = self.connect()
        for reply in (UNKNOWN, b"452 4.2.2 Mailbox full", b"550-5.7.1 one\r\n550 5.7.1 two", b"500 odd",
                      b"550 5.1.1 " + b"<" + b"a" * 400 + b"@example.test>: Recipient address rejected: User unknown"):
            answer = client.ask("rewrite", reply)
            self.assertTrue(answer.startswith(b"OK "), answer)
            lines = answer[3:].split(b"\r\n")
            for number, line in enumerate(lines):
                self.assertEqual(line[:3], reply[:3])
                self.assertEqual(line[3:4], b" " if number == len(lines) - 1 else b"-")
                self.assertLessEqual(len(line), 510)
                self.assertNotIn(b"\n", line)

    def test_explain_is_json_for_anything(self):
        client = self.connect()
        for reply in (b"550 \xff\xfe", b"\x00\x01", b"", b"550", b"550-a\r\n550 b", b"x" * 9000, b"4.2.2 full",
                      b'550 "quoted" \\ \t', b"host mx.example.net said: 550 5.1.1 unknown user"):
            answer = client.ask("explain", reply)
            self.assertTrue(answer.startswith((b"OK {", b"NOTFOUND")), answer)
            if answer.startswith(b"OK "):
                json.loads(answer[3:])


if __name__ == "__main__":
    unittest.main()
