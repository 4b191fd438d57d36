"""contrib/delivery: the examples in the real delivery programs, with bounces and with other mail."""

import email
import glob
import os
import pwd
import shutil
import subprocess
import unittest

import base

EXPLAINCTL = os.path.join(os.path.join(base.ROOT, os.environ.get("BUILD", "build")), "explainctl")
EXAMPLES = os.path.join(base.ROOT, "contrib/delivery")
LIMIT = 60      # seconds for one delivery

BOUNCE = b"""\
Return-Path: <>
Received: from mx.example.com (mx.example.com [192.0.2.1])
\tby mail.example.org (Postfix) with ESMTP id 4XyZ; Tue, 24 Nov 2026 12:00:00 +0000
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.com>
To: alice@example.org
Subject: Undelivered
Message-ID: <1@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="here/1.0=_"

This is a MIME-encapsulated message

--here/1.0=_
Content-Type: text/plain; charset=us-ascii

That mailbox is full.

--here/1.0=_
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; carol@example.com
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 <carol@example.com>: Mailbox full

--here/1.0=_
Content-Type: message/rfc822

From: alice@example.org
To: carol@example.com
Subject: hello

.a line with a dot
  blanks at the end  \x20
\xc3\xa4\xf6 octets of two kinds

--here/1.0=_--
"""
LETTER = b"""\
Return-Path: <bob@example.com>
From: bob@example.com
To: alice@example.org
Subject: hello
Message-ID: <2@mx.example.com>

.a line with a dot
  blanks at the end  \x20
\xc3\xa4\xf6 octets of two kinds
"""
VACATION = LETTER.replace(b"<bob@example.com>", b"<>", 1)
OLD = b"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.com
To: alice@example.org
Subject: failure notice
Message-ID: <3@mx.example.com>

Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<carol@example.com>:
User unknown

--- Below this line is a copy of the message.

Subject: hello
"""
# Looks like a bounce, but has a sender.
FORWARDED = BOUNCE.replace(b"<>", b"<bob@example.com>", 1)

DOVECOT = """\
mail_location = maildir:%(mail)s
base_dir = %(folder)s/run
state_dir = %(folder)s/run
log_path = %(folder)s/log
ssl = no
protocol lda {
  mail_plugins = sieve
}
plugin {
  sieve = %(folder)s/none.sieve
  sieve_before = %(example)s
  sieve_plugins = sieve_extprograms
  sieve_global_extensions = +vnd.dovecot.filter
  sieve_filter_bin_dir = %(folder)s/bin
}
"""


class Delivery:
    """What every delivery program must do; how one is run is the subclass's business."""

    program = example = None

    @classmethod
    def setUpClass(cls):
        if not os.access(EXPLAINCTL, os.X_OK):
            raise unittest.SkipTest("%s is not built" % EXPLAINCTL)
        if not cls.found():
            raise unittest.SkipTest("%s is not installed" % cls.program)

    @classmethod
    def found(cls):
        return shutil.which(cls.program)

    def setUp(self):
        self.folder = base.make_directory("explain-delivery-")
        self.mail = os.path.join(self.folder, "mail")
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.mail, name))
        self.config = os.path.join(self.folder, "explain-milter.yaml")
        base.write_file(self.config, "site: example.org\ncache: none\ncatalog: %s\nbounces:\n"
                                     "  domains: {example.org: de}\n" % os.path.join(base.ROOT, "conf/catalog"))
        # In the place of /usr/bin/explainctl, with a configuration of its own.
        os.mkdir(os.path.join(self.folder, "bin"))
        self.filter = os.path.join(self.folder, "bin/explainctl")
        self.write_filter('exec %s "$@" -c %s' % (EXPLAINCTL, self.config))

    def write_filter(self, command):
        base.write_file(self.filter, "#!/bin/sh\n%s\n" % command, 0o755)

    def copy_example(self, before=""):
        """The example as it is installed, but for the program's place."""
        path = os.path.join(self.folder, self.example)
        text = base.read_file(os.path.join(EXAMPLES, self.example))
        base.write_file(path, before + text.replace("/usr/bin/explainctl", self.filter), 0o600)
        return path

    def run_program(self, call, message, **more):
        done = subprocess.run(call, input=message, capture_output=True, timeout=LIMIT, check=False, **more)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))

    def deliver(self, message):
        raise NotImplementedError

    def delivered(self, message):
        """The one message that is in the mailbox after MESSAGE was delivered."""
        for path in glob.glob(os.path.join(self.mail, "new/*")):
            os.unlink(path)
        self.deliver(message)
        paths = glob.glob(os.path.join(self.mail, "new/*"))
        self.assertEqual(len(paths), 1)
        with open(paths[0], "rb") as file:
            return file.read()

    def assert_same(self, delivered, message):
        self.assertEqual(delivered, message)

    def test_bounce(self):
        """The explanation stands in front, the other parts are as they came."""
        delivered = self.delivered(BOUNCE)
        message = email.message_from_bytes(delivered)
        text = message.get_payload(0).get_payload(0).get_payload(decode=True).decode()
        self.assertIn("carol@example.com", text.splitlines()[3])
        self.assertIn("That mailbox is full.", text)
        self.assertIsNotNone(message["X-Explain-Milter"])
        delimiter = b"\n--here/1.0=_"
        self.assertEqual(delivered.split(delimiter)[2:], BOUNCE.split(delimiter)[2:])
        # Once is enough, as when two servers of a site explain.
        self.assert_same(self.delivered(delivered), delivered)

    def test_old_bounce(self):
        """One that is plain text stays below the explanation."""
        delivered = self.delivered(OLD)
        self.assertIn(b"X-Explain-Milter", delivered)
        self.assertTrue(delivered.endswith(OLD.split(b"\n\n", 1)[1]), delivered)

    def test_null_sender(self):
        """The other way in which a null sender is written: Postfix's pipe(8) does."""
        delivered = self.delivered(BOUNCE.replace(b"<>", b"<MAILER-DAEMON>", 1))
        self.assertIn(b"X-Explain-Milter", delivered)

    def test_other_mail(self):
        for message in (LETTER, VACATION, FORWARDED):
            with self.subTest(message=message[:40]):
                self.assert_same(self.delivered(message), message)

    def test_failures(self):
        """No program, one that fails, one that fails half-way, a configuration with a mistake: nothing is lost."""
        base.write_file(self.config, "siet: x\n")
        self.assert_same(self.delivered(BOUNCE), BOUNCE)
        for command in ("exit 75", "cat >/dev/null; exit 75", "head -c 100; exit 1", "cat >/dev/null; kill -9 $$"):
            with self.subTest(command=command):
                self.write_filter(command)
                self.assert_same(self.delivered(BOUNCE), BOUNCE)
        os.unlink(self.filter)
        self.assert_same(self.delivered(BOUNCE), BOUNCE)


class Maildrop(Delivery, unittest.TestCase):
    program, example = "maildrop", "maildrop.rc"

    def deliver(self, message):
        self.run_program(["maildrop", self.copy_example('DEFAULT="%s"\n' % self.mail)], message)


class Procmail(Delivery, unittest.TestCase):
    program, example = "procmail", "procmail.rc"

    def deliver(self, message):
        example = self.copy_example("DEFAULT=%s/\nLOGFILE=%s/log\n" % (self.mail, self.folder))
        self.run_program(["procmail", "-f", "-", example], message)


class Sieve(Delivery, unittest.TestCase):
    """dovecot-lda needs no server."""

    program, example = "dovecot-lda", "explain-bounces.sieve"
    lda = "/usr/lib/dovecot/dovecot-lda"

    @classmethod
    def found(cls):
        plugin = "/usr/lib/dovecot/modules/sieve/lib90_sieve_extprograms_plugin.so"
        return os.access(cls.lda, os.X_OK) and os.path.exists(plugin) and shutil.which("sievec")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root to deliver as another user, which dovecot-lda wants")

    def setUp(self):
        super().setUp()
        self.user = pwd.getpwnam("nobody")
        example = self.copy_example()
        os.chmod(example, 0o644)
        self.dovecot = os.path.join(self.folder, "dovecot.conf")
        base.write_file(self.dovecot, DOVECOT % {"folder": self.folder, "mail": self.mail, "example": example})
        self.run_program(["sievec", "-c", self.dovecot, example], b"")
        for path, _names, _files in os.walk(self.folder):
            shutil.chown(path, self.user.pw_uid)

    def deliver(self, message):
        sender = "bob@example.com" if message.startswith(b"Return-Path: <bob") else ""
        self.run_program([self.lda, "-c", self.dovecot, "-f", sender, "-a", "alice@example.org"], message,
                         user=self.user.pw_uid, group=self.user.pw_gid, extra_groups=[],
                         env={"HOME": self.folder, "USER": self.user.pw_name, "PATH": os.environ["PATH"]})

    def test_language(self):
        """The script names the reader, for whom the configuration has a language."""
        message = email.message_from_bytes(self.delivered(BOUNCE))
        text = message.get_payload(0).get_payload(0).get_payload(decode=True).decode()
        self.assertIn("Das Postfach von carol@example.com ist voll.", text)


if __name__ == "__main__":
    unittest.main()
