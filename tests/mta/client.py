"""An SMTP client that shows what was really on the wire: raw reply lines, their timing, any octets sent."""

import re
import socket
import ssl
import time

LINE = re.compile(rb"([2-5][0-9][0-9])([- ])(.*)", re.DOTALL)
STATUS = re.compile(rb"([245]\.[0-9]{1,3}\.[0-9]{1,3}) ")

MAX_LINE = 512
MAX_ADDED_LINES = 4
MAX_ADDED_OCTETS = 480


class BrokenReply(AssertionError):
    """The server sent something that is not a complete, well-formed reply."""


class Reply:
    """A complete reply: lines as sent but without CRLF, and how long it took."""

    def __init__(self, lines, seconds):
        self.lines = lines
        self.seconds = seconds
        self.code = int(lines[0][:3])

    @property
    def refused(self):
        return self.code >= 400

    @property
    def texts(self):
        """The lines without code and separator."""
        return [line[4:] for line in self.lines]

    @property
    def text(self):
        return b"\n".join(self.lines).decode("utf-8", "surrogateescape")

    @property
    def ref(self):
        """The reference in the last line, as text, or None."""
        found = re.search(rb"Ref: ([0-9A-Z]{4}-[0-9A-Z]{4})", self.lines[-1])
        return found.group(1).decode() if found else None

    def __repr__(self):
        return "<%s>" % self.text


class Client:
    """One SMTP connection. Commands are octets, sent as they are with CRLF added."""

    def __init__(self, port, source=None, timeout=20.0, greet=True):
        self.timeout = timeout
        self.slowest = 0.0
        self.buffer = b""
        start = time.monotonic()
        self.sock = socket.create_connection(("127.0.0.1", port), timeout, (source, 0) if source else None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.greeting = self.reply(start) if greet else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, octets):
        """Sends octets as they are, no CRLF added."""
        self.sock.sendall(octets)

    def command(self, line):
        """Sends line with CRLF and returns the reply."""
        start = time.monotonic()
        self.send(line + b"\r\n")
        return self.reply(start)

    def commands(self, lines):
        """Sends all lines at once (pipelining) and returns their replies."""
        start = time.monotonic()
        self.send(b"".join(line + b"\r\n" for line in lines))
        return [self.reply(start) for _ in lines]

    def data(self, message):
        """DATA with message (CRLF lines, dots doubled by the caller); the last reply only."""
        answer = self.command(b"DATA")
        if answer.code != 354:
            return answer
        start = time.monotonic()
        self.send(message + b"\r\n.\r\n")
        return self.reply(start)

    def start_tls(self):
        """STARTTLS and the handshake, without looking at the certificate."""
        answer = self.command(b"STARTTLS")
        if answer.code == 220:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)
        return answer

    def at_end(self):
        """True if the server closes the connection without another octet."""
        try:
            return not self.buffer and not self.sock.recv(1)
        except ConnectionResetError:
            return True

    def reply(self, start=None):
        """Reads one reply. BrokenReply unless it is complete and well-formed."""
        start = time.monotonic() if start is None else start
        lines = []
        while True:
            line = self.line(lines)
            found = LINE.fullmatch(line)
            if not found:
                raise BrokenReply("not a reply line: %r after %r" % (line, lines))
            if lines and found.group(1) != lines[0][:3]:
                raise BrokenReply("the code changes within a reply: %r" % (lines + [line]))
            lines.append(line)
            if found.group(2) == b" ":
                break
        seconds = time.monotonic() - start
        self.slowest = max(self.slowest, seconds)
        return Reply(lines, seconds)

    def line(self, before=()):
        """Reads one line, without its CRLF; before is what to show of the reply if that fails."""
        while b"\n" not in self.buffer:
            more = self.sock.recv(65536)
            if not more:
                raise BrokenReply("the connection ended within a reply: %r" % ([*before, self.buffer]))
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        if not line.endswith(b"\r") or b"\r" in line[:-1] or b"\0" in line:
            raise BrokenReply("a reply line does not end in CRLF, or has CR or NUL inside: %r" % line)
        return line[:-1]


def status_of(line):
    """The enhanced status code of a reply line, or None."""
    found = STATUS.match(line[4:])
    return found.group(1) if found else None


def added_lines(reply, original):
    """What the explained reply has beyond the original; AssertionError unless the original comes first, unchanged."""
    count = len(original.lines)
    if reply.texts[:count] != original.texts or reply.code != original.code:
        raise AssertionError("the original is not first and unchanged:\n%r\n%r" % (original, reply))
    return reply.lines[count:]


def problems(reply, original):
    """All that is wrong with a reply that should be original plus an explanation; an empty list if nothing is."""
    found = []
    try:
        added = added_lines(reply, original)
    except AssertionError as error:
        return [str(error)]
    if not original.refused:
        return ["a %d reply was changed" % reply.code] if added else []
    if not added:
        return ["not explained"]
    if len(added) > MAX_ADDED_LINES:
        found.append("%d added lines" % len(added))
    if sum(len(line) + 2 for line in added) > MAX_ADDED_OCTETS:
        found.append("%d added octets" % sum(len(line) + 2 for line in added))
    for line in added:
        if len(line) + 2 > MAX_LINE:
            found.append("a line of %d octets" % (len(line) + 2))
        if status_of(line) != status_of(original.lines[-1]):
            found.append("another enhanced status code: %r" % line)
        text = line[4:]
        if not text.strip() or not all(32 <= octet < 127 for octet in text):
            found.append("an added line is empty or not printable ASCII: %r" % line)
    if not reply.ref:
        found.append("no reference in the last line: %r" % reply.lines[-1])
    lasting = b"This is permanent" if reply.code >= 500 else b"This is temporary"
    if lasting not in b" ".join(STATUS.sub(b"", line[4:], count=1) for line in added):
        found.append("does not say %r" % lasting)
    return found
