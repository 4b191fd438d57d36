#!/usr/bin/env python3
"""Runs all benchmarks and writes build/bench.json: [{"name", "value", "unit"}, ...].

Only ratios from the same run count, so what is compared runs in turns (A B A B ...), and each figure is the
median of its turns. Prints figures, ratios and targets. The exit status is 0 when everything could be
measured, whatever came out.

Usage: run.py [--sections engine,bounces,map,start,pages,postfix] [--rounds N] [--json FILE] [-v]
"""

import argparse
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "mta"), os.path.join(os.path.dirname(HERE), "corpus")]

import accuracy  # noqa: E402
import gen_rules  # noqa: E402
import pcre_table  # noqa: E402
from base import ROOT, at_exit, is_answering, make_directory, wait_for, write_file  # noqa: E402
from daemon import PROGRAM, Daemon, MapClient  # noqa: E402
from harness import missing  # noqa: E402
from postfix import Postfix  # noqa: E402

BUILD = os.path.join(ROOT, "build/tests/bench")
CATALOG = os.path.join(ROOT, "conf/catalog")
CONCURRENCY = 20        # SMTP sessions at a time
UNKNOWN = b"550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown in local recipient table"


def program(name):
    path = os.path.join(BUILD, name)
    if not os.access(path, os.X_OK):
        sys.exit("%s is not built" % path)
    return path


def measure(arguments):
    """Runs a benchmark program and returns the JSON object that it prints."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: status %d\n%s%s" % (" ".join(arguments), done.returncode, done.stdout, done.stderr))
    return json.loads(done.stdout)


class Server:
    """A helper server on a Unix socket, ended at exit."""

    def __init__(self, name, address, *arguments):
        self.process = subprocess.Popen([program(name), *arguments], stdin=subprocess.DEVNULL)
        at_exit(self.stop)
        wait_for(lambda: is_answering(address), 10, name)
        os.chmod(address, 0o666)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class BenchDaemon(Daemon):
    """explain-milter with a catalogue and a cache directory of its own."""

    def __init__(self, catalog, cache, **arguments):
        super().__init__(**arguments)
        self.catalog = catalog
        self.cache = cache

    def yaml(self):
        text = re.sub(r"(?m)^catalog: .*$", lambda _: "catalog: [%s]" % self.catalog, super().yaml())
        return re.sub(r"(?m)^cache: .*$", lambda _: "cache: %s" % self.cache, text)

    def start_timed(self):
        """Milliseconds from start to the first explanation."""
        write_file(self.config, self.yaml())
        with open(self.log_file, "ab") as log:
            begin = time.monotonic()
            self.process = subprocess.Popen([PROGRAM, "-c", self.config, "-f"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        at_exit(self.stop)
        while True:
            try:
                with MapClient(self.map_socket) as client:
                    answer = client.ask("footer", UNKNOWN)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None or time.monotonic() - begin > 60:
                    raise RuntimeError("explain-milter did not start:\n" + self.log()[:2000]) from None
                time.sleep(0.0005)
        if not answer or not answer.startswith(b"OK "):
            raise RuntimeError("explain-milter answered %r" % answer)
        return (time.monotonic() - begin) * 1000


class Bench:
    def __init__(self, rounds, verbose):
        self.rounds = rounds
        self.verbose = verbose
        self.samples = {}       # name: [value of each round]
        self.units = {}
        self.notes = []
        self.directory = make_directory("explain-bench-")
        self.cache = self.path("cache")
        os.mkdir(self.cache)
        self.catalog_500 = self.path("catalog-500")
        self.write_inputs(gen_rules.write_catalog(CATALOG, self.catalog_500, 500))

    def path(self, name):
        return os.path.join(self.directory, name)

    def write_inputs(self, rules):
        """The same replies for the engine, the PCRE2 loop and the socketmap; the same patterns for both tables."""
        escaped = [reply.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")
                   for reply in gen_rules.replies(rules)]
        write_file(self.path("replies"), "".join(one + "\n" for one in escaped))
        rows = [row for path in accuracy.OWN for row in accuracy.read(path)]
        write_file(self.path("own-replies"), "".join(
            row.text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n") + "\n" for row in rows))
        write_file(self.path("patterns"), "".join(
            pattern + "\n" for rule in rules for pattern in pcre_table.table_patterns(rule)))
        rows = list(pcre_table.rows(self.catalog_500))
        write_file(self.path("early.pcre"), pcre_table.table(rows))
        rows = pcre_table.match_in_the_middle(rows, UNKNOWN.decode())
        write_file(self.path("middle.pcre"), pcre_table.table(rows))

    def add(self, name, value, unit):
        self.samples.setdefault(name, []).append(value)
        self.units[name] = unit
        if self.verbose:
            print("  %-36s %12.3f %s" % (name, value, unit), flush=True)

    def value(self, name):
        return statistics.median(self.samples[name]) if name in self.samples else None

    # ---- sections

    def engine(self):
        """One explanation without front end, against trying one pattern after the other."""
        catalog_10000 = self.path("catalog-10000")
        gen_rules.write_catalog(CATALOG, catalog_10000, 10000)

        def explain(catalog):
            return measure([program("explain_bench"), catalog, self.path("replies"), self.cache])

        for _ in range(self.rounds):
            self.add("explain_us_median_500", explain(self.catalog_500)["us_median"], "us")
            self.add("explain_us_median_10000", explain(catalog_10000)["us_median"], "us")
            loop = measure([program("pcre2_loop"), self.path("patterns"), self.path("replies"), "5"])
            self.add("pcre2_loop_us_median_500", loop["us_median"], "us")
            self.add("explain_us_median_all", measure([program("explain_bench"), CATALOG, self.path("own-replies"),
                                                        self.cache])["us_median"], "us")
        self.notes.append("pcre2_loop: %d patterns, on average %.0f tried before the one that matches"
                          % (loop["patterns"], loop["mean_position"]))

    def bounces(self):
        """Ordinary bounces of 6 KiB, read and explained, against parsing them with Sisimai; and memory."""
        files = sorted(glob.glob(os.path.join(HERE, "bounces/*.eml")))
        annotate = [program("dsn_bench"), CATALOG, self.cache, "en"]
        parse = ["perl", os.path.join(HERE, "sisimai.pl"), "3000"]
        done = measure(annotate + ["10000,100000"] + files)
        for name, value in zip(("10000", "100000"), done["rss_kib"]):
            self.add("dsn_rss_kib_" + name, value, "KiB")
        self.notes.append("bounces: %d messages of %.1f KiB, %.1f KiB with explanation (body)"
                          % (done["messages"], done["octets_in"] / 1024, done["octets_out"] / 1024))
        has_sisimai = subprocess.run(["perl", "-MSisimai", "-e1"], capture_output=True, check=False).returncode == 0
        if not has_sisimai:
            self.notes.append("Sisimai is not installed (libsisimai-perl): bounces are compared with nothing")
        for _ in range(self.rounds):
            self.add("dsn_annotate_per_s", measure(annotate + ["30000"] + files)["per_s"], "1/s")
            if has_sisimai:
                self.add("sisimai_per_s", measure(parse + files)["per_s"], "1/s")

    def map(self):
        """Socketmap lookups against an echo server on the same event loop and a fixed answer through libevent's
        bufferevents; 50 connections."""
        daemon = BenchDaemon(self.catalog_500, self.cache).start()
        echo, fixed = self.path("echo.sock"), self.path("map-fixed.sock")
        Server("echo_server", echo, echo)
        Server("fixed_map", fixed, fixed)
        common = [program("map_load"), "--keys", self.path("replies"), "--connections", "50", "--requests", "60000"]
        lookups = common + ["--socket", daemon.map_socket]
        echoes = common + ["--socket", echo, "--echo"]
        turns = [("socketmap_per_s", lookups), ("echo_per_s", echoes),
                 ("fixed_map_per_s", common + ["--socket", fixed])]
        done = [measure(arguments) for _, arguments in turns][0]
        for turn in range(2 * self.rounds):
            # A B C C B A: none gains from what drifts
            for name, arguments in turns if turn % 2 else reversed(turns):
                result = measure(arguments)
                self.add(name, result["per_s"], "1/s")
                done = result if arguments is lookups else done
        self.notes.append("socketmap: %d of %d lookups explained, slowest answer %.1f ms"
                          % (done["ok"], done["answers"], done["longest_us"] / 1000))
        daemon.stop()

    def postfix(self):
        """Rejections a second of a private Postfix with different footer maps and filters."""
        postfix = Postfix({"max_use": "1000000", "default_process_limit": "100"})
        daemon = BenchDaemon(self.catalog_500, self.cache).start()
        filtering = BenchDaemon(self.catalog_500, self.cache, filter_on=True).start()
        fixed, noop = self.path("fixed.sock"), self.path("noop.sock")
        Server("fixed_map", fixed, fixed)
        Server("noop_milter", noop, "unix:" + noop)

        def footer(where):
            return {"smtpd_reject_footer_maps": where}

        asked = footer("socketmap:unix:%s:footer" % daemon.map_socket)
        services = {
            "plain": {},
            "pcre_early": footer("pcre:" + self.path("early.pcre")),
            "pcre": footer("pcre:" + self.path("middle.pcre")),
            "fixed": footer("socketmap:unix:%s:footer" % fixed),
            "footer": asked,
            "noop_filter": dict(asked, smtpd_milters="unix:" + noop),
            "footer_filter": dict(footer("socketmap:unix:%s:footer" % filtering.map_socket),
                                  smtpd_milters="unix:" + filtering.milter_socket),
        }
        ports = {name: postfix.add_smtpd(name, options) for name, options in services.items()}
        postfix.start()
        for each, suffix, sessions in ((20, "", 1000), (1, "_1", 2000)):
            self.load_in_turns(postfix, each, suffix, sessions)
        postfix.stop()
        daemon.stop()
        filtering.stop()

    def load_in_turns(self, postfix, each, suffix, sessions):
        def load(name, count):
            return measure([program("smtp_load"), "--port", str(postfix.ports[name]), "--sessions", str(count),
                            "--concurrency", str(CONCURRENCY), "--rejections", str(each),
                            "--expect-lines", "1" if name == "plain" else "2"])

        busiest, octets, complaints = 0.0, {}, []
        names = list(postfix.ports)
        for name in names:
            load(name, 200)
        for _ in range(2 * self.rounds):
            for name in names:
                done = load(name, sessions)
                self.add("postfix_rejects_per_s_%s%s" % (name, suffix), done["per_s"], "1/s")
                busiest = max(busiest, done["client_cpu_s"] / done["seconds"])
                octets[name] = done["octets"] / done["sessions"]
                complaints.extend(postfix.complaints())
                # some hundred megabytes otherwise, and writing them back disturbs whoever comes next
                os.truncate(postfix.maillog, 0)
            # what is compared stands side by side; A B B A, so that neither gains from what drifts
            names.reverse()
        if complaints:
            self.notes.append("Postfix warned %d times, first: %s" % (len(complaints), complaints[0]))
        self.notes.append("%d rejection%s a session: client busy %.0f %% of the time at most; octets a session: %s"
                          % (each, "" if each == 1 else "s", busiest * 100,
                             ", ".join("%s %.0f" % item for item in octets.items())))

    def pages(self):
        """The help site: all causes in all languages."""
        for _ in range(self.rounds):
            begin = time.monotonic()
            subprocess.run([os.path.join(ROOT, "build/explainctl"), "pages", self.path("site")],
                           stdout=subprocess.DEVNULL, check=True)
            self.add("pages_ms", (time.monotonic() - begin) * 1000, "ms")

    def start(self):
        """Time to the first answer, and memory with 1,000 idle connections; the catalogue is the real one."""
        for turn in range(3):
            cache = self.path("cache-cold-%d" % turn)
            os.mkdir(cache)
            daemon = BenchDaemon(CATALOG, cache)
            self.add("start_cold_ms", daemon.start_timed(), "ms")
            daemon.stop()
            daemon = BenchDaemon(CATALOG, cache)
            self.add("start_ms", daemon.start_timed(), "ms")
            daemon.stop()
        daemon = BenchDaemon(CATALOG, cache, filter_on=True).start()
        common = [program("map_load"), "--keys", self.path("replies"), "--socket", daemon.map_socket]
        measure(common + ["--requests", "20000"])
        with subprocess.Popen(common + ["--connections", "1000", "--requests", "1000", "--hold"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
            at_exit(clients.kill)
            clients.stdout.readline()
            time.sleep(0.5)
            self.add("rss_kib", daemon.rss_kib(), "KiB")
            clients.stdin.close()
        daemon.stop()

    # ---- results

    def write_json(self, path):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        results = [{"name": name, "value": round(self.value(name), 3), "unit": self.units[name]}
                   for name in self.samples]
        write_file(path, json.dumps(results, indent=1) + "\n")

    def report(self):
        print("\n%-36s %12s %-5s %s" % ("figure", "median", "", "lowest - highest"))
        for name, values in self.samples.items():
            print("%-36s %12s %-5s %s" % (name, number(self.value(name)), self.units[name], spread(values)))
        print("\n%-62s %9s  %-8s %s" % ("target", "reached", "", "in single turns"))
        for title, value, limit, at_least, extent in self.targets():
            met = value >= limit if at_least else value < limit
            print("%-62s %9s  %-8s %s" % ("%s: %s %s" % (title, "at least" if at_least else "under", number(limit)),
                                          number(value), "met" if met else "NOT MET", extent))
        for note in self.notes:
            print("note: " + note)

    def targets(self):
        """(title, value, limit, whether at least, range) of every target whose figures were measured."""
        def absolute(title, name, limit, at_least=False):
            if name in self.samples:
                yield title, self.value(name), limit, at_least, spread(self.samples[name])

        def ratio(title, name, other, limit, at_least=True):
            if name in self.samples and other in self.samples:
                turns = [one / two for one, two in zip(self.samples[name], self.samples[other])]
                yield title, self.value(name) / self.value(other), limit, at_least, spread(turns)

        rejects = "postfix_rejects_per_s_"
        yield from absolute("one explanation, 500 rules, us", "explain_us_median_500", 3)
        yield from absolute("one explanation, the whole catalogue, own corpus, us", "explain_us_median_all", 6)
        yield from ratio("10,000 rules / 500 rules", "explain_us_median_10000", "explain_us_median_500", 2, False)
        yield from ratio("explanation / PCRE2-JIT loop, 500 rules", "explain_us_median_500",
                         "pcre2_loop_us_median_500", 1, False)
        yield from absolute("bounces annotated, per second and core", "dsn_annotate_per_s", 10000, True)
        yield from ratio("bounces annotated / parsed by Sisimai", "dsn_annotate_per_s", "sisimai_per_s", 10)
        yield from ratio("resident memory, 100,000 bounces / 10,000", "dsn_rss_kib_100000", "dsn_rss_kib_10000",
                         1.01, False)
        yield from ratio("socketmap / echo server", "socketmap_per_s", "echo_per_s", 0.9)
        yield from ratio("socketmap / fixed answer through bufferevents", "socketmap_per_s", "fixed_map_per_s", 0.9)
        for suffix, each in (("", "20 a session"), ("_1", "1 a session")):
            yield from ratio("rejections, footer / fixed answer, " + each, rejects + "footer" + suffix,
                             rejects + "fixed" + suffix, 0.95)
            yield from ratio("rejections, footer / pcre: table, " + each, rejects + "footer" + suffix,
                             rejects + "pcre" + suffix, 1)
            yield from ratio("rejections, filter / do-nothing filter, " + each, rejects + "footer_filter" + suffix,
                             rejects + "noop_filter" + suffix, 0.95)
        yield from absolute("start to first answer, cached, ms", "start_ms", 300)
        yield from absolute("start to first answer, without cache, ms", "start_cold_ms", 2000)
        yield from absolute("help pages, all languages, ms", "pages_ms", 5000)
        yield from absolute("resident memory, 1,000 idle connections, KiB", "rss_kib", 40 * 1024)


def spread(values):
    return "%s - %s" % (number(min(values)), number(max(values)))


def number(value):
    return "%.0f" % value if value >= 1000 else "%.3g" % value


def main():
    parser = argparse.ArgumentParser(description="Runs the benchmarks and writes build/bench.json.")
    parser.add_argument("--sections", default="engine,bounces,map,start,pages,postfix")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", default=os.path.join(ROOT, "build/bench.json"))
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    why = missing()
    if why:
        sys.exit(why)
    begin = time.monotonic()
    bench = Bench(options.rounds, options.verbose)
    for name in options.sections.split(","):
        print("measuring: %s" % name, flush=True)
        getattr(bench, name)()
    bench.write_json(options.json)
    bench.report()
    print("written to %s after %.0f s" % (options.json, time.monotonic() - begin))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
