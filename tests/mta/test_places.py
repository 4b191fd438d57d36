"""Where the footer maps can be used: chrooted smtpd, TCP, other profiles, and replies that a milter made."""

import unittest

import harness
from case import PostfixCase
from harness import OUTSIDE, MilterPeer, RemoteServer


class Places(PostfixCase):
    """smtpd services that differ in how they reach the daemon and whose reply it is."""

    tcp = True

    @classmethod
    def configure(cls):
        cls.peer = MilterPeer(cls.postfix.sockets).start()
        milter = {"smtpd_milters": "unix:" + cls.peer.socket, "milter_default_action": "tempfail"}
        cls.twin_services("normal")
        cls.postfix.add_smtpd("chroot", harness.footer(cls.daemon, chroot=True), chroot=True)
        cls.postfix.add_smtpd("tcp", harness.footer(cls.daemon, tcp=True))
        cls.postfix.add_smtpd("chroot-tcp", harness.footer(cls.daemon, tcp=True), chroot=True)
        cls.twin_services("submission", {"smtpd_relay_restrictions": "reject_unauth_destination"}, profile="internal")
        cls.twin_services("milter", milter)
        gone = {"smtpd_milters": "unix:" + cls.peer.socket + ".gone", "milter_connect_timeout": "2s"}
        cls.twin_services("gone", {**gone, "milter_default_action": "tempfail"})
        cls.twin_services("gone-reject", {**gone, "milter_default_action": "reject"})
        cls.remote = RemoteServer({b"gone@example.net": [b"550-5.1.1 No such mailbox here", b"550 5.1.1 really"]})
        cls.postfix.settings.update({
            "transport_maps": "inline:{ example.net=smtp:[127.0.0.1]:%d }" % cls.remote.port,
            "address_verify_poll_delay": "1s",
        })
        cls.twin_services("verify", {"smtpd_recipient_restrictions": "reject_unverified_recipient"})
        cls.twin_services("unknown-profile", profile="nosuchprofile")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.peer.stop()
        cls.remote.stop()

    def refused(self, name, recipient=b"nobody@example.test", sender=b"bob@example.org", plain=None):
        """The explained refusal of a recipient, checked against the plain service."""
        twins = self.twins(name, OUTSIDE, plain)
        twins.command(b"EHLO client.example.org")
        reply = twins.command(b"MAIL FROM:<%s>" % sender)
        return reply if reply.refused else twins.command(b"RCPT TO:<%s>" % recipient)

    def test_chroot(self):
        """A chrooted smtpd finds the socket below the queue directory."""
        self.assert_cause(self.refused("chroot", plain="normal-plain"), 550, "recipient-unknown")

    def test_tcp(self):
        self.assert_cause(self.refused("tcp", plain="normal-plain"), 550, "recipient-unknown")
        self.assert_cause(self.refused("chroot-tcp", plain="normal-plain"), 550, "recipient-unknown")

    def test_same_words_everywhere(self):
        """Whatever the way to the daemon, the explanation is the same but for its reference."""
        replies = [self.refused(name, plain="normal-plain") for name in ("normal", "chroot", "tcp")]
        self.assertEqual(len({tuple(reply.lines[:-1]) for reply in replies}), 1)

    def test_internal_profile(self):
        """A submission-like service gives its users the helpdesk's number; others don't see it."""
        internal = self.refused("submission", b"someone@example.net")
        self.assertEqual(self.daemon.event(internal.ref).get("profile"), "internal")
        normal = self.refused("normal", b"someone@example.net")
        self.assertNotIn("4357", normal.text)
        self.assertNotEqual(internal.lines[:-1], normal.lines[:-1])

    def test_unknown_profile(self):
        """A profile that is not configured must not cost the original reply, nor delay it."""
        for name in ("unknown-profile", "unknown-profile-plain"):
            client = self.client(name, OUTSIDE)
            client.command(b"EHLO client.example.org")
            client.command(b"MAIL FROM:<bob@example.org>")
            reply = client.command(b"RCPT TO:<nobody@example.test>")
            self.assertTrue(reply.lines[0][4:].startswith(b"5.1.1 <nobody@example.test>: Recipient address rejected"))
            self.assertLess(reply.seconds, 1.0)
        self.refused("normal")

    def test_milter_replies(self):
        """One line or several, made up by a milter: all of its lines come first and unchanged."""
        for name, code, count, causes in [
                (b"milter-single", 550, 1, ["content-policy"]),
                (b"milter-multi", 550, 3, ["policy-other"]),
                (b"milter-tempfail", 451, 1, ["greylisted"]),
                (b"milter-reject", 550, 1, ["policy-other"]),
                (b"milter-defer", 451, 1, ["service-unavailable"])]:
            for sender, recipient in [(name + b"@example.org", b"alice@example.test"),
                                      (b"bob@example.org", name + b"@example.test")]:
                with self.subTest(sender=sender, recipient=recipient):
                    twins = self.twins("milter", None)
                    twins.command(b"EHLO client.example.org")
                    reply = twins.command(b"MAIL FROM:<%s>" % sender)
                    if not reply.refused:
                        reply = twins.command(b"RCPT TO:<%s>" % recipient.replace(b"example.test", b"example.net"))
                    self.assert_cause(reply, code, *causes)
                    self.assertEqual(len(twins.log[-1][1].lines), count)

    def test_milter_at_end_of_message(self):
        twins = self.twins("milter", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        twins.command(b"MAIL FROM:<milter-eom@example.org>")
        self.assertEqual(twins.command(b"RCPT TO:<alice@example.test>").code, 250)
        reply = twins.data(b"Subject: test\r\n\r\ntext")
        self.assert_cause(reply, 550, "spam-content")
        self.assertEqual(len(twins.log[-1][1].lines), 2)

    def test_verified_recipient(self):
        """Postfix quotes the server that it asked, flattened into one long line."""
        twins = self.twins("verify")
        twins.command(b"EHLO client.example.org")
        twins.command(b"MAIL FROM:<bob@example.org>")
        reply = twins.command(b"RCPT TO:<gone@example.net>")
        self.assert_cause(reply, 550, "recipient-unverified")
        self.assertIn(b"550 5.1.1 really", reply.lines[0])

    def test_milter_down(self):
        """What Postfix says when a milter is not there is explained as well."""
        twins = self.twins("gone", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        reply = twins.command(b"MAIL FROM:<bob@example.org>")
        self.assert_cause(reply, 451, "service-unavailable")
        twins = self.twins("gone-reject", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        reply = twins.command(b"MAIL FROM:<bob@example.org>")
        self.assertTrue(reply.refused)
        self.assertIsNotNone(reply.ref)


if __name__ == "__main__":
    unittest.main()
