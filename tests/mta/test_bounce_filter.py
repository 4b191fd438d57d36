"""The filter explains bounces: Postfix's own, and those of other systems that arrive by SMTP."""

import email
import glob
import hashlib
import os
import pwd
import shutil
import unittest

import base
import harness
from case import PostfixCase
from harness import OUTSIDE, RemoteServer

FOREIGN = b"""\
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.com>
To: alice@example.test
Subject: Returned mail: see transcript for details
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;\r
\tboundary="foreign/1.0=_"\r
X-Test: %(id)s

This is a MIME-encapsulated message

--foreign/1.0=_
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: 8bit

Zustellung gescheitert: das Postfach f\xfcr carol ist voll.

--foreign/1.0=_
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: RFC822; carol@example.com
Action: failed
Status: 5.2.2
Diagnostic-Code: SMTP; 552 5.2.2 <carol@example.com>: Mailbox full

--foreign/1.0=_
Content-Type: message/rfc822

From: alice@example.test
To: carol@example.com
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=

.first line
--foreign/1.0=_x is no delimiter
  trailing blanks  \x20
\xc3\xa4\xf6 8-bit of two kinds

--foreign/1.0=_--
epilogue
"""


def crlf(text):
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def body_of(message):
    return message.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1]


def digest(octets):
    return hashlib.sha256(octets).hexdigest()


class BounceFilter(PostfixCase):
    """example.test has mailboxes; example.net is on a second private Postfix that refuses unknown recipients."""

    filter_on = True

    @classmethod
    def configure(cls):
        cls.remote = harness.Postfix({"myhostname": "mx.example.net", "mydomain": "example.net",
                                      "myorigin": "example.net", "mydestination": "example.net",
                                      "local_recipient_maps": "inline:{fine=fine}"})
        remote_port = cls.remote.add_smtpd("in")
        cls.far = RemoteServer()
        cls.remote.settings["transport_maps"] = "inline:{ example.net=smtp:[127.0.0.1]:%d }" % cls.far.port
        cls.remote.start()
        cls.mail = base.make_directory("explain-mail-")
        nobody = pwd.getpwnam("nobody")
        for directory in (os.path.dirname(cls.mail), cls.mail):
            if directory.startswith(cls.mail):
                os.chmod(directory, 0o755)
                shutil.chown(directory, nobody.pw_uid, nobody.pw_gid)
        milter = "unix:" + cls.daemon.milter_socket
        cls.postfix.settings.update({
            "mydestination": "", "virtual_mailbox_domains": "example.test", "virtual_mailbox_base": cls.mail,
            "virtual_mailbox_maps": "inline:{ alice@example.test=alice/, other@example.test=other/ }",
            "virtual_minimum_uid": "1", "virtual_uid_maps": "static:%d" % nobody.pw_uid,
            "virtual_gid_maps": "static:%d" % nobody.pw_gid, "virtual_transport": "virtual",
            "message_size_limit": "30000000", "virtual_mailbox_limit": "0",
            "internal_mail_filter_classes": "bounce", "non_smtpd_milters": milter, "milter_default_action": "tempfail",
            "transport_maps": "inline:{ example.net=smtp:[127.0.0.1]:%d }" % remote_port})
        cls.postfix.add_unix("virtual", "virtual", privileged=True)
        cls.postfix.add_smtpd("in", {"smtpd_milters": milter})
        cls.postfix.add_smtpd("bare")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.remote.stop()
        cls.far.stop()

    def send(self, service, sender, recipients, text):
        client = self.client(service, OUTSIDE if service == "in" else None)
        client.command(b"EHLO client.example.org")
        self.assertEqual(client.command(b"MAIL FROM:<%s>" % sender).code, 250)
        for recipient in recipients:
            self.assertEqual(client.command(b"RCPT TO:<%s>" % recipient).code, 250)
        self.assertEqual(client.data(crlf(text).removesuffix(b"\r\n").replace(b"\r\n.", b"\r\n..")).code, 250)

    def in_mailbox(self, words, user="alice"):
        """Waits for a message with these octets and returns it."""
        def find():
            for path in glob.glob(os.path.join(self.mail, user, "new", "*")):
                with open(path, "rb") as stream:
                    octets = stream.read()
                if words in octets:
                    return octets
            return None
        try:
            return base.wait_for(find, 8, "a message with %r for %s" % (words, user))
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.postfix.log()[-3000:])) from error

    def arrived(self, text, words):
        """What arrives in the mailbox when TEXT comes as a bounce through the filter."""
        self.send("in", b"", [b"alice@example.test"], text)
        return self.in_mailbox(words)

    def assert_explained(self, message, summary):
        first = message.get_payload(0)
        self.assertEqual(first.get_content_type(), "multipart/alternative")
        plain, html = first.get_payload()
        self.assertEqual([plain.get_content_type(), html.get_content_type()], ["text/plain", "text/html"])
        text = plain.get_payload(decode=True).decode(plain.get_content_charset())
        self.assertTrue(text.startswith("Your message was not delivered\n"), text)
        self.assertIn(summary, text)
        self.assertIn(summary, html.get_payload(decode=True).decode(html.get_content_charset()))
        self.assertEqual(message.defects, [])
        return text

    def test_own_bounce(self):
        """A local user writes to two people, one of them unknown: their bounce begins with the reason."""
        text = b"Subject: own-bounce\nMIME-Version: 1.0\n\n.dot\nlast line\n"
        self.send("bare", b"alice@example.test", [b"gone@example.net", b"fine@example.net"], text)
        message = email.message_from_bytes(self.in_mailbox(b"own-bounce"))
        text = self.assert_explained(message, "The address gone@example.net does not exist.")
        self.assertIn("User unknown in local recipient table", " ".join(text.split()))
        self.assertRegex(text, r"Ref: [0-9A-Z]{4}-[0-9A-Z]{4}")
        self.assertEqual(message["X-Explain-Milter"], "0.1.0")
        self.assertIn("Status: 5.1.1", message.get_payload(1).as_string())
        # The returned message is what the other recipient got from the same queue file, but for lines of the way.
        delivered = self.far.wait_message(b"fine@example.net")
        returned = message.get_payload(2).get_payload(0).as_bytes()
        delivered = delivered[delivered.index(b"Subject: own-bounce"):].replace(b"\r\n", b"\n").rstrip(b"\n")
        returned = returned[returned.index(b"Subject: own-bounce"):].rstrip(b"\n")
        self.assertEqual(digest(returned), digest(delivered))

    def test_foreign_bounce(self):
        """The parts behind the first arrive octet by octet, what stands before and behind too."""
        text = FOREIGN % {b"id": b"foreign-1"}
        arrived = self.arrived(text, b"X-Test: foreign-1")
        message = email.message_from_bytes(arrived)
        words = self.assert_explained(message, "The mailbox of carol@example.com is full.")
        self.assertIn("Zustellung gescheitert: das Postfach f\u00fcr carol ist voll.", words)
        delimiter = b"\n--foreign/1.0=_\n"
        before, after = body_of(text).split(delimiter), body_of(arrived).split(delimiter)
        self.assertEqual(len(before), 4)
        self.assertEqual(len(after), 4)
        for i in (0, 2, 3):
            self.assertEqual(digest(after[i]), digest(before[i].replace(b"\r\n", b"\n")))
        event = next(one for one in self.daemon.explained() if one.get("recipient") == "carol@example.com")
        self.assertEqual((event["map"], event["reason"], event["action"]), ("dsn", "mailbox-full", "failed"))

    def assert_untouched(self, text, words):
        arrived = self.arrived(text, words)
        self.assertEqual(digest(body_of(arrived)), digest(body_of(text)))
        self.assertNotIn(b"=_explain_", arrived)

    def test_untouched(self):
        report = FOREIGN.replace(b"\r\n", b"\n")
        self.assert_untouched(report.replace(b"MIME-Version", b"X-Explain-Milter: 0.1.0\nMIME-Version")
                              % {b"id": b"marked"}, b"X-Test: marked")
        self.assert_untouched(report.replace(b"Action: failed", b"Action: delivered").replace(b"5.2.2", b"2.1.5")
                              .replace(b"552", b"250") % {b"id": b"success"}, b"X-Test: success")
        self.assert_untouched(report.replace(b"\n--foreign", b"\n--other") % {b"id": b"broken"}, b"X-Test: broken")
        self.assert_untouched(b"Subject: vacation\n\nI am away\n", b"Subject: vacation")
        large = report.replace(b".first line", b"x" * 900 + b"\n" + (b"y" * 70 + b"\n") * 160000)
        self.assert_untouched(large % {b"id": b"large"}, b"X-Test: large")

    def test_normal_mail(self):
        """Mail with a sender is not looked at, even if it looks like a bounce."""
        text = FOREIGN % {b"id": b"normal"}
        self.send("in", b"bob@example.org", [b"alice@example.test"], text)
        arrived = self.in_mailbox(b"X-Test: normal")
        self.assertEqual(digest(body_of(arrived)), digest(body_of(text)))

    def test_daemon_gone(self):
        """Postfix's own bounce waits, and is not lost, when the filter is killed; it comes when that is back."""
        self.daemon.kill()
        try:
            self.send("bare", b"alice@example.test", [b"gone2@example.net"], b"Subject: gone-bounce\n\ntext\n")
            self.postfix.wait_log(r"to=<gone2@example\.net>.*status=bounced")
        finally:
            self.daemon.start()
        self.postfix.command("flush")
        self.in_mailbox(b"gone-bounce")


if __name__ == "__main__":
    unittest.main()
