"""A private Postfix: own configuration, queue and data directory, log file and loopback ports.

It shares nothing with the machine's own Postfix but its programs. main.cf and master.cf are written from
scratch, so it does not matter how, or whether, /etc/postfix is configured.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import time

import base

# Every daemon that smtpd, delivery and bounces need, none of them chrooted; smtpd services are added.
MASTER = """\
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
local     unix  - n n -     - local
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

# local_recipient_maps makes every other address at example.test unknown; known mail goes to discard.
MAIN = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "mail.example.test",
    "mydomain": "example.test",
    "myorigin": "example.test",
    "mydestination": "example.test",
    "mynetworks": "127.0.0.1/32",
    "local_recipient_maps": "inline:{root=root, alice=alice, carol=carol}",
    "local_transport": "discard:",
    "default_transport": "discard:",
    "alias_maps": "",
    "alias_database": "",
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
    "smtpd_peername_lookup": "no",
    "smtp_host_lookup": "native",
    "smtp_dns_support_level": "disabled",
    "smtpd_error_sleep_time": "0s",
    "smtpd_soft_error_limit": "1000000",
    "smtpd_hard_error_limit": "1000000",
    "smtpd_junk_command_limit": "1000000",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_timeout": "60s",
    "unverified_recipient_reject_code": "550",
    "notify_classes": "",
    "maximal_queue_lifetime": "1d",
    "bounce_queue_lifetime": "1d",
    "default_process_limit": "60",
}


def missing():
    """Why a private Postfix can't be had here, or None."""
    if os.geteuid() != 0:
        return "needs root to start a private Postfix"
    if not shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        return "Postfix is not installed"
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        return "there is no user postfix"
    return None


class Postfix:
    """Add services, then start(); stop() leaves neither process nor file behind."""

    def __init__(self, settings=None):
        self.directory = base.make_directory("explain-postfix-")
        self.config = os.path.join(self.directory, "etc")
        self.queue = os.path.join(self.directory, "queue")
        self.data = os.path.join(self.directory, "data")
        self.maillog = os.path.join(self.directory, "maillog")
        self.sockets = os.path.join(self.queue, "explain")
        for path in (self.config, self.queue, self.data, self.sockets):
            os.mkdir(path)
            os.chmod(path, 0o755)
        shutil.chown(self.data, "postfix")
        self.settings = dict(MAIN)
        self.settings.update({
            "queue_directory": self.queue,
            "data_directory": self.data,
            "maillog_file": self.maillog,
            "maillog_file_prefixes": self.directory,
        })
        self.settings.update(settings or {})
        self.services = []
        self.ports = {}
        self.running = False

    def add_smtpd(self, name, options=None, chroot=False, port=None):
        """An smtpd service; options are parameters for this service alone. Returns its port."""
        return self._add_inet(name, "smtpd", options, chroot, "-", port)

    def add_postscreen(self, name, options=None, smtpd_options=None):
        """A postscreen service with a cache and an smtpd pass service of its own. Returns its port."""
        self.add_unix("pass-" + name, "smtpd", smtpd_options, kind="pass")
        own = {
            "smtpd_service_name": "pass-" + name,
            "postscreen_cache_map": "btree:%s/postscreen-%s" % (self.data, name),
        }
        own.update(options or {})
        return self._add_inet(name, "postscreen", own, False, "1", None)

    def add_unix(self, name, command, options=None, kind="unix", chroot=False, privileged=False):
        """A service without a port: a mail transport, or the pass service behind postscreen."""
        line = "%s %s - %s %s - - %s" % (name, kind, "n" if privileged else "-", "y" if chroot else "n", command)
        self.services.append((name, line, dict(options or {})))

    def _add_inet(self, name, command, options, chroot, limit, port):
        port = port or base.free_port()
        own = {"syslog_name": "postfix/" + name}
        own.update(options or {})
        line = "127.0.0.1:%d inet n - %s - %s %s" % (port, "y" if chroot else "n", limit, command)
        self.services.append((name, line, own))
        self.ports[name] = port
        return port

    def master_cf(self):
        lines = [MASTER]
        for _name, line, options in self.services:
            lines.append(line + "\n")
            lines.extend("  -o { %s = %s }\n" % item for item in options.items())
        return "".join(lines)

    def write_config(self):
        """Writes main.cf and master.cf."""
        main = "".join("%s = %s\n" % item for item in self.settings.items())
        base.write_file(os.path.join(self.config, "main.cf"), main)
        base.write_file(os.path.join(self.config, "master.cf"), self.master_cf())
        self.age_config()

    def age_config(self):
        """Dates main.cf back: every Postfix program waits up to 2 s for a file that has just been written."""
        before = time.time() - 60
        os.utime(os.path.join(self.config, "main.cf"), (before, before))

    def start(self, write=True):
        """Starts and waits until every port accepts connections; RuntimeError says what went wrong.

        With write=False the configuration files are taken as they stand.
        """
        if write:
            self.write_config()
        base.at_exit(self.stop)
        self.running = True
        done = self.command("start")
        if done.returncode != 0:
            raise RuntimeError("postfix start: %s\n%s" % (done.stdout, self.log()))
        for name, line, _options in self.services:
            if name in self.ports and line.endswith("smtpd"):
                base.wait_for(lambda port=self.ports[name]: base.is_answering(("127.0.0.1", port)),
                              10, "port of service " + name)
        return self

    def command(self, *arguments):
        """Runs `postfix -c DIR ...`; if that is interrupted, its scripts end as well."""
        command = ["/usr/sbin/postfix", "-c", self.config, *arguments]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, start_new_session=True) as process:
            try:
                output, _ = process.communicate()
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(command, process.returncode, output)

    def stop(self):
        """Ends all processes of this instance; RuntimeError if one is left."""
        if not self.running:
            return
        self.running = False
        base.forget(self.stop)
        stop_processes(self.config, self.queue)

    def log(self):
        return base.read_file(self.maillog)

    def wait_log(self, pattern, seconds=10.0):
        """Waits until the log has a match of pattern (a regular expression) and returns it."""
        return base.wait_for(lambda: re.search(pattern, self.log()), seconds, "log line " + pattern)

    def complaints(self):
        """Warnings and worse in the log: a footer that Postfix could not use shows up here."""
        return [line for line in self.log().splitlines()
                if re.search(r": (warning|error|fatal|panic): ", line)]


def processes(config):
    """Process ids of the Postfix that has this configuration directory, its start scripts included."""
    mark = b"MAIL_CONFIG=" + os.fsencode(config)
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open("/proc/%s/environ" % entry, "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(int(entry))
        except OSError:
            pass
    return found


def stop_processes(config, queue, seconds=8.0):
    """Ends that instance as `postfix stop` does: SIGTERM to its master, which ends the others."""
    try:
        master = int(base.read_file(os.path.join(queue, "pid/master.pid")).split()[0])
    except (IndexError, ValueError):
        master = 0
    end = time.monotonic() + seconds
    left = processes(config)
    if master in left:
        os.kill(master, signal.SIGTERM)
    while left and time.monotonic() < end:
        time.sleep(0.02)
        left = processes(config)
    for process in left:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
    time.sleep(0.1 if left else 0)
    if processes(config):
        raise RuntimeError("Postfix processes are left: %s" % processes(config))
