"""explainctl setup postfix, on a private instance: shows, applies, applies again, removes."""

import os
import subprocess
import unittest

import harness
from harness import OUTSIDE, ROOT, Client, Daemon, Postfix

EXPLAINCTL = os.environ.get("EXPLAINCTL", os.path.join(ROOT, "build/explainctl"))


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
        self.setup_postfix("--apply")
        self.assertEqual(self.files(), applied, "the second --apply changed something")
        self.setup_postfix("--remove")
        self.assertEqual(self.postconf("-n"), settings)
        removed = self.files()
        self.setup_postfix("--remove")
        self.assertEqual(self.files(), removed, "the second --remove changed something")

    def test_it_works(self):
        """After --apply a chrooted smtpd explains, and the filter sees its sessions."""
        self.daemon.start()
        self.setup_postfix("--apply")
        self.postfix.start(write=False)
        with Client(self.postfix.ports["main"], OUTSIDE) as client:
            client.command(b"EHLO client.example.org")
            client.command(b"MAIL FROM:<bob@example.org>")
            reply = client.command(b"RCPT TO:<nobody@example.test>")
        self.assertIsNotNone(reply.ref, reply)
        self.assertEqual(self.daemon.event(reply.ref).get("helo"), "client.example.org")


if __name__ == "__main__":
    unittest.main()
