#!/usr/bin/python3
"""make demo: a private Postfix refuses mail, first without and then with explain-milter.

    demo.py             shows the attempts and leaves nothing behind
    KEEP=1 demo.py      leaves everything running for trying by hand, and says how
    demo.py --stop DIR  stops what KEEP=1 left running
"""

import json
import os
import shutil
import signal
import sys
import time

import harness
from harness import OUTSIDE, Client, Daemon, MilterPeer, Postfix

STATE = "demo.json"

HELLO = [b"EHLO client.example.org"]
MAIL = HELLO + [b"MAIL FROM:<bob@example.org>"]

# title, pair of services, commands before, the refused command (None: the end of the message)
ATTEMPTS = [
    ("An address that does not exist", "mx", MAIL, b"RCPT TO:<nobody@example.test>"),
    ("Relaying: an outsider writes to somebody elsewhere", "mx", MAIL, b"RCPT TO:<someone@example.net>"),
    ("The same on the port for our own users (profile internal)", "submission", MAIL, b"RCPT TO:<someone@example.net>"),
    ("A blocked sender", "mx", HELLO + [b"MAIL FROM:<offers@example.com>"], b"RCPT TO:<alice@example.test>"),
    ("A message that is too large", "mx", HELLO, b"MAIL FROM:<bob@example.org> SIZE=99000000"),
    ("A command that does not exist", "mx", HELLO, b"XFLUMMOX"),
    ("A mailbox that is full, for now (4xx)", "mx", MAIL, b"RCPT TO:<full@example.test>"),
    ("Another milter refuses the message, in two lines", "mx",
     HELLO + [b"MAIL FROM:<milter-eom@example.org>", b"RCPT TO:<alice@example.test>"], None),
]


class Paper:
    """Plain text on stdout, with a little colour on a terminal."""

    def __init__(self):
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def say(self, text="", style=None):
        codes = {"title": "1", "old": "2", "new": "32"}
        if self.colour and style:
            text = "\033[%sm%s\033[0m" % (codes[style], text)
        print(text, flush=True)

    def reply(self, reply, old=0):
        """A reply, indented; the first `old` lines are the MTA's own."""
        for number, line in enumerate(reply.lines):
            self.say("      " + line.decode("ascii", "replace"), "old" if number < old else "new")


class Demo:
    """The private Postfix, the daemon and a scripted milter."""

    def __init__(self, keep):
        self.postfix = Postfix({"message_size_limit": "20000000", "notify_classes": ""})
        self.daemon = Daemon(self.postfix.sockets, filter_on=True, detached=keep)
        self.peer = MilterPeer(self.postfix.sockets, detached=keep)

    def start(self):
        self.daemon.start()
        self.peer.start()
        options = {
            "smtpd_sender_restrictions": "check_sender_access inline:{{ offers@example.com = REJECT }}",
            "smtpd_recipient_restrictions":
                "check_recipient_access inline:{{ full@example.test = 452 4.2.2 Mailbox full }}",
        }
        milters = "unix:%s unix:%s" % (self.daemon.milter_socket, self.peer.socket)
        internal = {"smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination"}
        for name, own, profile in (("mx", {}, ""), ("submission", internal, "internal")):
            self.postfix.add_smtpd(name, {**options, **own, "smtpd_milters": milters,
                                          **harness.footer(self.daemon, profile)})
            self.postfix.add_smtpd(name + "-plain", {**options, **own, "smtpd_milters": "unix:" + self.peer.socket})
        self.postfix.start()

    def attempt(self, service, before, refused):
        """The refused command's reply from this service."""
        with Client(self.postfix.ports[service], OUTSIDE) as client:
            for line in before:
                client.command(line)
            reply = client.command(refused) if refused else client.data(b"Subject: Buy now\r\n\r\nBuy now.")
            client.command(b"QUIT")
            return reply

    def state(self):
        return {
            "config": self.postfix.config,
            "queue": self.postfix.queue,
            "processes": [[self.daemon.process.pid, self.daemon.config], [self.peer.process.pid, self.peer.socket]],
            "directories": [self.postfix.directory, self.daemon.own, *self.peer.directories],
        }


def show(demo, paper):
    """All attempts; returns how many were not explained as they should be."""
    wrong = 0
    for number, (title, service, before, refused) in enumerate(ATTEMPTS, 1):
        plain = demo.attempt(service + "-plain", before, refused)
        reply = demo.attempt(service, before, refused)
        paper.say()
        paper.say("%d. %s" % (number, title), "title")
        for line in before[1:] + [refused or b"(the message)"]:
            paper.say("    > " + line.decode())
        paper.say("    before")
        paper.reply(plain, len(plain.lines))
        paper.say("    after")
        paper.reply(reply, len(plain.lines))
        problems = harness.problems(reply, plain)
        wrong += bool(problems)
        for problem in problems:
            paper.say("    WRONG: " + problem)
    return wrong


def keep(demo, paper):
    """Leaves it all running and says how to go on."""
    directory = demo.postfix.directory
    harness.write_file(os.path.join(directory, STATE), json.dumps(demo.state()))
    harness.keep_running()
    port = demo.postfix.ports
    script = os.path.relpath(os.path.abspath(__file__))
    paper.say()
    paper.say("Still running. Try it:", "title")
    paper.say("    swaks --server 127.0.0.1:%d --local-interface %s --from bob@example.org --to nobody@example.test"
              % (port["mx"], OUTSIDE))
    paper.say("    nc -C -s %s 127.0.0.1 %d" % (OUTSIDE, port["mx"]))
    paper.say("  Ports: %(mx)d explained, %(mx-plain)d plain Postfix, %(submission)d profile internal" % port)
    paper.say("  Postfix's log:        %s" % demo.postfix.maillog)
    paper.say("  explain-milter's log: %s" % demo.daemon.log_file)
    paper.say("  Its configuration:    %s" % demo.daemon.config)
    paper.say("Stop it:", "title")
    paper.say("    python3 %s --stop %s" % (script, directory))


def stop(directory):
    """Ends what KEEP=1 left running."""
    path = os.path.join(directory, STATE)
    if not os.path.exists(path):
        print("%s is not the directory of a running demo" % directory, file=sys.stderr)
        return 2
    state = json.loads(harness.read_file(path))
    harness.stop_processes(state["config"], state["queue"])
    for process, argument in state["processes"]:
        # the process id may long be somebody else's; our two have this path among their arguments
        if argument in harness.read_file("/proc/%d/cmdline" % process):
            os.kill(process, signal.SIGKILL)
    for one in state["directories"]:
        shutil.rmtree(one, ignore_errors=True)
    print("Stopped; nothing is left of it.")
    return 0


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--stop":
        return stop(sys.argv[2])
    if len(sys.argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    reason = harness.missing()
    if reason:
        print("make demo can't run here: " + reason, file=sys.stderr)
        return 1
    start = time.monotonic()
    paper = Paper()
    wants_keep = os.environ.get("KEEP", "") not in ("", "0", "no")
    demo = Demo(wants_keep)
    paper.say("A private Postfix on loopback ports refuses mail: before, as it is; after, with explain-milter.")
    demo.start()
    wrong = show(demo, paper)
    if wants_keep:
        keep(demo, paper)
        return 1 if wrong else 0
    demo.postfix.stop()
    demo.daemon.stop()
    demo.peer.stop()
    paper.say()
    if wrong:
        paper.say("%d of %d replies are not as they should be." % (wrong, len(ATTEMPTS)))
        return 1
    paper.say("All %d refusals explained in %.1f s; nothing is left running. KEEP=1 leaves it up for trying by hand."
              % (len(ATTEMPTS), time.monotonic() - start))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
