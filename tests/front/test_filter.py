"""The filter at the milter protocol: what it negotiates, what it answers, and peers that speak nonsense.

The peer here plays the MTA (milter protocol version 6, packets as libmilter's mfdef.h names them).
"""

import os
import re
import socket
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "mta"))

import harness  # noqa: E402
from harness import Daemon  # noqa: E402

# Steps (SMFIP_*), what an MTA offers in all.
NO_CONNECT, NO_HELO, NO_MAIL, NO_RCPT, NO_BODY, NO_HEADERS, NO_EOH = (1 << bit for bit in range(7))
NO_UNKNOWN, NO_DATA, RCPT_REJ = 0x100, 0x200, 0x800
NR_HEADER = 0x80
NR_CONNECT, NR_HELO, NR_MAIL, NR_RCPT = 0x1000, 0x2000, 0x4000, 0x8000
ADD_HEADERS, CHANGE_BODY, SYMBOLS = 0x01, 0x02, 0x100
ALL_STEPS = 0x1FFFFF
ALL_ACTIONS = 0x1FF


class Mta:
    """One connection of an MTA to the filter."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(5)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, command, data=b""):
        self.socket.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def macros(self, step, **values):
        self.send(b"D", step + b"".join(b"{%s}\0%s\0" % (name.encode(), value) for name, value in values.items()))

    def receive(self):
        """(command, data), or None when the filter has closed."""
        head = self.exactly(4)
        if not head:
            return None
        packet = self.exactly(struct.unpack(">I", head)[0])
        return packet[:1], packet[1:]

    def exactly(self, size):
        data = b""
        while len(data) < size:
            try:
                more = self.socket.recv(size - len(data))
            except ConnectionResetError:
                return None
            if not more:
                return None
            data += more
        return data

    def negotiate(self, steps=ALL_STEPS, version=6):
        """(version, actions, steps) that the filter wants."""
        self.send(b"O", struct.pack(">III", version, ALL_ACTIONS, steps))
        command, data = self.receive()
        assert command == b"O", command
        return struct.unpack(">III", data[:12])

    def connect(self):
        self.send(b"C", b"mail.example.com\x004" + struct.pack(">H", 4711) + b"192.0.2.9\0")


class Filter(unittest.TestCase):
    mta = "postfix"
    extra = "bounces: {inbound: no, internal: no}\n"

    @classmethod
    def setUpClass(cls):
        reason = harness.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.daemon = Daemon(filter_on=True, extra=cls.extra)
        yaml = cls.daemon.yaml
        cls.daemon.yaml = lambda: yaml().replace("mta: postfix\n", "mta: %s\n" % cls.mta)
        cls.daemon.start()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def dial(self):
        return Mta(self.daemon.milter_socket)

    def refuse(self, mta, reply=b"User unknown", status=b"5.1.1", recipient=b"<nobody@example.test>"):
        mta.macros(b"R", rcpt_mailer=b"error", rcpt_host=status, rcpt_addr=reply)
        mta.send(b"R", recipient + b"\0")

    def works(self):
        """A whole session still goes through."""
        with self.dial() as mta:
            mta.negotiate()
            mta.connect()
            mta.send(b"H", b"client.example.com\0")
            mta.send(b"M", b"<ann@example.com>\0")
            self.refuse(mta)
            self.assertEqual(mta.receive(), (b"c", b""))
            mta.send(b"Q")


class ForPostfix(Filter):
    def test_least_traffic(self):
        """Rejected recipients are asked for, everything that is not needed is declined."""
        with self.dial() as mta:
            _, actions, steps = mta.negotiate()
        self.assertTrue(steps & RCPT_REJ)
        for step in (NO_BODY, NO_HEADERS, NO_EOH, NO_DATA, NO_UNKNOWN, NR_CONNECT, NR_HELO, NR_MAIL):
            self.assertTrue(steps & step, hex(step))
        for step in (NO_CONNECT, NO_HELO, NO_MAIL, NO_RCPT, NR_RCPT):
            self.assertFalse(steps & step, hex(step))
        self.assertEqual(actions & ~0x100, 0, "it must not be able to change anything")

    def test_old_mta(self):
        """An MTA that offers no rejected recipients is asked for nothing."""
        with self.dial() as mta:
            _, _, steps = mta.negotiate(steps=0x7F)
            self.assertEqual(steps & 0x7F, 0x7F)

    def test_replies_where_not_silent(self):
        """Without the no-reply flags every step is answered with continue."""
        with self.dial() as mta:
            mta.negotiate(steps=ALL_STEPS & ~(NR_CONNECT | NR_HELO | NR_MAIL))
            mta.connect()
            self.assertEqual(mta.receive(), (b"c", b""))
            mta.send(b"H", b"client.example.com\0")
            self.assertEqual(mta.receive(), (b"c", b""))
            mta.send(b"M", b"<ann@example.com>\0")
            self.assertEqual(mta.receive(), (b"c", b""))

    def test_accepted_message(self):
        """A recipient that was accepted and the end of the message: continue, nothing else."""
        with self.dial() as mta:
            mta.negotiate()
            mta.connect()
            mta.send(b"H", b"client.example.com\0")
            mta.send(b"M", b"<ann@example.com>\0")
            mta.macros(b"R", rcpt_mailer=b"local", rcpt_host=b"", rcpt_addr=b"alice")
            mta.send(b"R", b"<alice@example.test>\0")
            self.assertEqual(mta.receive(), (b"c", b""))
            mta.send(b"E")
            self.assertEqual(mta.receive(), (b"c", b""))

    def test_nonsense(self):
        """Nonsense ends that connection only."""
        packets = [
            b"", b"\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x01", b"\0\0\0\x01?", b"\0\0\0\x0dO" + b"\0" * 4,
            b"GET / HTTP/1.0\r\n\r\n", os.urandom(512),
        ]
        for packet in packets:
            with self.subTest(packet[:20]):
                with self.dial() as mta:
                    mta.socket.sendall(packet)
        with self.dial() as mta:
            mta.negotiate()
            for command, data in ((b"R", b""), (b"M", b""), (b"H", b""), (b"C", b"x"), (b"D", b"R{rcpt_addr}"),
                                  (b"Z", b"?")):
                try:
                    mta.send(command, data)
                except OSError:
                    break
        self.works()

    def test_half_macros(self):
        """A refused recipient with macros missing, empty, huge or hostile."""
        with self.dial() as mta:
            mta.negotiate()
            mta.connect()
            mta.send(b"H", b"\r\n\x01\xff" * 50 + b"\0")
            mta.send(b"M", b"\0")
            for reply in (b"", b"x" * 20000, b"\r\n550 forged", b"%s%n\x1b[31m"):
                self.refuse(mta, reply)
                self.assertEqual(mta.receive(), (b"c", b""))
            mta.macros(b"R", rcpt_mailer=b"error")
            mta.send(b"R", b"<x@example.test>\0")
            self.assertEqual(mta.receive(), (b"c", b""))
        self.works()


class ForBounces(Filter):
    """With bounces wanted, only messages without a sender are looked at, and only those that can be one."""

    extra = ""

    def begin(self, mta, sender):
        """A session up to DATA; returns the answer to that."""
        mta.negotiate()
        mta.connect()
        mta.send(b"H", b"client.example.com\0")
        mta.send(b"M", sender + b"\0")
        mta.send(b"R", b"<ann@example.test>\0")
        self.assertEqual(mta.receive(), (b"c", b""))
        mta.send(b"T")
        return mta.receive()

    def header(self, mta, content_type):
        """The header of a message; returns the answer to its end."""
        mta.send(b"L", b"Subject\0failed\0")
        mta.send(b"L", b"Content-Type\0%s\0" % content_type)
        mta.send(b"N")
        return mta.receive()

    def test_negotiated(self):
        with self.dial() as mta:
            _, actions, steps = mta.negotiate()
        for step in (NR_CONNECT, NR_HELO, NR_MAIL, NR_HEADER, NO_UNKNOWN, RCPT_REJ):
            self.assertTrue(steps & step, hex(step))
        for step in (NO_BODY, NO_HEADERS, NO_EOH, NO_DATA, NO_MAIL, NO_RCPT):
            self.assertFalse(steps & step, hex(step))
        self.assertEqual(actions & ~SYMBOLS, ADD_HEADERS | CHANGE_BODY)

    def test_an_mta_that_allows_no_changes(self):
        with self.dial() as mta:
            mta.send(b"O", struct.pack(">III", 6, SYMBOLS, ALL_STEPS))
            _, data = mta.receive()
        _, actions, steps = struct.unpack(">III", data[:12])
        self.assertEqual(actions & ~SYMBOLS, 0)
        for step in (NO_BODY, NO_HEADERS, NO_EOH, NO_DATA):
            self.assertTrue(steps & step, hex(step))

    def test_mail_with_a_sender(self):
        with self.dial() as mta:
            self.assertEqual(self.begin(mta, b"<bob@example.org>"), (b"a", b""))

    def test_no_report(self):
        for sender in (b"<>", b""):
            with self.dial() as mta:
                self.assertEqual(self.begin(mta, sender), (b"c", b""))
                self.assertEqual(self.header(mta, b"text/html"), (b"a", b""))

    def test_bounce(self):
        body = (b"--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                b"Final-Recipient: rfc822;bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n")
        with self.dial() as mta:
            self.assertEqual(self.begin(mta, b"<>"), (b"c", b""))
            self.assertEqual(self.header(mta, b"multipart/report; boundary=b"), (b"c", b""))
            for at in range(0, len(body), 50):
                mta.send(b"B", body[at:at + 50])
                self.assertEqual(mta.receive(), (b"c", b""))
            mta.send(b"E")
            new = b""
            command, data = mta.receive()
            while command == b"b":
                new += data
                command, data = mta.receive()
            self.assertEqual((command, data), (b"h", b"X-Explain-Milter\x000.1.0\0"))
            self.assertEqual(mta.receive(), (b"c", b""))
            self.assertIn(b"The address bob@example.net does not exist.", new)
            self.assertTrue(new.endswith(body[body.index(b"\r\n--b\r\nContent-Type"):]))

    def test_given_up_in_the_middle(self):
        """ABORT after a part of the body; the next message on the connection is a new one."""
        with self.dial() as mta:
            self.begin(mta, b"<>")
            self.header(mta, b"multipart/report; boundary=b")
            mta.send(b"B", b"--b\r\n")
            self.assertEqual(mta.receive(), (b"c", b""))
            mta.send(b"A")
            mta.send(b"M", b"<bob@example.org>\0")
            mta.send(b"R", b"<ann@example.test>\0")
            self.assertEqual(mta.receive(), (b"c", b""))
            mta.send(b"T")
            self.assertEqual(mta.receive(), (b"a", b""))


class ForSendmail(Filter):
    mta = "sendmail"

    def test_unknown_command(self):
        """An unknown command is answered with an explained 500, original words first, % doubled."""
        with self.dial() as mta:
            _, _, steps = mta.negotiate()
            self.assertFalse(steps & NO_UNKNOWN)
            mta.connect()
            mta.send(b"U", b"XFLUMMOX 100%\0")
            command, data = mta.receive()
        self.assertEqual(command, b"y")
        lines = data.rstrip(b"\0").decode("ascii").split("\r\n")
        self.assertEqual(lines[0], '500-5.5.1 Command unrecognized: "XFLUMMOX 100%%"')
        self.assertGreater(len(lines), 2)
        for line in lines[1:-1]:
            self.assertTrue(line.startswith("500-5.5.1 "), line)
        self.assertTrue(lines[-1].startswith("500 5.5.1 "), lines[-1])
        ref = re.search(r"Ref: (\S+)$", lines[-1]).group(1)
        event = self.daemon.event(ref)
        self.assertEqual((event["map"], event["code"], event["status"]), ("filter", "500", "5.5.1"))

    def test_hostile_command(self):
        """Control characters, 8-bit, too long: still a reply that an MTA takes."""
        for given in (b"\x01\x02\xff\xfe", b"A" * 5000, b"%%%%", b"\\n\\c$x", b""):
            with self.subTest(given[:10]):
                with self.dial() as mta:
                    mta.negotiate()
                    mta.connect()
                    mta.send(b"U", given + b"\0")
                    command, data = mta.receive()
                    self.assertIn(command, (b"y", b"c"))
                    if command == b"y":
                        self.assertTrue(all(len(line) <= 980 for line in data.split(b"\r\n")))
                        self.assertIsNone(re.search(rb"(?<!%)(%%)*%(?!%)", data.replace(b"%%", b"")))
        self.works()


del Filter  # a base without tests


if __name__ == "__main__":
    unittest.main()
