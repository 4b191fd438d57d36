"""postscreen in front of smtpd: what it refuses itself is explained by the same maps."""

import unittest

import harness
from case import PostfixCase

COMMON = {
    "postscreen_greet_wait": "1s",
    "postscreen_greet_ttl": "1s",
    "postscreen_dnsbl_action": "ignore",
    "postscreen_cache_cleanup_interval": "0",
    "postscreen_client_connection_count_limit": "100",
}


class Postscreen(PostfixCase):
    """Three pairs: refusing at RCPT, dropping at once, and testing for clients that speak too early."""

    @classmethod
    def configure(cls):
        listed = "cidr:{{127.0.0.2 reject}, {127.0.0.3 permit}}"
        for name, options in [
                ("enforce", {"postscreen_access_list": listed, "postscreen_denylist_action": "enforce",
                             "postscreen_blacklist_action": "enforce"}),
                ("drop", {"postscreen_access_list": listed, "postscreen_denylist_action": "drop",
                          "postscreen_blacklist_action": "drop"}),
                ("greet", {"postscreen_access_list": "", "postscreen_greet_action": "enforce",
                           "postscreen_non_smtp_command_enable": "yes", "postscreen_non_smtp_command_action": "drop"}),
                ("deep", {"postscreen_access_list": "", "postscreen_greet_action": "ignore",
                          "postscreen_pipelining_enable": "yes", "postscreen_pipelining_action": "enforce"})]:
            cls.twin_services(name, {**COMMON, **options}, add=cls.add_postscreen)

    @classmethod
    def add_postscreen(cls, name, options):
        """postscreen gets the maps as its own setting, from the default of postscreen_reject_footer_maps."""
        cls.postfix.add_postscreen(name, options, {"smtpd_reject_footer_maps": options["smtpd_reject_footer_maps"]})

    def test_refused_at_rcpt(self):
        twins = self.twins("enforce", "127.0.0.2")
        for line in (b"FLUMMOX", b"HELO"):
            twins.command(line)
        twins.command(b"EHLO client.example.org")
        twins.command(b"VRFY alice")
        twins.command(b"MAIL FROM:<bob@example.org>")
        self.assert_cause(twins.command(b"RCPT TO:<alice@example.test>"), 550, "client-rejected")
        self.assertGreaterEqual(len(twins.log), 4)

    def test_dropped_at_once(self):
        twins = self.twins("drop", "127.0.0.2")
        self.assert_cause(twins.pair[1].greeting, 521, "client-rejected")
        self.assertTrue(twins.pair[1].at_end())

    def test_passed_to_smtpd(self):
        """A permitted client reaches the smtpd behind, which explains as well."""
        twins = self.twins("enforce", "127.0.0.3")
        twins.command(b"EHLO client.example.org")
        twins.command(b"MAIL FROM:<bob@example.org>")
        self.assert_cause(twins.command(b"RCPT TO:<nobody@example.test>"), 550, "recipient-unknown")

    def test_speaking_too_early(self):
        """A client that does not wait for the greeting is refused at RCPT."""
        pair = []
        for name in ("greet-plain", "greet"):
            client = harness.Client(self.postfix.ports[name], "127.0.0.2", greet=False)
            self.addCleanup(client.close)
            client.send(b"EHLO client.example.org\r\n")
            pair.append(client)
        replies = []
        for client in pair:
            # postscreen's teaser is the first line of a greeting that then never comes
            self.assertTrue(client.line().startswith(b"220-"))
            answers = [client.reply()]
            for line in (b"MAIL FROM:<bob@example.org>", b"RCPT TO:<alice@example.test>"):
                answers.append(client.command(line))
            replies.append(answers[-1])
        self.assertEqual(harness.problems(replies[1], replies[0]), [])
        self.assert_cause(replies[1], 550, "pregreet")

    def test_not_smtp_at_all(self):
        """A browser's request ends the session."""
        pair = []
        for name in ("greet-plain", "greet"):
            client = harness.Client(self.postfix.ports[name], "127.0.0.4")
            self.addCleanup(client.close)
            pair.append(client.command(b"GET / HTTP/1.1"))
        self.assertEqual(harness.problems(pair[1], pair[0]), [])
        self.assert_cause(pair[1], 521, "pregreet")

    def test_pipelining_without_leave(self):
        pair = []
        for name in ("deep-plain", "deep"):
            client = harness.Client(self.postfix.ports[name], "127.0.0.5")
            self.addCleanup(client.close)
            answers = client.commands([b"HELO client.example.org", b"MAIL FROM:<bob@example.org>",
                                       b"RCPT TO:<alice@example.test>"])
            pair.append(answers[-1])
        self.assertEqual(harness.problems(pair[1], pair[0]), [])
        self.assert_cause(pair[1], 550, "pregreet")


if __name__ == "__main__":
    unittest.main()
