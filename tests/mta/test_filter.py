"""Footer and filter together: the log knows whose rejection it was, and accepted mail passes untouched."""

import re
import threading
import time
import unittest

import harness
from case import PostfixCase
from harness import OUTSIDE, RemoteServer


class Filter(PostfixCase):
    """smtpd asks the daemon for footers and has it as a milter at the same time."""

    filter_on = True

    @classmethod
    def configure(cls):
        cls.remote = RemoteServer()
        cls.postfix.settings["transport_maps"] = "inline:{ alice@example.test=smtp:[127.0.0.1]:%d }" % cls.remote.port
        milter = {"smtpd_milters": "unix:" + cls.daemon.milter_socket, "milter_default_action": "tempfail"}
        cls.twin_services("main", {
            **milter, "smtpd_sender_restrictions": "check_sender_access inline:{{ blocked@example.com = REJECT }}"})
        for name, restrictions in (("closed", {"smtpd_client_restrictions": "reject"}),
                                   ("closed-helo", {"smtpd_helo_restrictions": "reject"})):
            cls.postfix.add_smtpd(name, {**milter, **restrictions, **harness.footer(cls.daemon)})
        cls.postfix.add_smtpd("early", {**milter, "smtpd_delay_reject": "no",
                                        "smtpd_sender_restrictions": "check_sender_access "
                                                                     "inline:{{ blocked@example.com = REJECT }}",
                                        **harness.footer(cls.daemon)})

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.remote.stop()

    def session(self, helo, service="main", sender=b"bob@example.org"):
        client = self.client(service, OUTSIDE)
        client.command(b"EHLO " + helo)
        client.command(b"MAIL FROM:<%s>" % sender)
        return client

    def assert_session(self, reply, **wanted):
        """The log line of the reply's reference has these session fields. Returns the line's fields."""
        event = self.daemon.event(reply.ref)
        self.assertEqual({key: event.get(key) for key in wanted}, wanted, event)
        return event

    def test_who_was_refused(self):
        """The log line has client, HELO, sender and recipient of the session."""
        for sender, recipient, code in [
                (b"bob@example.org", b"nobody1@example.test", "550"),
                (b"carol@example.com", b"someone@example.net", "554"),
                (b"blocked@example.com", b"alice@example.test", "554"),
                (b"", b"nobody2@example.test", "550")]:
            with self.subTest(sender=sender, recipient=recipient):
                client = self.session(b"client1.example.org", sender=sender)
                event = self.assert_session(
                    client.command(b"RCPT TO:<%s>" % recipient), code=code, client="unknown[%s]" % OUTSIDE,
                    helo="client1.example.org", recipient=recipient.decode())
                self.assertEqual(event.get("sender", ""), sender.decode())

    def test_client_restrictions(self):
        """Where the text begins with the client's name, the session is found all the same."""
        client = self.session(b"client7.example.org", "closed")
        self.assert_session(client.command(b"RCPT TO:<alice@example.test>"), code="554", helo="client7.example.org",
                            client="unknown[%s]" % OUTSIDE, recipient="alice@example.test")

    def test_restrictions_on_helo_and_sender(self):
        client = self.session(b"bad.example.com", "closed-helo")
        self.assert_session(client.command(b"RCPT TO:<alice@example.test>"), code="554", helo="bad.example.com",
                            recipient="alice@example.test")

    def test_replies_unchanged_by_the_filter(self):
        """With the filter on both services, the twin's originals still come first and unchanged."""
        twins = self.twins("main", OUTSIDE)
        twins.command(b"EHLO client.example.org")
        twins.command(b"FLUMMOX")
        twins.command(b"MAIL FROM:<bob@example.org>")
        for recipient in (b"nobody@example.test", b"someone@example.net", b"<bad", b"a%b$c@example.test"):
            twins.command(b"RCPT TO:<%s>" % recipient)
        self.assertEqual(len(twins.log), 5)

    def test_many_recipients_of_one_message(self):
        """Each refused recipient of a message is logged under its own reference."""
        client = self.session(b"client2.example.org")
        names = [b"nobody%d@example.test" % number for number in range(25)]
        replies = client.commands([b"RCPT TO:<%s>" % name for name in names])
        for name, reply in zip(names, replies):
            self.assert_session(reply, recipient=name.decode(), helo="client2.example.org")

    def test_second_message_of_a_session(self):
        """Sender and recipient are those of the message at hand, not of one before."""
        client = self.session(b"client3.example.org")
        client.command(b"RCPT TO:<someone@example.net>")
        client.command(b"RSET")
        client.command(b"MAIL FROM:<second@example.org>")
        self.assert_session(client.command(b"RCPT TO:<nobody3@example.test>"), sender="second@example.org")

    def test_same_text_at_the_same_moment(self):
        """Two sessions that get the same text never swap: the log names the right one or says ambiguous."""
        ambiguous = 0
        for number in range(20):
            helos = ["one%d.example.org" % number, "two%d.example.org" % number]
            clients = [self.session(helo.encode()) for helo in helos]
            replies = {}
            # both smtpd tell the filter while the daemon stands still, then both ask for the footer
            self.daemon.pause()
            threads = [threading.Thread(daemon=True, target=lambda i=i: replies.update(
                {i: clients[i].command(b"RCPT TO:<nobody@example.test>")})) for i in (0, 1)]
            for thread in threads:
                thread.start()
            threads[0].join(0.05)
            self.daemon.resume()
            for thread in threads:
                thread.join()
            for i in (0, 1):
                event = self.daemon.event(replies[i].ref)
                if "ambiguous" in event:
                    ambiguous += 1
                    self.assertGreaterEqual(int(event["ambiguous"]), 2)
                    self.assertNotIn("helo", event)
                else:
                    self.assertEqual(event["helo"], helos[i])
            for client in clients:
                client.close()
        self.assertGreater(ambiguous, 0)

    def test_not_ambiguous_when_alone(self):
        """The same text again a little later, from another session, is not ambiguous."""
        for number in range(2):
            time.sleep(1.1)
            helo = b"later%d.example.org" % number
            client = self.session(helo)
            self.assert_session(client.command(b"RCPT TO:<nobody@example.test>"), helo=helo.decode())
            client.close()

    def test_accepted_mail_is_delivered(self):
        """Accepted messages arrive octet for octet, refused recipients before them or not."""
        body = (b"Subject: plain\r\nX-Test: $client_address %s \\n\r\n\r\nline\r\n..dot\r\n"
                + b"\xe4\xff" * 30 + b"\r\n" * 3)
        for number in range(3):
            client = self.session(b"client4.example.org")
            if number:
                self.assertIsNotNone(client.command(b"RCPT TO:<nobody@example.test>").ref)
            self.assertEqual(client.command(b"RCPT TO:<alice@example.test>").code, 250)
            self.assertEqual(client.data(b"Message-ID: <m%d@example.org>\r\n" % number + body).code, 250)
            client.close()
        def arrived():
            found = {}
            for _sender, _to, text in list(self.remote.messages):
                found[re.search(rb"<m(\d)@", text).group(1)] = text
            return found if len(found) == 3 else None
        for text in harness.wait_for(arrived, 20, "three messages").values():
            self.assertTrue(text.endswith(body.replace(b"\r\n..", b"\r\n.") + b"\r\n"), text)

    def test_large_message_passes(self):
        client = self.session(b"client5.example.org")
        self.assertEqual(client.command(b"RCPT TO:<carol@example.test>").code, 250)
        self.assertEqual(client.data(b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 40000).code, 250)
        self.assertIsNotNone(client.command(b"FLUMMOX").ref)

    def test_before_rcpt(self):
        """Refused at MAIL the filter is not told the recipient; the reply is explained all the same."""
        client = self.client("early", OUTSIDE)
        client.command(b"EHLO client6.example.org")
        reply = client.command(b"MAIL FROM:<blocked@example.com>")
        self.assert_cause(reply, 554, "sender-rejected")


if __name__ == "__main__":
    unittest.main()
