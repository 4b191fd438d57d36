"""delivery_status_filter: the bounce that a real Postfix writes explains the remote server's refusal."""

import email
import unittest

import harness
from case import PostfixCase
from harness import RemoteServer

REFUSE = {
    b"gone@example.net": [b"550 5.1.1 <gone@example.net>: Recipient address rejected: "
                          b"User unknown in virtual mailbox table"],
    b"full@example.net": [b"552-5.2.2 The email account that you tried to reach is over quota.",
                          b"552 5.2.2 Please direct the recipient to free some space"],
    b"odd@example.net": [b"554 5.7.1 $client_address \\n 100%s <odd@example.net>: Relay access denied"],
}


class Bounce(PostfixCase):
    """Mail to a remote server on loopback that refuses; the bounces come back through another one."""

    @classmethod
    def configure(cls):
        cls.remote = RemoteServer(REFUSE)
        cls.home = RemoteServer()
        cls.postfix.settings["transport_maps"] = (
            "inline:{{ example.net = remote:[127.0.0.1]:%d }, { example.test = smtp:[127.0.0.1]:%d }}"
            % (cls.remote.port, cls.home.port))
        cls.postfix.add_unix("remote", "smtp", {
            "smtp_delivery_status_filter": "socketmap:unix:%s:delivery-status" % cls.daemon.map_socket})
        cls.postfix.add_smtpd("submit")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.remote.stop()
        cls.home.stop()

    def send(self, sender, recipient):
        client = self.client("submit")
        client.command(b"EHLO client.example.test")
        self.assertEqual(client.command(b"MAIL FROM:<%s>" % sender).code, 250)
        self.assertEqual(client.command(b"RCPT TO:<%s>" % recipient).code, 250)
        self.assertEqual(client.data(b"Subject: test\r\n\r\ntext").code, 250)

    def bounce_of(self, sender, recipient):
        """Sends a message and returns the bounce's parts: its text for people, and the delivery report."""
        self.send(sender, recipient)
        report = email.message_from_bytes(self.home.wait_message(sender))
        self.assertEqual(report.get_content_type(), "multipart/report")
        text, status = report.get_payload()[:2]
        return " ".join(text.get_payload(decode=True).decode("utf-8", "replace").split()), status.as_string()

    def test_unknown_recipient(self):
        text, status = self.bounce_of(b"alice@example.test", b"gone@example.net")
        self.assertIn("<gone@example.net>: Recipient address rejected: User unknown in virtual mailbox table", text)
        self.assertIn("https://mail.example.test/why/recipient-unknown", text)
        self.assertIn("Status: 5.1.1", status)

    def test_flattened_lines(self):
        """A multi-line refusal, flattened by Postfix with its codes repeated, is still recognised."""
        text, _status = self.bounce_of(b"carol@example.test", b"full@example.net")
        self.assertIn("is over quota. 552 5.2.2 Please direct the recipient", text)
        self.assertIn("https://mail.example.test/why/mailbox-full", text)

    def test_template_characters(self):
        """What would be a variable in a footer is plain text here."""
        text, _status = self.bounce_of(b"root@example.test", b"odd@example.net")
        self.assertIn("$client_address \\n 100%s <odd@example.net>", text)
        self.assertIn("https://mail.example.test/why/relay-denied", text)

    def test_delivered(self):
        """A delivery that succeeds is left alone."""
        self.send(b"alice@example.test", b"fine@example.net")
        self.remote.wait_message(b"fine@example.net")
        line = self.postfix.wait_log(r"to=<fine@example\.net>.*status=.*").group(0)
        self.assertIn("status=sent (250 2.0.0 Ok)", line)
        with harness.MapClient(self.daemon.map_socket) as client:
            self.assertTrue(client.ask("delivery-status", b"5.1.1 unknown user").startswith(b"OK "))


if __name__ == "__main__":
    unittest.main()
