"""explain-milter under test: configuration, start, signals, and what it logs.

The program is build/explain-milter of the tree, or what the environment variable EXPLAIN_MILTER names: with
a program there that never explains anything, the tests must fail.
"""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import time

import base

PROGRAM = os.environ.get("EXPLAIN_MILTER", os.path.join(base.ROOT, "build/explain-milter"))
CATALOG = os.path.join(base.ROOT, "conf/catalog")

PROFILES = """\
  default:  {contact: postmaster@example.test, help_url: "https://mail.example.test/why/{cause}", language: en}
  internal: {audience: internal, contact: "Helpdesk, ext. 4357"}
"""


def missing():
    """Why the daemon can't run here, or None."""
    if not os.access(PROGRAM, os.X_OK):
        return "%s is not built" % PROGRAM
    return None


class Daemon:
    """One explain-milter with its sockets in a directory; start() waits until all of them answer.

    detached: Ctrl-C at the terminal does not reach it.
    """

    def __init__(self, directory=None, tcp=False, filter_on=False, extra="", detached=False):
        # the site catalogue, self.site, is empty: tests may add files there and reload
        self.directory = directory or base.make_directory("explain-daemon-")
        self.own = base.make_directory("explain-daemon-")
        self.map_socket = os.path.join(self.directory, "map.sock")
        self.milter_socket = os.path.join(self.directory, "milter.sock") if filter_on else None
        self.port = base.free_port() if tcp else None
        self.extra = extra
        self.detached = detached
        self.config = os.path.join(self.own, "explain-milter.yaml")
        self.log_file = os.path.join(self.own, "log")
        self.site = os.path.join(self.own, "catalog.d")
        os.mkdir(self.site)
        self.process = None

    def yaml(self):
        """The configuration file's text."""
        maps = ["unix:" + self.map_socket]
        if self.port:
            maps.append("inet:%d@127.0.0.1" % self.port)
        return "".join([
            "milter: %s\n" % ("unix:" + self.milter_socket if self.milter_socket else "none"),
            "socketmap: [%s]\n" % ", ".join('"%s"' % one for one in maps),
            'socket_mode: "0666"\n',
            "mta: postfix\n",
            "catalog: [%s, %s]\n" % (self.site, CATALOG),
            "cache: %s\n" % os.environ.get("EXPLAIN_CACHE", os.path.join(base.ROOT, "build/cache")),
            "site: example.test\nlog: stderr\nprofiles:\n", PROFILES, self.extra])

    def start(self):
        base.write_file(self.config, self.yaml())
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "-c", self.config, "-f"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=self.detached)
        base.at_exit(self.stop)
        for address in self.addresses():
            base.wait_for(lambda where=address: self._alive() and base.is_answering(where), 20,
                          "explain-milter at %s" % (address,))
        return self

    def addresses(self):
        found = [self.map_socket]
        if self.milter_socket:
            found.append(self.milter_socket)
        if self.port:
            found.append(("127.0.0.1", self.port))
        return found

    def _alive(self):
        if self.process.poll() is not None:
            raise RuntimeError("explain-milter ended with status %s:\n%s" % (self.process.returncode, self.log()[:3000]))
        return True

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """SIGTERM, SIGKILL after 10 s. Returns the exit status, negative for a signal."""
        base.forget(self.stop)
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            end = time.monotonic() + 10
            while self.process.poll() is None and time.monotonic() < end:
                # libmilter looks for a signal every 5 s, or when a connection wakes it
                if self.milter_socket:
                    base.is_answering(self.milter_socket)
                time.sleep(0.02)
            if self.process.poll() is None:
                self.process.kill()
        return self.process.wait()

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def reload(self):
        self.process.send_signal(signal.SIGUSR1)

    def rss_kib(self):
        """Resident memory in KiB."""
        status = base.read_file("/proc/%d/status" % self.process.pid)
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def log(self):
        return base.read_file(self.log_file)

    def explained(self):
        """The logged explanations, in order, each as a dict of its fields."""
        return [fields(line) for line in self.log().splitlines() if re.search(r"(^|\s)explained map=", line)]

    def event(self, ref, seconds=3.0):
        """The logged explanation with this reference."""
        def find():
            return next((one for one in self.explained() if one.get("ref") == ref), None)
        return base.wait_for(find, seconds, "log line of reference %s" % ref)


def fields(line):
    """key=value fields of a log line; values with blanks stand in double quotes with backslash escapes."""
    found = {}
    for match in re.finditer(r'(?:^|\s)([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)', line):
        value = match.group(2)
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found[match.group(1)] = value
    return found


def causes_of_rules():
    """{rule: cause} of the built-in catalogue, read without the program that is tested."""
    found = {}
    directory = os.path.join(CATALOG, "rules")
    for name in sorted(os.listdir(directory)):
        rule = None
        for line in base.read_file(os.path.join(directory, name)).splitlines():
            match = re.match(r"(?:- |  )(rule|cause):\s*(\S+)", line)
            if match and match.group(1) == "rule":
                rule = match.group(2)
            elif match and rule:
                found[rule] = match.group(2)
    return found


class MapClient:
    """One connection to a socketmap server."""

    def __init__(self, address, timeout=10.0):
        self.sock = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET, socket.SOCK_STREAM)
        # connect() without settimeout(): that would turn a full queue of a Unix socket into an error at once
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(timeout), 0))
        self.sock.connect(address)
        self.sock.settimeout(timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, octets):
        self.sock.sendall(octets)

    def answer(self):
        """The next netstring's payload, or None if the server closed the connection."""
        while True:
            match = re.match(rb"([0-9]+):", self.buffer)
            if match:
                end = match.end() + int(match.group(1))
                if len(self.buffer) > end:
                    payload, comma = self.buffer[match.end():end], self.buffer[end:end + 1]
                    if comma != b",":
                        raise AssertionError("a netstring without its comma: %r" % self.buffer[:end + 1])
                    self.buffer = self.buffer[end + 1:]
                    return payload
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                if self.buffer:
                    raise AssertionError("the connection ended within a netstring: %r" % self.buffer)
                return None
            self.buffer += more

    def ask(self, name, key):
        """One lookup; name is text, key octets. Returns the answer's payload, such as b'NOTFOUND '."""
        self.send(netstring(name.encode() + b" " + key))
        return self.answer()

    def explain(self, reply):
        """The `explain` map's object for a reply given as octets."""
        answer = self.ask("explain", reply)
        if not answer or not answer.startswith(b"OK "):
            raise AssertionError("explain map: %r" % answer)
        return json.loads(answer[3:])


def netstring(octets):
    return b"%d:%s," % (len(octets), octets)
