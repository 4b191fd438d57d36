"""explainctl dsn: explains a bounce, and passes on everything else, whatever goes wrong."""

import email
import json
import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EXPLAINCTL = os.environ.get("EXPLAINCTL", os.path.join(ROOT, "build/explainctl"))

BOUNCE = b"""\
From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
To: alice@example.org
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; bob@example.net
Original-Recipient: rfc822; bobby@example.net
Action: failed
Status: 5.2.2
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 552 5.2.2 <bob@example.net>: Mailbox full

Final-Recipient: rfc822; carol@example.net
Action: relayed
Status: 2.0.0

--b
Content-Type: message/rfc822

Accept-Language: de
Subject: hello

text
--b--
"""


class Dsn(unittest.TestCase):
    def run_ctl(self, *arguments, stdin=BOUNCE, status=0, **named):
        done = subprocess.run([EXPLAINCTL, "dsn", *arguments], input=stdin, stderr=subprocess.PIPE, timeout=60,
                              **{"stdout": subprocess.PIPE, **named})
        self.assertEqual(done.returncode, status, done.stderr)
        self.errors = done.stderr.decode()
        return done.stdout

    def text(self, message):
        """The text/plain alternative of what came out."""
        part = email.message_from_bytes(message).get_payload(0).get_payload(0)
        return part.get_payload(decode=True).decode(part.get_content_charset())

    def test_filter(self):
        """A new first part and the mark; the rest as it came, in the language that the message asks for."""
        out = self.run_ctl()
        self.assertEqual(self.errors, "")
        header, body = out.split(b"\n\n", 1)
        self.assertEqual(header.replace(b"\nX-Explain-Milter: 0.1.0", b""), BOUNCE.split(b"\n\n", 1)[0])
        rest = BOUNCE[BOUNCE.index(b"\n--b\nContent-Type: message/delivery-status"):]
        self.assertTrue(body.endswith(rest))
        self.assertTrue(self.text(out).startswith("Ihre Nachricht hat nicht alle erreicht\n"), self.text(out))
        self.assertTrue(self.text(self.run_ctl("--lang", "fr")).startswith("Votre message n\u2019est pas parvenu"))
        self.assertEqual(self.run_ctl(stdin=out), out, "a second time changes nothing")

    def test_reader(self):
        """`domains` goes by the reader's address."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
            config.write("site: example.org\nbounces: {follow_message: no, languages: [en, it], domains: "
                         "{example.pl: pl}}\n")
            config.flush()
            both = self.text(self.run_ctl("-c", config.name))
            polish = self.text(self.run_ctl("-c", config.name, "--reader", "alice@example.pl"))
        self.assertLess(both.index("Your message did not reach everyone"), both.index("Il suo messaggio non"))
        self.assertTrue(polish.startswith("Wiadomo\u015b\u0107 nie dotar\u0142a do wszystkich"), polish)

    def test_passed_on(self):
        """What is no bounce, or can't be one, comes out as it went in."""
        for message in (b"", b"x", b"\n", b"Subject: hello\n\ntext", b"From alice\nSubject: x\n\n\0\xff\r\r\n",
                        os.urandom(100000), BOUNCE[:300], BOUNCE.replace(b"failed", b"expanded"),
                        BOUNCE.replace(b'boundary="b"', b'boundary="c"').replace(b"552", b"250")):
            self.assertEqual(self.run_ctl(stdin=message), message)

    def test_failures(self):
        """A mistake in the call or the configuration is told, and the message still goes through."""
        for arguments in (["-c", "/nonexistent"], ["--nonsense"], ["-c"], ["file"], ["-c", "/dev/null/x"]):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.run_ctl(*arguments), BOUNCE)
                self.assertNotEqual(self.errors, "")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
            config.write("bounces: {languages: [}\n")
            config.flush()
            self.assertEqual(self.run_ctl("-c", config.name), BOUNCE)

    def test_nothing_written(self):
        """Only then there is something for the caller to do: keep the message, try again."""
        with open("/dev/full", "wb") as full:
            self.run_ctl(stdout=full, status=75)
            self.run_ctl(stdin=b"Subject: x\n\ntext\n", stdout=full, status=75)

    def test_half_read(self):
        """A message that can't be read to its end is not written at all."""
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        done = subprocess.run([EXPLAINCTL, "dsn"], stdin=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (75, b""))
        self.assertIn(b"standard input", done.stderr)

    def test_json(self):
        first, second = map(json.loads, self.run_ctl("--json", "--lang", "en").splitlines())
        self.assertEqual(
            {key: first[key] for key in ("recipient", "original_recipient", "action", "status", "diagnostic", "remote_mta",
                                         "reason", "summary", "temporary", "code")},
            {"recipient": "bob@example.net", "original_recipient": "bobby@example.net", "action": "failed",
             "status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 <bob@example.net>: Mailbox full",
             "remote_mta": "mx.example.net", "reason": "mailbox-full", "temporary": False, "code": 552,
             "summary": "The mailbox of bob@example.net is full."})
        self.assertTrue(first["what_to_do"])
        self.assertEqual((second["recipient"], second["action"]), ("carol@example.net", "relayed"))
        self.assertEqual(self.run_ctl("--json", stdin=b"Subject: hello\n\ntext"), b"")
        self.run_ctl("--json", "--lang", "xx", status=2)
        self.run_ctl("--json", "--nonsense", status=2)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.eml")
            with open(path, "wb") as stream:
                stream.write(BOUNCE)
            out = self.run_ctl("--json", path, "/nonexistent", path, status=1)
        self.assertEqual([json.loads(line)["file"] for line in out.splitlines()], [path] * 4)
        self.assertIn("/nonexistent: No such file or directory", self.errors)


if __name__ == "__main__":
    unittest.main()
