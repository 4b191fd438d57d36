"""explainctl setup postfix, on a private instance: shows, applies, applies again, removes."""

import os
import subprocess
import unittest

import harness
from harness import OUTSIDE, ROOT, Client, Daemon, Postfix

EXPLAINCTL = os.environ.get("EXPLAINCTL", os.path.join(ROOT, "build/explainctl"))


CLASSES = "internal_mail_filter_classes"


class Setup(unittest.TestCase):
    """Debian's kind of Postfix: a chrooted smtpd, a milter and footer maps of its own already there."""

    def setUp(self):
        reason = harness.missing()
        if not os.access(EXPLAINCTL, os.X_OK):
            reason = "%s is not built" % EXPLAINCTL
        if reason:
            self.skipTest(reason)
        self.postfix = Postfix({"smtpd_milters": "inet:127.0.0.1:9", "milter_default_action": "accept",
                                "smtpd_reject_footer_maps": "inline:{x=y}"})
        self.addCleanup(self.postfix.stop)
        self.postfix.add_smtpd("main", chroot=True)
        self.postfix.write_config()
        self.daemon = Daemon(self.postfix.sockets, filter_on=True)
        self.addCleanup(self.daemon.stop)
        harness.write_file(self.daemon.config, self.daemon.yaml())

    def configure(self, **settings):
        """main.cf with these settings, and what postconf shows of them."""
        self.postfix.settings.update(settings)
        self.postfix.write_config()
        return self.postconf("-n")

    def setup_postfix(self, *options):
        done = subprocess.run([EXPLAINCTL, "setup", "postfix", *options, "-c", self.daemon.config,
                               "--config-dir", self.postfix.config], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.postfix.age_config()
        return done.stdout

    def files(self):
        return [harness.read_file(os.path.join(self.postfix.config, name)) for name in ("main.cf", "master.cf")]

    def postconf(self, *arguments):
        return subprocess.run(["/usr/sbin/postconf", "-c", self.postfix.config, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=True).stdout

    def test_show(self):
        """Without an option nothing is changed, and the commands are shown."""
        before = self.files()
        shown = self.setup_postfix()
        self.assertIn("postconf", shown)
        self.assertIn("smtpd_reject_footer_maps", shown)
        self.assertIn("postconf -c %s -e '%s = bounce'" % (self.postfix.config, CLASSES), shown)
        self.assertEqual(self.files(), before)

    def test_apply_and_remove(self):
        """What was there before is kept, a second run changes nothing, and all of it comes back."""
        before, settings = self.files(), self.postconf("-n")
        self.setup_postfix("--apply")
        applied = self.files()
        self.assertNotEqual(applied, before)
        maps = self.postconf("-h", "smtpd_reject_footer_maps")
        self.assertIn("socketmap:", maps)
        self.assertIn("inline:{x=y}", maps)
        milters = self.postconf("-h", "smtpd_milters")
        self.assertIn("inet:127.0.0.1:9", milters)
        self.assertIn("milter.sock", milters)
        self.assertTrue(self.postconf("-h", "non_smtpd_milters").startswith("{ unix:explain/milter.sock, "))
        self.assertEqual(self.postconf("-h", CLASSES), "bounce\n")
        self.setup_postfix("--apply")
        self.assertEqual(self.files(), applied, "the second --apply changed something")
        self.setup_postfix("--remove")
        self.assertEqual(self.postconf("-n"), settings)
        removed = self.files()
        self.setup_postfix("--remove")
        self.assertEqual(self.files(), removed, "the second --remove changed something")

    def test_filter_that_signs(self):
        """Its place is behind ours; what may be there for its sake stays."""
        before = self.configure(non_smtpd_milters="inet:127.0.0.1:9")
        self.setup_postfix("--apply")
        self.assertRegex(self.postconf("-h", "non_smtpd_milters"), r"\A\{ unix:[^}]*\}, inet:127\.0\.0\.1:9\n\Z")
        said = self.setup_postfix("--remove")
        self.assertIn("note: %s stays as it is" % CLASSES, said)
        self.assertEqual(self.postconf("-n"), self.add_line(before, CLASSES + " = bounce"))

    @staticmethod
    def add_line(text, line):
        return "".join(sorted([*text.splitlines(True), line + "\n"]))

    def test_reference(self):
        """`non_smtpd_milters = $smtpd_milters` is left alone: it has the filter already."""
        del self.postfix.settings["smtpd_milters"]
        before = self.configure(non_smtpd_milters="$smtpd_milters")
        said = self.setup_postfix("--apply")
        self.assertIn("note: non_smtpd_milters = $smtpd_milters stays", said)
        self.assertEqual(self.postconf("-h", "non_smtpd_milters"), "$smtpd_milters\n")
        self.assertEqual(self.postconf("-h", CLASSES), "bounce\n")
        self.setup_postfix("--remove")
        self.assertEqual(self.postconf("-n"), before)

    def test_checks(self):
        """header_checks come with the class: this is said, and --remove leaves it to them."""
        self.configure(header_checks="inline:{x=y}")
        self.assertIn("note: header_checks and body_checks", self.setup_postfix("--apply"))
        self.assertNotIn("note:", self.setup_postfix("--apply"))
        self.assertIn("note: %s stays as it is" % CLASSES, self.setup_postfix("--remove"))
        self.assertEqual(self.postconf("-h", CLASSES), "bounce\n")
        self.assertIn("Nothing to remove.", self.setup_postfix("--remove"))

    def test_without_own_bounces(self):
        """Where they are not to be explained nothing is set for them, and what is there stays."""
        self.daemon.extra = "bounces: {internal: no}\n"
        harness.write_file(self.daemon.config, self.daemon.yaml())
        self.configure(**{CLASSES: "notify"})
        self.setup_postfix("--apply")
        self.assertEqual(self.postconf("-h", "non_smtpd_milters"), "\n")
        self.assertEqual(self.postconf("-h", CLASSES), "notify\n")
        self.setup_postfix("--remove")
        self.assertEqual(self.postconf("-h", CLASSES), "notify\n")

    def test_it_works(self):
        """After --apply a chrooted smtpd explains, the filter sees its sessions, and Postfix's own bounces."""
        self.postfix.settings["transport_maps"] = "inline:{ example.net=fail: }"
        self.postfix.add_unix("fail", "pipe user=nobody argv=/bin/false", privileged=True)
        self.postfix.write_config()
        self.daemon.start()
        self.setup_postfix("--apply")
        self.postfix.start(write=False)
        with Client(self.postfix.ports["main"], OUTSIDE) as client:
            client.command(b"EHLO client.example.org")
            client.command(b"MAIL FROM:<bob@example.org>")
            reply = client.command(b"RCPT TO:<nobody@example.test>")
        with Client(self.postfix.ports["main"]) as client:
            client.command(b"EHLO client.example.org")
            client.command(b"MAIL FROM:<alice@example.test>")
            client.command(b"RCPT TO:<gone@example.net>")
            self.assertEqual(client.data(b"Subject: hello\r\n\r\n").code, 250)
        self.assertIsNotNone(reply.ref, reply)
        self.assertEqual(self.daemon.event(reply.ref).get("helo"), "client.example.org")
        own = harness.wait_for(lambda: [one for one in self.daemon.explained() if one["map"] == "dsn"],
                               10, "the explained bounce")
        self.assertEqual((own[0]["recipient"], own[0]["action"]), ("gone@example.net", "failed"))


if __name__ == "__main__":
    unittest.main()
