"""The help site: that it is whole and small, and that it works in Chromium (browser.mjs)."""

import functools
import html.parser
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

import browser
from base import ROOT, at_exit, make_directory, write_file

sys.path.append(os.path.join(ROOT, "tests/corpus"))

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
EXPLAINCTL = os.environ.get("EXPLAINCTL", os.path.join(ROOT, "build/explainctl"))
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "pt-BR", "ja", "zh-CN"]
MAX_PAGE = 30 * 1024
VOID = {"meta", "link", "br", "hr", "img", "input"}

# A bounce as Postfix writes it, with two recipients that failed for two reasons.
BOUNCE = """\
This is the mail system at host mail.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<bob@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1
    <bob@example.org>: Recipient address rejected: User unknown in local
    recipient table (in reply to RCPT TO command)

--AAAA.1/mail.example.com
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Final-Recipient: rfc822; bob@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>: Recipient address rejected:
    User unknown in local recipient table

Final-Recipient: rfc822; eve@example.net
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full
"""

# What is pasted, and the pages that must be offered.
SEARCHES = [
    ("550 5.1.1 <bob@example.org>: User unknown", ["recipient-unknown"]),
    ("550-5.7.26 Unauthenticated email from example.com is not accepted\n"
     "550 5.7.26 due to domain's DMARC policy", ["dmarc-fail"]),
    (BOUNCE, ["recipient-unknown", "mailbox-full"]),
    ("host mx.example.org[192.0.2.1] said: 552 5.2.2 Mailbox full (in reply to RCPT TO command)", ["mailbox-full"]),
    ("550 5.1.1", ["recipient-unknown"]),
    ("Der Empf\u00e4nger wurde nicht gefunden", ["recipient-unknown"]),
    ("Hello, this is just a letter.", []),
    ("", []),
]


class Links(html.parser.HTMLParser):
    """Links of a page, its language, and whether its elements are nested as they should be."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.links, self.open, self.errors, self.language = [], [], [], None

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.links += [values[key] for key in ("href", "src") if values.get(key)]
        if tag == "html":
            self.language = values.get("lang")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append("</%s>" % tag)


def catalog():
    done = subprocess.run([EXPLAINCTL, "export", "json"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


@functools.lru_cache(maxsize=None)
def site():
    """The site's directory; made once."""
    directory = make_directory("explain-pages-")
    begin = time.monotonic()
    done = subprocess.run([EXPLAINCTL, "pages", directory], stdout=subprocess.PIPE, text=True, check=True)
    return directory, time.monotonic() - begin, done.stdout


def files(directory):
    for folder, _, names in os.walk(directory):
        for name in sorted(names):
            yield os.path.join(folder, name)


class Site(unittest.TestCase):
    def test_every_page_is_there(self):
        directory, seconds, output = site()
        data = catalog()
        self.assertEqual(sorted(data["languages"]), sorted(LANGUAGES))
        for cause in data["causes"]:
            for language in LANGUAGES:
                self.assertTrue(os.path.exists(os.path.join(directory, language, cause["cause"] + ".html")))
            self.assertTrue(os.path.exists(os.path.join(directory, cause["cause"], "index.html")))
        self.assertRegex(output, r"^\d+ pages in %d languages" % len(LANGUAGES))

    def test_pages_are_small_and_whole(self):
        """Below 30 KiB, well nested, in their language, all links lead to files of the site."""
        directory = site()[0]
        for path in files(directory):
            if not path.endswith(".html"):
                continue
            with self.subTest(os.path.relpath(path, directory)):
                with open(path, encoding="utf-8") as stream:
                    text = stream.read()
                self.assertLess(len(text.encode()), MAX_PAGE)
                self.assertNotRegex(text, r"@[a-z]+@")
                self.assertNotRegex(text, r"\{[a-z_]+\}")
                page = Links()
                page.feed(text)
                self.assertEqual((page.errors, page.open), ([], []))
                folder = os.path.relpath(path, directory).split(os.sep)[0]
                self.assertEqual(page.language, folder if folder in LANGUAGES else "en")
                for link in page.links:
                    parts = urllib.parse.urlsplit(link)
                    if parts.scheme or not parts.path:
                        self.assertIn(parts.scheme, ("https", "http", "data", ""))
                        continue
                    self.assertTrue(os.path.exists(os.path.join(os.path.dirname(path), parts.path)), link)

    def test_no_file_is_left_half_written(self):
        self.assertEqual([path for path in files(site()[0]) if path.endswith(".new")], [])

    def test_own_templates(self):
        """A site's own layout is used; its contact and name stand on the pages, escaped."""
        directory = make_directory("explain-templates-")
        for name in ("style.css", "site.js", "search.js"):
            shutil.copy(os.path.join(ROOT, "conf/pages", name), directory)
        write_file(os.path.join(directory, "layout.html"),
                   '<!doctype html><html lang="@lang@"><title>@title@</title><p>@site@<p>@contact@ @nothing@ a@b@body@')
        config = os.path.join(directory, "explain-milter.yaml")
        write_file(config, "site: 'a<b'\nprofiles:\n  default: {contact: '<i>me</i>'}\ncatalog: ['%s/conf/catalog']\n"
                   % ROOT)
        out = os.path.join(directory, "out")
        subprocess.run([EXPLAINCTL, "pages", "-c", config, "-t", directory, out], stdout=subprocess.PIPE, check=True)
        with open(os.path.join(out, "en/unclassified.html"), encoding="utf-8") as stream:
            text = stream.read()
        self.assertIn("a&lt;b", text)
        self.assertIn("&lt;i&gt;me&lt;/i&gt;", text)
        self.assertIn("@nothing@ a@b", text)
        self.assertNotIn("<i>me", text)

    def test_errors(self):
        """What can't be written or read is said, with its path."""
        cases = [(["/proc/nowhere"], "/proc/nowhere"), (["-t", "/nowhere", "x"], "/nowhere/layout.html")]
        for arguments, words in cases:
            done = subprocess.run([EXPLAINCTL, "pages", *arguments], stderr=subprocess.PIPE, text=True, check=False,
                                  cwd=make_directory("explain-errors-"))
            self.assertEqual(done.returncode, 75)
            self.assertIn(words, done.stderr)
        self.assertEqual(subprocess.run([EXPLAINCTL, "pages"], stderr=subprocess.DEVNULL, check=False).returncode, 2)


def serve(directory):
    """The site under /some/path of a web server on loopback, until the tests end."""
    root = make_directory("explain-web-")
    os.makedirs(os.path.join(root, "some"))
    os.symlink(directory, os.path.join(root, "some/path"))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop():
        server.shutdown()
        server.server_close()

    at_exit(stop)
    return "http://127.0.0.1:%d/some/path" % server.server_address[1]


class Search(unittest.TestCase):
    """The search in the browser reads replies and selects rules as the engine does."""

    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    def test_same_rules(self):
        import accuracy
        directory = site()[0]
        texts = [example for rule in catalog()["rules"] for example in rule.get("examples", [])]
        texts += [row.text for path in accuracy.OWN for row in accuracy.read(path)]
        given = "".join(json.dumps({"reply": text}) + "\n" for text in texts)
        engine = subprocess.run([EXPLAINCTL, "explain", "--batch"], input=given, stdout=subprocess.PIPE, text=True,
                                check=True)
        browser = subprocess.run(["node", os.path.join(HERE, "select.js"), directory], input=json.dumps(texts),
                                 stdout=subprocess.PIPE, text=True, check=True)
        wanted = [json.loads(line)["rule"] for line in engine.stdout.splitlines()]
        got = json.loads(browser.stdout)
        self.assertEqual(len(got), len(texts))
        self.assertEqual([(text, a, b) for text, a, b in zip(texts, got, wanted) if a != b], [])


class Browser(unittest.TestCase):
    @unittest.skipIf(browser.missing(), browser.missing())
    def test_in_chromium(self):
        directory = site()[0]
        cases = os.path.join(make_directory("explain-cases-"), "cases.json")
        write_file(cases, json.dumps(SEARCHES))
        browser.check(self, os.path.join(HERE, "browser.mjs"), directory, cases, serve(directory), least=31)


if __name__ == "__main__":
    unittest.main()
