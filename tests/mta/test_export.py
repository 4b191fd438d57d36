"""The exported pcre: table gives the explanations of the daemon, in a Postfix that knows no daemon."""

import json
import os
import re
import shutil
import subprocess
import unittest

from case import PostfixCase
from harness import OUTSIDE, ROOT, make_directory, write_file

EXPLAINCTL = os.environ.get("EXPLAINCTL", os.path.join(ROOT, "build/explainctl"))

# What access tables answer with here: Postfix's own words are in test_stages.py's script.
TEXTS = [
    "554 5.7.1 Access denied",
    "552 5.2.2 <full@example.test>: Mailbox full",
    "452 4.2.2 Mailbox full",
    "450 4.2.0 Greylisted, see http://postgrey.schweikert.ch/help/example.test.html",
    "550 5.2.1 Mailbox disabled for this recipient",
    "550 5.7.23 Message rejected due to: SPF fail - not authorized",
    "550 5.7.1 Rejected by DMARC policy for example.com",
    "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org",
    "554 5.7.1 Listed at bl.spamcop.net, it costs $5 and ${name}",
    "550 No such user a$b@example.test here",
    "550 5.7.1 Anything else that no rule knows",
    "450 4.7.1 Anything else that no rule knows",
    "550 Nothing",
]


def words(reply_lines):
    """The added lines without codes, reference and line breaks."""
    text = " ".join(re.sub(r"^\d{3}[ -](?:\d\.\d+\.\d+ )?", "", line) for line in reply_lines)
    return " ".join(re.sub(r"Ref: [0-9A-Z-]{9}", "", text).split())


def table(config, *arguments):
    """The exported table in a file of its own."""
    path = os.path.join(make_directory("explain-table-"), "explain.pcre")
    with open(path, "w", encoding="utf-8") as stream:
        subprocess.run([EXPLAINCTL, "export", "postfix-pcre", "-c", config, *arguments], stdout=stream, check=True)
    return path


class Export(PostfixCase):
    @classmethod
    def configure(cls):
        keys = ", ".join("{ user%d@example.test = %s }" % (number, text) for number, text in enumerate(TEXTS))
        cls.twin_services("main", {
            "smtpd_helo_required": "yes", "disable_vrfy_command": "yes",
            "smtpd_sender_restrictions": "reject_non_fqdn_sender",
            "smtpd_recipient_restrictions": "reject_non_fqdn_recipient, check_recipient_access inline:{ %s }" % keys})
        path = table(cls.daemon.config)
        os.chmod(os.path.dirname(path), 0o755)
        os.chmod(path, 0o644)
        cls.postfix.add_smtpd("table", {
            "smtpd_helo_required": "yes", "disable_vrfy_command": "yes", "smtpd_reject_footer_maps": "pcre:" + path,
            "smtpd_sender_restrictions": "reject_non_fqdn_sender",
            "smtpd_recipient_restrictions": "reject_non_fqdn_recipient, check_recipient_access inline:{ %s }" % keys})

    def test_same_explanations(self):
        """Word for word, in one session with many refusals; the original stays first."""
        twins = self.twins("main", OUTSIDE)
        client = self.client("table", OUTSIDE)
        script = [b"FLUMMOX", b"EHLO client.example.org", b"VRFY alice", b"DATA", b"MAIL",
                  b"MAIL FROM:<bob@example.org> FOO=BAR", b"MAIL FROM:<bob@example.org> SIZE=99999999", b"RSET",
                  b"MAIL FROM:<bob@example.org>", b"RCPT TO:<nobody@example.test>", b"RCPT TO:<someone@example.net>",
                  b"RCPT TO:<alice>", b"RCPT TO:<>"]
        script += [b"RCPT TO:<user%d@example.test>" % number for number in range(len(TEXTS))]
        explained = set()
        for line in script:
            wanted, got = twins.command(line), client.command(line)
            with self.subTest(command=line):
                self.assertEqual(got.code, wanted.code, got)
                if wanted.code < 400:
                    continue
                self.assertEqual(got.texts[0], wanted.texts[0])
                added = words(line.decode() for line in got.lines[1:])
                self.assertEqual(added, words(line.decode() for line in wanted.lines[1:]))
                explained.add(added)
        self.assertGreater(len(explained), 18)


class Catalogue(unittest.TestCase):
    """Every example of every rule, by postmap: the table says what the engine says."""

    @unittest.skipUnless(shutil.which("postmap", path=os.environ.get("PATH", "") + ":/usr/sbin"), "needs Postfix")
    def test_all_examples(self):
        directory = make_directory("explain-postmap-")
        write_file(os.path.join(directory, "main.cf"), "compatibility_level = 3.6\n")
        config = os.path.join(ROOT, "conf/explain-milter.yaml")
        exported = subprocess.run([EXPLAINCTL, "export", "json"], stdout=subprocess.PIPE, check=True)
        texts = [example for rule in json.loads(exported.stdout)["rules"] for example in rule.get("examples", [])]
        # One line, as Postfix would ask; a table can't see through line breaks.
        texts = [text for text in texts if re.match(r"[45]\d\d ", text) and text.isascii() and text.isprintable()]
        self.assertGreater(len(texts), 2000)
        for language in ("en", "de"):
            path = table(config, "--lang", language)
            given = "".join(text + "\n" for text in texts)
            postmap = subprocess.run(["/usr/sbin/postmap", "-c", directory, "-q", "-", "pcre:" + path], input=given,
                                     capture_output=True, text=True, check=False)
            self.assertEqual(postmap.stderr, "")
            got = dict(line.split("\t", 1) for line in postmap.stdout.splitlines())
            batch = "".join(json.dumps({"reply": text}) + "\n" for text in texts)
            engine = subprocess.run([EXPLAINCTL, "explain", "-c", config, "--batch", "--lang", language], input=batch,
                                    stdout=subprocess.PIPE, text=True, check=True)
            wrong = []
            for text, line in zip(texts, engine.stdout.splitlines()):
                answer = json.loads(line)
                wanted = words(answer["reply"][1:])
                if " ".join(got.get(text, "").replace("\\n", " ").replace("$$", "$").split()) != wanted:
                    wrong.append((answer["rule"], text, got.get(text), wanted))
            self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
