"""Whatever octets a client sends, the explained reply is the original plus harmless printable lines."""

import unittest

from case import PostfixCase
from harness import OUTSIDE

# Pieces that mean something to a footer template, a reply, a log line, a shell or a terminal.
PIECES = [
    b"$client_address", b"${client_port}", b"$$", b"$", b"${", b"$(reboot)", b"%s%n%s", b"%%", b"%",
    b"\\n", b"\\c", b"\\", b"\\\\n", b"\\r\\n250 Ok", b"{help_url}", b"{recipient}", b"{", b"}",
    b"'", b"`id`", b"&amp;", b"<b>", b"|", b";", b"#", b"*", b"=3D", b"=?utf-8?q?x?=",
    b"\x01\x02\x1b[31m", b"\x7f", b"\xe4\xf6\xfc", b"\xff\xfe", b"\xc3\xa4", b"\xe2\x80\xa8", b"\xf0\x9f\x92\xa9",
    b"\x0b\x0c", b"\x85", b"\xc2\x85", b"\t", b" ", b"\x00", b"\r", b"\r\r", b"\x00\r\x00", b"\n",
    b"\r\n250 2.1.5 Ok", b"Ref: 0000-0000", b"550 5.1.1 already explained  Ref: AAAA-BBBB",
]


class Hostile(PostfixCase):
    """Sessions from outside with hostile octets in every input."""

    settings = {"message_size_limit": "20000", "smtpd_forbidden_commands": ""}

    @classmethod
    def configure(cls):
        cls.twin_services("main", {
            "smtpd_sender_restrictions": "check_sender_access pcre:{{/blocked/ REJECT}}",
            "strict_rfc821_envelopes": "no",
        })
        cls.twin_services("helo", {"smtpd_delay_reject": "no", "smtpd_helo_required": "yes",
                                   "smtpd_helo_restrictions": "check_helo_access pcre:{{/blocked/ REJECT}}"})

    def offer(self, service, lines, prepare=()):
        """Sends the lines to both services; line breaks inside make several replies, all of which must fit."""
        twins = self.twins(service, OUTSIDE)
        for line in prepare:
            twins.command(line)
        refused = 0
        for line in lines:
            try:
                refused += self.step(twins, line)
            except (OSError, AssertionError) as error:
                raise AssertionError("%r: %s" % (line[:200], error)) from error
        return refused, twins

    def step(self, twins, line):
        """One line; afterwards both services must still answer command by command. Returns the refusals."""
        for client in twins.pair:
            client.send(line + b"\r\n")
        refused = 0
        for _ in range(commands_in(line)):
            plain, reply = [client.reply() for client in twins.pair]
            twins.check(line, plain, reply)
            refused += reply.refused
        for client in twins.pair:
            client.send(b"NOOP\r\n")
        self.assertEqual([client.reply().code for client in twins.pair], [250, 250], "replies out of step")
        return refused

    def test_helo(self):
        lines = [b"EHLO blocked" + piece + b".example.org" for piece in PIECES]
        refused, _ = self.offer("helo", lines)
        self.assertGreater(refused, len(PIECES) // 2)

    def test_sender(self):
        """The sender's octets come back at RCPT."""
        for piece in PIECES:
            lines = [b"MAIL FROM:<blocked" + piece + b"x@example.org>", b"RCPT TO:<alice@example.test>"]
            refused, twins = self.offer("main", lines, [b"EHLO client.example.org"])
            self.assertGreaterEqual(refused, 1, piece)
            twins.close()

    def test_recipient(self):
        prepare = [b"EHLO client.example.org", b"MAIL FROM:<bob@example.org>"]
        for form in (b"RCPT TO:<a%sb@example.test>", b'RCPT TO:<"a%sb"@example.test>', b"RCPT TO:<a@%s.example.net>"):
            lines = [form.replace(b"%s", piece) for piece in PIECES]
            refused, _ = self.offer("main", lines, prepare)
            self.assertGreater(refused, len(PIECES) * 3 // 4)

    def test_utf8_session(self):
        """With SMTPUTF8 the original may carry UTF-8; what is added stays ASCII."""
        prepare = [b"EHLO client.example.org", b"MAIL FROM:<bob@example.org> SMTPUTF8"]
        lines = [b"RCPT TO:<\xc3\xa4\xf0\x9f\x92\xa9@example.test>",
                 b"RCPT TO:<x@\xe4\xbe\x8b\xe5\xad\x90.example.net>"]
        refused, twins = self.offer("main", lines, prepare)
        self.assertEqual(refused, 2)
        self.assertIn(b"\xc3\xa4", twins.log[0][1].lines[0])

    def test_commands(self):
        """The same octets as commands of their own, and as arguments where they don't belong."""
        # Postfix ends the session at what looks like a message header
        lines = [piece for piece in PIECES if piece.strip(b"\r\n \t\0") and b":" not in piece]
        lines += [verb + b" " + piece for verb in (b"VRFY", b"ETRN", b"NOOP", b"XCLIENT", b"MAIL", b"AUTH", b"STARTTLS")
                  for piece in PIECES]
        refused, _ = self.offer("main", lines, [b"EHLO client.example.org"])
        self.assertGreater(refused, 3 * len(PIECES))

    def test_parameters(self):
        prepare = [b"EHLO client.example.org"]
        lines = [b"MAIL FROM:<bob@example.org> X" + piece + b"=" + piece for piece in PIECES]
        refused, _ = self.offer("main", lines, prepare)
        self.assertGreater(refused, len(PIECES) // 2)

    def test_the_variables_are_literal(self):
        """A dollar or backslash in an address is shown as it is, in the MTA's line and in the explanation."""
        twins = self.twins("main", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        twins.command(b"MAIL FROM:<bob@example.org>")
        for local in (b"$client_address", b"a$$b", b"{code}"):
            reply = twins.command(b"RCPT TO:<%s@example.test>" % local)
            self.assert_cause(reply, 550, "recipient-unknown")
            self.assertIn(local + b"@example.test", reply.lines[1])
        # a per cent sign is old routing for Postfix
        reply = twins.command(b"RCPT TO:<50%s@example.test>")
        self.assert_cause(reply, 554, "relay-denied")
        self.assertIn(b"50%s@example.test", reply.lines[1])

    def test_long_inputs(self):
        """Inputs up to Postfix's own limit and beyond it."""
        prepare = [b"EHLO client.example.org", b"MAIL FROM:<bob@example.org>"]
        lines = []
        for size in (63, 64, 65, 127, 128, 129, 200, 254, 320, 400, 450, 470, 480, 490, 500, 505, 512, 600, 900, 1500,
                     1990):
            lines.append(b"RCPT TO:<" + b"a" * size + b"@example.test>")
            lines.append(b"RCPT TO:<a@" + (b"b" * 62 + b".") * (size // 63) + b"example.net>")
            lines.append(b"VRFY " + b"\xc3\xa4" * (size // 2))
            lines.append(b"RCPT TO:<" + b"$" * size + b"@example.test>")
            lines.append(b"RCPT TO:<" + b"\\" * size + b"@example.test>")
        refused, twins = self.offer("main", lines, prepare)
        self.assertGreaterEqual(refused, len(lines) - 4)
        self.assertGreater(max(len(plain.lines[0]) for _, plain, _ in twins.log), 512)

    def test_endless_line(self):
        """A line longer than Postfix takes is answered once, or ends the session, on both services alike."""
        twins = self.twins("main", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        reply = twins.command(b"RCPT TO:<" + b"a" * 50000 + b"@example.test>")
        self.assertTrue(reply.refused)

    def test_message_content(self):
        """Control characters in the message itself; the refusal comes after them."""
        twins = self.twins("main", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        twins.command(b"MAIL FROM:<bob@example.org>")
        self.assertEqual(twins.command(b"RCPT TO:<alice@example.test>").code, 250)
        pieces = [piece for piece in PIECES if b"\n" not in piece and b"\r" not in piece]
        body = b"Subject: x\r\n\r\n" + b"\r\n".join(pieces)
        reply = twins.data(body + b"\r\n" + (b"y" * 70 + b"\r\n") * 400)
        self.assert_cause(reply, 552, "message-too-large")

    def test_log_lines(self):
        """Hostile values never break out of the daemon's log line."""
        lines = [b'RCPT TO:<"a%sb"@example.test>' % piece for piece in (b"\x1b[2J", b"\x7f", b" rule=x", b"\xff")]
        refused, twins = self.offer("main", lines, [b"EHLO client.example.org", b"MAIL FROM:<bob@example.org>"])
        self.assertGreaterEqual(refused, 3)
        for _line, _plain, reply in twins.log:
            self.daemon.event(reply.ref)
        for line in self.daemon.log().splitlines():
            self.assertTrue(line.isprintable(), ascii(line))


def commands_in(line):
    """How many commands Postfix sees in line + CRLF: each LF ends one."""
    return line.count(b"\n") + 1


if __name__ == "__main__":
    unittest.main()
