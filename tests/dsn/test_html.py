"""The explained bounce as a mail program shows it: the HTML part in Chromium (html.mjs), the text part in 80 columns.

SHOTS=DIRECTORY keeps pictures of all."""

import functools
import html.parser
import json
import os
import re
import subprocess
import unicodedata
import unittest

import browser
import cases
from base import ROOT, make_directory, write_file

HERE = os.path.dirname(os.path.abspath(__file__))
EXPLAINCTL = os.environ.get("EXPLAINCTL", os.path.join(ROOT, "build/explainctl"))
SHOTS = os.environ.get("SHOTS")
HELP = "https://help.example.com/"
FORBIDDEN = ("style", "script", "link", "img", "iframe", "form", "base", "object", "unexpected-comment")
# What is seen of each case: its lines, and where its links lead.
VISIBLE = os.path.join(HERE, "visible.txt")


@functools.lru_cache(maxsize=None)
def explained(name):
    """The text/plain and the text/html part of a case."""
    languages, settings, message = cases.CASES[name]
    profile = {"contact": "postmaster@example.com", "help_url": HELP + "{cause}", **settings}
    config = os.path.join(make_directory("explain-html-"), "explain-milter.yaml")
    write_file(config, json.dumps({
        "site": "example.com", "catalog": [os.path.join(ROOT, "conf/catalog")], "bounces": {"languages": languages},
        "profiles": {"default": {key: value for key, value in profile.items() if value}}}))
    done = subprocess.run([EXPLAINCTL, "dsn", "-c", config], input=message, stdout=subprocess.PIPE, check=True)
    return cases.parts(done.stdout)


@functools.lru_cache(maxsize=None)
def visible():
    """The lines of each case in visible.txt, and its links, which stand there behind '-> '."""
    found = {}
    with open(VISIBLE, encoding="utf-8") as stream:
        for line in stream.read().splitlines():
            if line.startswith("== "):
                lines, links = found[line[3:]] = [], []
            elif line.startswith("-> "):
                links.append(line[3:])
            elif line:
                lines.append(line)
    return found


class Tags(html.parser.HTMLParser):
    """The elements of a page with their attributes; comments only from us."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.comments = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data):
        self.comments.append(data)


def read(text):
    """All elements; those that only Outlook sees, in conditional comments, as well."""
    tags = Tags()
    tags.feed(text)
    for comment in tags.comments:
        inner = re.fullmatch(r"\[if mso\]>(.*)<!\[endif\]", comment)
        tags.feed(inner.group(1) if inner else "<unexpected-comment>")
    return tags.tags


class Static(unittest.TestCase):
    def check(self, tag, values):
        self.assertNotIn(tag, FORBIDDEN)
        self.assertFalse({"class", "id", "src", "background", "action"} & set(values), values)
        self.assertFalse([key for key in values if key.startswith("on")], values)
        if tag == "table":
            self.assertEqual(values.get("role"), "presentation")
            self.assertTrue(values.get("width"))
        if tag == "a":
            self.assertTrue(values["href"].startswith(HELP), values)
        else:
            self.assertNotIn("href", values)
        style = values.get("style", "")
        self.assertNotRegex(style, r"url\(|position|float|display|@|expression|https?:")
        # What Word and some of Gmail leave out: room around text belongs to cells and margins of paragraphs.
        if tag not in ("td", "body"):
            self.assertNotRegex(style, r"padding")
        if tag in ("p", "h1", "h2"):
            self.assertRegex(style, r"mso-line-height-alt:\d+px")
            self.assertRegex(style, r"margin:")
            self.assertRegex(style, r"(?<!-)color:#")
        if "background" in style and "bgcolor" in values:
            self.assertIn("background:" + values["bgcolor"], style)
        elif tag in ("td", "table", "body"):
            self.assertNotIn("background", style)

    def test_only_inline_and_local(self):
        """Inline styles only, nothing remote but the configured link, no table that is data."""
        for name in cases.CASES:
            with self.subTest(name):
                text = explained(name)[1]
                for tag, values in read(text):
                    self.check(tag, values)
                self.assertEqual(re.findall(r'[a-z]+="[^"]*(?://|javascript:)[^"]*"', text),
                                 ['href="%s"' % link for link in visible()[name][1]])

    def test_languages_and_headings(self):
        """The page and each language say which they are; and headings come in order."""
        tags = read(explained("two")[1])
        self.assertEqual([values["lang"] for tag, values in tags if tag == "html"], ["en"])
        self.assertEqual([values["lang"] for tag, values in tags if tag == "div"], ["en", "de"])
        self.assertEqual([tag for tag, _ in tags if tag[0] == "h" and tag[1].isdigit()], ["h1", "h2", "h1", "h2", "h2"])
        self.assertIn("<title>Your message was not delivered</title>", explained("two")[1])

    def test_words_before_their_mention(self):
        """Where a text sends the reader to the words above, they stand above."""
        above = re.compile(r"\babove\b")
        done = subprocess.run([EXPLAINCTL, "export", "json"], stdout=subprocess.PIPE, check=True)
        for cause in json.loads(done.stdout)["causes"]:
            says = bool(above.search(json.dumps(cause["texts"]["en"].get("action", ""))))
            self.assertEqual(cause.get("words_above", False), says, cause["cause"])
        lines = visible()["several"][0]
        self.assertLess(lines.index("550 no"), lines.index("What to do: Ask postmaster@example.com, and give them the "
                                                           "line above."))


def columns(line):
    """What a terminal needs for it."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else not unicodedata.combining(one) for one in line)


class Plain(unittest.TestCase):
    def test_fits_a_terminal(self):
        """Not wider than 78 columns but for words that have no blank; no line begins with a closing mark."""
        for name in cases.CASES:
            text = explained(name)[0].split("\n---- ")[0]
            for line in text.splitlines():
                with self.subTest(name=name, line=line):
                    self.assertTrue(columns(line) <= 78 or " " not in line.strip(), columns(line))
                    self.assertNotRegex(line.strip()[:1], "[\u3001\u3002\uff0c\uff1a\uff1b\uff01\uff1f\uff09\u300d]")
                    self.assertNotRegex(line, "[\u202a-\u202e\u2066-\u2069\x00-\x1f]")

    def test_asian_lines_are_filled(self):
        """Writing without blanks uses the width of the window, and a label stays with its text."""
        text = explained("ja")[0]
        self.assertGreater(max(columns(line) for line in text.splitlines()), 70)
        self.assertNotRegex(text, r"(?m)^  \u5bfe\u51e6\u65b9\u6cd5[:\uff1a]$")

    def test_says_what_the_html_says(self):
        """Each line of the text stands in the HTML part too."""
        for name in cases.CASES:
            seen = "".join("".join(visible()[name][0]).split())
            plain = explained(name)[0].split("\n---- ")[0]
            for line in plain.splitlines():
                words = "".join(line.split())
                if not words.startswith(("===", HELP)) and columns(line) < 78:
                    with self.subTest(name=name, line=line):
                        self.assertIn(words.rstrip(":"), seen)


class Browser(unittest.TestCase):
    @unittest.skipIf(browser.missing(), browser.missing())
    def test_in_chromium(self):
        directory = make_directory("explain-html-")
        wanted = []
        for name in cases.CASES:
            path = os.path.join(directory, name + ".html")
            write_file(path, explained(name)[1])
            lines, links = visible()[name]
            wanted.append({"name": name, "file": path, "lines": lines, "links": links})
        path = os.path.join(directory, "cases.json")
        write_file(path, json.dumps(wanted))
        browser.check(self, os.path.join(HERE, "html.mjs"), path, *([SHOTS] if SHOTS else []), least=2 * len(wanted))


if __name__ == "__main__":
    unittest.main()
