"""The real-MTA test harness in one import: a private Postfix, the daemon, peers, and a raw SMTP client.

    postfix = Postfix()
    daemon = Daemon(postfix.sockets).start()
    port = postfix.add_smtpd("footer", footer(daemon))
    plain = postfix.add_smtpd("plain")
    postfix.start()
    with Twins(port, plain) as twins:
        reply = twins.command(b"VRFY nobody")

Only Python's standard library is used. Several programs can use it at the same time.
"""

import base
import daemon as daemon_module
import postfix as postfix_module
from base import ROOT, at_exit, clean_up, free_port, keep_running  # noqa: F401
from base import make_directory, read_file, wait_for, write_file  # noqa: F401
from client import BrokenReply, Client, Reply, added_lines, problems, status_of  # noqa: F401
from daemon import Daemon, MapClient, causes_of_rules, netstring  # noqa: F401
from peers import MilterPeer, RemoteServer, SaslServer, make_certificate  # noqa: F401
from postfix import Postfix, processes, stop_processes  # noqa: F401

OUTSIDE = "127.0.0.2"    # a client address that is not in mynetworks


def missing():
    """Why the real-MTA tests can't run here, or None."""
    return postfix_module.missing() or daemon_module.missing()


def footer(daemon, profile="", chroot=False, tcp=False):
    """Options of an smtpd service (or postscreen) that make it ask the daemon for footers."""
    name = "footer" + ("." + profile if profile else "")
    if tcp:
        where = "inet:127.0.0.1:%d" % daemon.port
    elif chroot:
        where = "unix:/explain/map.sock"
    else:
        where = "unix:" + daemon.map_socket
    return {"smtpd_reject_footer_maps": "socketmap:%s:%s" % (where, name)}


class Twins:
    """The same session with and without explanations: every command goes to both services.

    Each command is checked: both replies complete and well-formed, the original first and unchanged, the
    explanation within limits. command() returns the explained reply.
    """

    def __init__(self, port, plain_port, source=None, greet=True):
        self.pair = [Client(plain_port, source, greet=greet), Client(port, source, greet=greet)]
        self.log = []
        if greet:
            self.check(b"(connect)", self.pair[0].greeting, self.pair[1].greeting)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for client in self.pair:
            client.close()

    def command(self, line):
        plain, reply = [client.command(line) for client in self.pair]
        return self.check(line, plain, reply)

    def data(self, message):
        plain, reply = [client.data(message) for client in self.pair]
        return self.check(b"(end of data)", plain, reply)

    def start_tls(self):
        plain, reply = [client.start_tls() for client in self.pair]
        return self.check(b"STARTTLS", plain, reply)

    def check(self, line, plain, reply):
        """AssertionError unless reply is what plain should become; returns reply."""
        # accepted replies may name a queue id; only refusals must be alike
        if plain.refused or reply.refused:
            found = problems(reply, plain)
            if found:
                raise AssertionError("%r: %s\n%r" % (line[:200], "; ".join(found), reply))
            self.log.append((line, plain, reply))
        return reply
