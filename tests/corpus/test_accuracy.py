"""The engine finds the right reasons: no fewer than the floors in floors.json say, of the replies and the bounces
in the project's own corpus and, where it is there, in the shared one."""

import collections
import glob
import json
import os
import re
import unittest

import accuracy

with open(os.path.join(accuracy.HERE, "floors.json"), encoding="utf-8") as stream:
    FLOORS = json.load(stream)


class Accuracy(unittest.TestCase):
    def check(self, name, rows):
        result = accuracy.Result(rows)
        figures, floor = result.figures(), FLOORS[name]
        missed = "".join("\n%s: %s (rule %s): %s" % (row.where, answer["reason"], answer["rule"], row.text)
                         for row, answer in result.wrong + result.unclassified)
        self.assertGreaterEqual(figures["right"], floor["right_at_least"], missed)
        self.assertLessEqual(figures["wrong"], floor["wrong_at_most"], missed)

    def test_own(self):
        self.check("own", [row for path in accuracy.OWN for row in accuracy.read(path)])

    @unittest.skipUnless(os.path.exists(accuracy.SHARED), "the shared corpus is not there")
    def test_shared(self):
        self.check("shared", accuracy.read(accuracy.SHARED))

    def check_bounces(self, name, bounces):
        result = accuracy.Bounces(bounces)
        figures, floor = result.figures(), FLOORS[name]
        missed = "\n".join(result.misses())
        self.assertGreaterEqual(figures["right"], floor["right_at_least"], missed)
        self.assertLessEqual(figures["wrong"], floor["wrong_at_most"], missed)

    def test_own_bounces(self):
        bounces = accuracy.read_bounces()
        there = set(glob.glob(os.path.join(os.path.dirname(accuracy.OWN_BOUNCES), "*.eml")))
        self.assertEqual(set(bounces), there)
        self.check_bounces("own bounces", bounces)

    @unittest.skipUnless(os.path.isdir(accuracy.SHARED_BOUNCES), "the shared bounces are not there")
    def test_shared_bounces(self):
        self.check_bounces("shared bounces", accuracy.read_shared_bounces())

    def test_breadth(self):
        """Every reason has replies of its own in the corpus, so that each is measured."""
        counts = collections.Counter(row.accept[0] for path in accuracy.OWN for row in accuracy.read(path))
        self.assertGreaterEqual(sum(counts.values()), 400)
        with open(os.path.join(accuracy.ROOT, "milter/catalog/reason.c"), encoding="utf-8") as source:
            reasons = re.findall(r'^\s+"([a-z-]+)",$', source.read(), re.M)
        self.assertGreater(len(reasons), 30)
        self.assertEqual([reason for reason in reasons if counts[reason] < 5], [])


if __name__ == "__main__":
    unittest.main()
