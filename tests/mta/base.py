"""What every real-MTA test needs: directories, ports, waiting, and cleaning up whatever happens.

Everything that is started registers its end with at_exit(); it runs on normal exit, on an exception, on
Ctrl-C and on SIGTERM or SIGHUP. Only processes that the harness started are ever ended.
"""

import atexit
import os
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

_endings = []
_reserved = []


def at_exit(function):
    """Runs function() when the program ends, the last one registered first. Returns function."""
    _endings.append(function)
    return function


def forget(function):
    """Takes back at_exit(function)."""
    if function in _endings:
        _endings.remove(function)


def keep_running():
    """Forgets all endings: what was started stays when the program ends."""
    _endings.clear()


class Interrupted(KeyboardInterrupt):
    """SIGTERM or SIGHUP. Like Ctrl-C it passes through unittest, which would take SystemExit for a failed test."""

    status = 1


def clean_up():
    """Ends everything, at the end of the program: signals no longer count."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        try:
            signal.signal(number, signal.SIG_IGN)
        except ValueError:
            pass
    run_endings()


def run_endings():
    """Runs all endings now; one that fails does not keep the others from running."""
    while _endings:
        ending = _endings.pop()
        try:
            ending()
        except Exception as error:  # pylint: disable=broad-except
            print("cleaning up: %s" % error, file=sys.stderr)


def _on_signal(number, _frame):
    error = Interrupted()
    error.status = 128 + number
    raise error


def install_handlers():
    """Turns SIGTERM and SIGHUP into an exception, so that atexit runs. Main thread only."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)


atexit.register(clean_up)
install_handlers()


def _reachable(path):
    """True if every user may walk down to path: Postfix does so as user postfix."""
    while True:
        try:
            if not os.stat(path).st_mode & stat.S_IXOTH:
                return False
        except OSError:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)


def make_directory(prefix="explain-milter-"):
    """A new temporary directory that other users may enter; removed at exit."""
    base = os.path.realpath(tempfile.gettempdir())
    path = tempfile.mkdtemp(prefix=prefix, dir=base if _reachable(base) else "/tmp")
    os.chmod(path, 0o755)
    at_exit(lambda: shutil.rmtree(path, ignore_errors=True))
    return path


def free_port():
    """A free TCP port of 127.0.0.1, kept for this process.

    The socket stays bound without listening: the kernel gives the port to nobody else, while a server
    that sets SO_REUSEADDR (Postfix, libevent and libmilter do) can still listen on it.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    _reserved.append(sock)
    return sock.getsockname()[1]


def wait_for(condition, seconds=10.0, what="condition"):
    """Calls condition() until it is true and returns its value; AssertionError after seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %g s for: %s" % (seconds, what))
        time.sleep(0.01)


def is_answering(address):
    """True if something accepts connections at address: a path, or a (host, port) pair."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(2)
        try:
            sock.connect(address)
        except OSError:
            return False
    return True


def read_file(path):
    """The file's text, with undecodable octets kept as surrogates; empty if there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write_file(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
