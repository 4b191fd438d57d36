"""The frame of the real-MTA tests: one Postfix and one daemon per test class."""

import unittest

import harness


class PostfixCase(unittest.TestCase):
    """setUpClass starts Postfix and the daemon as configure() wants them, tearDownClass looks for damage."""

    filter_on = False
    tcp = False
    settings = {}

    @classmethod
    def configure(cls):
        """Adds the services; cls.postfix and cls.daemon are there, the daemon is running."""
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        reason = harness.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.causes = harness.causes_of_rules()
        cls.postfix = harness.Postfix(cls.settings)
        cls.daemon = harness.Daemon(cls.postfix.sockets, tcp=cls.tcp, filter_on=cls.filter_on)
        try:
            cls.daemon.start()
            cls.configure()
            cls.postfix.start()
        except BaseException:
            cls.postfix.stop()
            cls.daemon.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.postfix.stop()
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError("explain-milter ended with status %s:\n%s" % (status, cls.daemon.log()[-4000:]))
        unusable = [line for line in cls.postfix.complaints() if "footer" in line and "nosuchprofile" not in line]
        if unusable:
            raise AssertionError("Postfix could not use a footer:\n" + "\n".join(unusable[:10]))

    @classmethod
    def twin_services(cls, name, options=None, profile="", add=None, **more):
        """Two services alike, NAME with footer and NAME-plain without."""
        add = add or cls.postfix.add_smtpd
        add(name, {**(options or {}), **harness.footer(cls.daemon, profile)}, **more)
        add(name + "-plain", {**(options or {}), "smtpd_reject_footer_maps": ""}, **more)

    def twins(self, name, source=None, plain=None):
        """A session with both services."""
        twins = harness.Twins(self.postfix.ports[name], self.postfix.ports[plain or name + "-plain"], source)
        self.addCleanup(twins.close)
        return twins

    def client(self, name, source=None):
        client = harness.Client(self.postfix.ports[name], source)
        self.addCleanup(client.close)
        return client

    def assert_cause(self, reply, code, *causes):
        """The reply has this code, and the rule logged for its reference belongs to one of the causes."""
        self.assertEqual(reply.code, code, reply)
        self.assertIsNotNone(reply.ref, "not explained: %r" % reply)
        event = self.daemon.event(reply.ref)
        self.assertEqual(event["code"], str(code))
        self.assertIn(self.causes.get(event["rule"]), causes, "rule %s explains %r" % (event["rule"], reply))
        return event
