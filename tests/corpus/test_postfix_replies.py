"""Every reply text of Postfix's smtpd and postscreen is explained by its own rule (postfix-replies.tsv)."""

import json
import os
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EXPLAINCTL = os.environ.get("EXPLAINCTL", os.path.join(ROOT, "build/explainctl"))
CORPUS = os.path.join(HERE, "postfix-replies.tsv")


def read_corpus():
    """(rule, reply) of each line; \\r\\n in a reply is written as escapes."""
    with open(CORPUS, encoding="utf-8") as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                rule, reply = line.rstrip("\n").split("\t")[:2]
                yield rule, reply.replace("\\r\\n", "\r\n")


class PostfixReplies(unittest.TestCase):
    def setUp(self):
        self.corpus = list(read_corpus())
        given = "".join(json.dumps({"reply": reply}) + "\n" for _, reply in self.corpus)
        done = subprocess.run([EXPLAINCTL, "explain", "--batch"], input=given, stdout=subprocess.PIPE, text=True,
                              check=True)
        self.answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(self.answers), len(self.corpus))

    def test_rules(self):
        for (rule, reply), answer in zip(self.corpus, self.answers):
            with self.subTest(reply):
                self.assertEqual(answer["rule"], rule)

    def test_original_first(self):
        """The original text stands first and unchanged, every line within SMTP's limit."""
        for (_, reply), answer in zip(self.corpus, self.answers):
            with self.subTest(reply):
                lines = reply.split("\r\n")
                added = answer["reply"][len(lines):]
                for old, new in zip(lines, answer["reply"]):
                    self.assertEqual(old[:3] + old[4:], new[:3] + new[4:])
                self.assertTrue(1 <= len(added) <= 4, added)
                self.assertTrue(all(len(line) <= 510 for line in answer["reply"]))
                self.assertLessEqual(sum(len(line) + 2 for line in added), 480)
                self.assertTrue(all(line[3] == "-" for line in answer["reply"][:-1]))
                self.assertEqual(answer["reply"][-1][3], " ")


if __name__ == "__main__":
    unittest.main()
