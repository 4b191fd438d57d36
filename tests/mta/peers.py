"""The other programs around an MTA: a mail server that takes or refuses mail, a SASL server, a scripted milter."""

import os
import socketserver
import subprocess
import threading

import base

MILTER_PEER = os.path.join(base.ROOT, "build/tests/milter_peer")
MILTER_PEER_SOURCE = os.path.join(base.ROOT, "tests/mta/milter_peer.c")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class RemoteServer:
    """An SMTP server that keeps what it accepts in .messages, as (sender, recipients, octets).

    refuse maps a recipient (bytes) to the reply lines that it gets instead of 250.
    """

    def __init__(self, refuse=None):
        self.refuse = dict(refuse or {})
        self.messages = []
        self.server = _Server(("127.0.0.1", 0), self._handler())
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        base.at_exit(self.stop)

    def stop(self):
        base.forget(self.stop)
        self.server.shutdown()
        self.server.server_close()

    def wait_message(self, recipient, seconds=15.0):
        """Waits for a message to recipient (bytes) and returns its octets."""
        def find():
            return next((text for _sender, to, text in list(self.messages) if recipient in to), None)
        return base.wait_for(find, seconds, "a message to %s" % recipient.decode())

    def _handler(self):
        remote = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, *lines):
                for number, line in enumerate(lines):
                    last = number == len(lines) - 1
                    self.wfile.write(line[:3] + (b" " if last else b"-") + line[4:] + b"\r\n")

            def handle(self):
                try:
                    self.session()
                except OSError:
                    pass

            def session(self):
                sender, recipients = b"", []
                self.say(b"220 remote.example.net ESMTP")
                for line in self.rfile:
                    verb = line[:4].upper()
                    if verb in (b"EHLO", b"HELO"):
                        self.say(b"250 remote.example.net")
                    elif verb == b"MAIL":
                        sender, recipients = address(line), []
                        self.say(b"250 2.1.0 Ok")
                    elif verb == b"RCPT":
                        refused = remote.refuse.get(address(line))
                        if not refused:
                            recipients.append(address(line))
                        self.say(*(refused or [b"250 2.1.5 Ok"]))
                    elif verb == b"DATA" and recipients:
                        self.say(b"354 Go ahead")
                        remote.messages.append((sender, recipients, self.message()))
                        self.say(b"250 2.0.0 Ok")
                    elif verb == b"DATA":
                        self.say(b"554 5.5.1 No valid recipients")
                    elif verb == b"QUIT":
                        self.say(b"221 2.0.0 Bye")
                        return
                    else:
                        self.say(b"250 2.0.0 Ok")

            def message(self):
                lines = []
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    lines.append(line[1:] if line.startswith(b".") else line)
                return b"".join(lines)

        return Handler


def address(line):
    """The address in angle brackets of a MAIL or RCPT command."""
    return line[line.find(b"<") + 1:line.find(b">")]


class SaslServer:
    """Dovecot's authentication protocol: user `temp` makes it hang up, any other one is refused."""

    def __init__(self):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\n"
                                 b"SPID\t1\nCUID\t1\nCOOKIE\t0123456789abcdef0123456789abcdef\nDONE\n")
                for line in self.rfile:
                    parts = line.rstrip(b"\n").split(b"\t")
                    if parts[0] != b"AUTH":
                        continue
                    if b"resp=AHRlbXAAeA==" in parts:    # PLAIN for user temp
                        return
                    self.wfile.write(b"FAIL\t%s\tuser=nobody\n" % parts[1])

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        base.at_exit(self.stop)

    def stop(self):
        base.forget(self.stop)
        self.server.shutdown()
        self.server.server_close()


class MilterPeer:
    """The scripted milter of milter_peer.c; see there for the addresses that it refuses."""

    def __init__(self, directory, detached=False):
        self.socket = os.path.join(directory, "peer.sock")
        self.detached = detached
        self.process = None
        self.program = MILTER_PEER
        self.directories = []

    def start(self):
        if not os.path.exists(MILTER_PEER):
            self._build()
        self.process = subprocess.Popen([self.program, "unix:" + self.socket], stdin=subprocess.DEVNULL,
                                        start_new_session=self.detached)
        base.at_exit(self.stop)
        base.wait_for(lambda: base.is_answering(self.socket), 10, "milter_peer")
        os.chmod(self.socket, 0o666)
        return self

    def _build(self):
        """A private copy, where make has not built it."""
        self.directories = [base.make_directory("explain-peer-")]
        self.program = os.path.join(self.directories[0], "milter_peer")
        subprocess.run(["cc", "-std=c11", "-O1", "-o", self.program, MILTER_PEER_SOURCE, "-lmilter", "-lpthread"],
                       check=True)

    def stop(self):
        base.forget(self.stop)
        if self.process and self.process.poll() is None:
            self.process.kill()    # libmilter takes up to 5 s for SIGTERM, and this peer has nothing to lose
            self.process.wait()


def make_certificate(directory):
    """A self-signed certificate with its key in one file; returns the file's path."""
    path = os.path.join(directory, "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=mail.example.test", "-keyout", path, "-out", path + ".crt"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base.write_file(path, base.read_file(path) + base.read_file(path + ".crt"), 0o600)
    return path
