"""Every stage of a session with a real smtpd: each refusal is explained by the right rule."""

import unittest

from case import PostfixCase
from harness import OUTSIDE, SaslServer, make_certificate

ACCESS = {
    "access": "554 5.7.1 Access denied",
    "full": "452 4.2.2 Mailbox full",
    "grey": "450 4.2.0 Greylisted, see http://postgrey.schweikert.ch/help/example.test.html",
    "disabled": "550 5.2.1 Mailbox disabled for this recipient",
    "spf": "550 5.7.23 Message rejected due to: SPF fail - not authorized",
    "zen": "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org",
}


def access(keys):
    """An inline access table."""
    return "inline:{ %s }" % ", ".join("{ %s = %s }" % item for item in keys.items())


class Stages(PostfixCase):
    """One pair of services with the default smtpd_delay_reject = yes, one with no, and special ones."""

    settings = {
        "message_size_limit": "20000",
        "smtpd_recipient_limit": "20",
        "header_checks": "regexp:{{/^Subject: forbidden/ REJECT 5.7.1 This subject is not accepted}}",
    }

    @classmethod
    def configure(cls):
        cls.sasl = SaslServer()
        certificate = make_certificate(cls.postfix.directory)
        sasl = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": "inet:127.0.0.1:%d" % cls.sasl.port}
        tls = {"smtpd_tls_chain_files": certificate}
        cls.twin_services("main", {
            "smtpd_helo_required": "yes",
            "disable_vrfy_command": "yes",
            "smtpd_sender_restrictions": "reject_non_fqdn_sender, check_sender_access "
                                         + access({"blocked@example.com": "REJECT"}),
            "smtpd_recipient_restrictions": "reject_non_fqdn_recipient, check_recipient_access "
                                            + access({k + "@example.test": v for k, v in ACCESS.items()}),
        })
        cls.twin_services("early", {
            "smtpd_delay_reject": "no",
            "smtpd_helo_required": "yes",
            "smtpd_helo_restrictions": "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname, check_helo_access "
                                       + access({"bad.example.com": "REJECT", "slow.example.com": "DEFER"}),
            "smtpd_sender_restrictions": "check_sender_access " + access({"blocked@example.com": "REJECT"}),
        })
        cls.twin_services("closed", {"smtpd_delay_reject": "no", "smtpd_client_restrictions": "reject"})
        cls.twin_services("tls", {"smtpd_tls_security_level": "encrypt", **tls})
        cls.twin_services("auth", {
            "smtpd_sender_login_maps": "inline:{alice@example.test=alice}",
            "smtpd_sender_restrictions": "reject_sender_login_mismatch", **sasl})
        cls.twin_services("strict", {"smtpd_hard_error_limit": "3", "smtpd_junk_command_limit": "3"})
        cls.twin_services("data", {"smtpd_data_restrictions": "reject_multi_recipient_bounce, check_client_access "
                                                              + access({"127.0.0.5": "REJECT"}),
                                   "smtpd_end_of_data_restrictions": "check_client_access "
                                                                     + access({"127.0.0.6": "DEFER"})})
        cls.twin_services("rate", {"smtpd_client_connection_rate_limit": "1"})
        cls.twin_services("etrn", {"smtpd_etrn_restrictions": "reject"})

    def test_one_session_with_many_refusals(self):
        """Every refusal of one session from outside is explained by the rule for it."""
        twins = self.twins("main", OUTSIDE)
        twins.command(b"NOOP")
        script = [
            (b"MAIL FROM:<bob@example.org>", 503, ["command-sequence"]),
            (b"FLUMMOX", 500, ["command-unknown"]),
            (b"HELO", 501, ["command-syntax"]),
            (b"EHLO client.example.org", 250, None),
            (b"VRFY alice", 502, ["vrfy-disabled"]),
            (b"ETRN", 500, ["command-syntax"]),
            (b"AUTH PLAIN AHgAeA==", 503, ["login-not-offered"]),
            (b"STARTTLS", 502, ["command-not-implemented"]),
            (b"RCPT TO:<alice@example.test>", 503, ["command-sequence"]),
            (b"DATA", 503, ["command-sequence"]),
            (b"MAIL", 501, ["command-syntax"]),
            (b"MAIL FROM:<bob@example.org> FOO=BAR", 555, ["parameter-not-supported"]),
            (b"MAIL FROM:<bob@example.org> SIZE=99999999", 552, ["message-too-large"]),
            (b"RSET", 250, None),    # Postfix remembers the size of the refused MAIL
            (b"MAIL FROM:<bob@example.org", 501, ["sender-syntax"]),
            (b"MAIL FROM:<bob@example.org>", 250, None),
            (b"RCPT TO:<nobody@example.test>", 550, ["recipient-unknown"]),
            (b"RCPT TO:<someone@example.net>", 554, ["relay-denied"]),
            (b"RCPT TO:<alice>", 504, ["recipient-not-fqdn"]),
            (b"RCPT TO:<>", 501, ["recipient-syntax"]),
            (b"RCPT TO:<access@example.test>", 554, ["policy-other"]),
            (b"RCPT TO:<full@example.test>", 452, ["mailbox-full"]),
            (b"RCPT TO:<grey@example.test>", 450, ["greylisted"]),
            (b"RCPT TO:<disabled@example.test>", 550, ["recipient-disabled"]),
            (b"RCPT TO:<spf@example.test>", 550, ["spf-fail"]),
            (b"RCPT TO:<zen@example.test>", 554, ["blocklist-spamhaus"]),
            (b"DATA", 554, ["no-valid-recipients"]),
            (b"RSET", 250, None),
            (b"MAIL FROM:<blocked@example.com>", 250, None),
            (b"RCPT TO:<alice@example.test>", 554, ["sender-rejected"]),
            (b"RSET", 250, None),
            (b"MAIL FROM:<bob>", 250, None),
            (b"RCPT TO:<alice@example.test>", 504, ["sender-not-fqdn"]),
            (b"BDAT", 521, ["command-syntax"]),
        ]
        refused = []
        for line, code, causes in script:
            reply = twins.command(line)
            with self.subTest(command=line):
                self.assertEqual(reply.code, code, reply)
                if causes:
                    refused.append(reply)
                    self.assert_cause(reply, code, *causes)
        self.assertGreaterEqual(len({reply.lines[0] for reply in refused}), 15)
        self.assertEqual(len({reply.ref for reply in refused}), len(refused), "references are not unique")

    def test_end_of_data(self):
        """Too large only when it is all there, and a header check."""
        twins = self.twins("main", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        for message, code, causes in [
                (b"Subject: large\r\n\r\n" + (b"y" * 70 + b"\r\n") * 400, 552, ["message-too-large"]),
                (b"Subject: forbidden\r\n\r\nx", 550, ["policy-other"])]:
            twins.command(b"MAIL FROM:<bob@example.org>")
            self.assertEqual(twins.command(b"RCPT TO:<alice@example.test>").code, 250)
            self.assert_cause(twins.data(message), code, *causes)

    def test_too_many_recipients(self):
        twins = self.twins("main", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        twins.command(b"MAIL FROM:<bob@example.org>")
        for _ in range(20):
            self.assertEqual(twins.command(b"RCPT TO:<alice@example.test>").code, 250)
        self.assert_cause(twins.command(b"RCPT TO:<carol@example.test>"), 452, "too-many-recipients")

    def test_data(self):
        """Restrictions at DATA and at the end of the message, and a bounce to several recipients."""
        for source, sender, code, causes in [
                ("127.0.0.5", b"bob@example.org", 554, ["client-rejected"]),
                ("127.0.0.6", b"bob@example.org", 450, ["client-rejected"]),
                (OUTSIDE, b"", 550, ["bounce-multi-recipient"])]:
            with self.subTest(source=source):
                twins = self.twins("data", source)
                twins.command(b"EHLO client.example.org")
                twins.command(b"MAIL FROM:<%s>" % sender)
                for name in (b"alice", b"carol"):
                    self.assertEqual(twins.command(b"RCPT TO:<%s@example.test>" % name).code, 250)
                self.assert_cause(twins.data(b"Subject: test\r\n\r\ntext"), code, *causes)

    def test_connection_rate(self):
        twins = self.twins("rate", "127.0.0.9")
        self.assertEqual(twins.pair[1].greeting.code, 220)
        twins = self.twins("rate", "127.0.0.9")
        self.assert_cause(twins.pair[1].greeting, 421, "rate-limited", "connection-limit")
        self.assertTrue(twins.pair[1].at_end())

    def test_pipelined_refusals(self):
        """Replies to commands sent at once come in order, each with its own explanation."""
        client = self.client("main", OUTSIDE)
        client.command(b"EHLO client.example.org")
        client.command(b"MAIL FROM:<bob@example.org>")
        names = [b"nobody%d@example.test" % number for number in range(30)]
        replies = client.commands([b"RCPT TO:<%s>" % name for name in names])
        for name, reply in zip(names, replies):
            self.assertIn(name, reply.lines[0])
            self.assertIn(name, reply.lines[1])
        self.assertEqual(len({reply.ref for reply in replies}), 30)

    def test_connect(self):
        """With smtpd_delay_reject = no the client is refused before it says a word."""
        twins = self.twins("closed", OUTSIDE)
        self.assert_cause(twins.pair[1].greeting, 554, "client-rejected")

    def test_helo_and_mail_without_delay(self):
        twins = self.twins("early", OUTSIDE)
        for line, code, causes in [
                (b"EHLO bad.example.com", 554, ["helo-rejected"]),
                (b"HELO slow.example.com", 450, ["helo-rejected"]),
                (b"EHLO bad..name", 501, ["helo-invalid"]),
                (b"EHLO short", 504, ["helo-invalid"]),
                (b"EHLO client.example.org", 250, None),
                (b"MAIL FROM:<blocked@example.com>", 554, ["sender-rejected"])]:
            with self.subTest(command=line):
                reply = twins.command(line)
                self.assertEqual(reply.code, code, reply)
                if causes:
                    self.assert_cause(reply, code, *causes)

    def test_etrn(self):
        twins = self.twins("etrn", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        self.assert_cause(twins.command(b"ETRN example.net"), 554, "command-not-permitted")

    def test_starttls(self):
        twins = self.twins("tls", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        self.assert_cause(twins.command(b"MAIL FROM:<bob@example.org>"), 530, "tls-required")
        self.assert_cause(twins.command(b"STARTTLS now"), 501, "command-syntax")
        self.assertEqual(twins.start_tls().code, 220)
        self.assert_cause(twins.command(b"FLUMMOX"), 500, "command-unknown")
        twins.command(b"EHLO client.example.org")
        twins.command(b"MAIL FROM:<bob@example.org>")
        self.assert_cause(twins.command(b"RCPT TO:<nobody@example.test>"), 550, "recipient-unknown")
        self.assert_cause(twins.command(b"STARTTLS"), 554, "command-sequence")

    def test_auth(self):
        twins = self.twins("auth", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        self.assert_cause(twins.command(b"AUTH PLAIN AHgAeA=="), 535, "login-failed")
        self.assert_cause(twins.command(b"AUTH PLAIN AHRlbXAAeA=="), 454, "login-unavailable")
        self.assert_cause(twins.command(b"AUTH FLUMMOX"), 535, "login-mechanism", "login-failed")
        twins.command(b"MAIL FROM:<alice@example.test>")
        self.assert_cause(twins.command(b"RCPT TO:<carol@example.test>"), 553, "sender-not-owned", "login-required")

    def test_too_many_errors(self):
        """The reply that ends the session is explained too."""
        twins = self.twins("strict", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        for _ in range(10):
            reply = twins.command(b"FLUMMOX")
            if reply.code == 421:
                break
        self.assert_cause(reply, 421, "too-many-errors")
        self.assertTrue(twins.pair[1].at_end())


if __name__ == "__main__":
    unittest.main()
