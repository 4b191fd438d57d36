#!/usr/bin/env python3
"""How often the engine finds the right reason, on replies with known ones.

Usage: accuracy.py [--json] [CORPUS...]

Without CORPUS: tests/corpus/replies/*.tsv, written for this project, and the shared corpus if it lies beside the
tree. A corpus is a .tsv (accepted reasons, comma separated, the best first; TAB; reply with \\r\\n as four
characters) or a .jsonl with "accept" and "text". Prints coverage, right, wrong and unclassified, and for each
reason what it was taken for. A reply counts as right if its reason is among the accepted ones, as unclassified
if the engine does not commit itself although the corpus knows better, else as wrong.
"""

import argparse
import collections
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EXPLAINCTL = os.environ.get("EXPLAINCTL", os.path.join(ROOT, "build/explainctl"))
OWN = sorted(glob.glob(os.path.join(HERE, "replies", "*.tsv")))
SHARED = os.path.join(os.path.dirname(ROOT), "shared", "corpus", "replies.jsonl")

Row = collections.namedtuple("Row", "accept text where")


def read_tsv(path):
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            line = line.rstrip("\n")
            if line.strip() and not line.startswith("#"):
                accept, text = line.split("\t")[:2]
                yield Row([one.strip() for one in accept.split(",")], text.replace("\\r\\n", "\r\n"),
                          "%s:%d" % (os.path.basename(path), number))


def read_jsonl(path):
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            row = json.loads(line)
            yield Row(row["accept"], row["text"], "%s:%d" % (os.path.basename(path), number))


def read(path):
    return list(read_jsonl(path) if path.endswith(".jsonl") else read_tsv(path))


def explain(rows):
    """The engine's answer to each row."""
    given = "".join(json.dumps({"reply": row.text}) + "\n" for row in rows)
    done = subprocess.run([EXPLAINCTL, "explain", "--batch"], input=given, stdout=subprocess.PIPE, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(rows):
        raise RuntimeError("%d replies, %d answers" % (len(rows), len(answers)))
    return answers


class Result:
    def __init__(self, rows):
        self.total = len(rows)
        self.right, self.wrong, self.unclassified = [], [], []
        self.reasons = collections.defaultdict(collections.Counter)  # best accepted: {what it was taken for: count}
        for row, answer in zip(rows, explain(rows)):
            reason = answer["reason"] or "unclassified"
            if reason in row.accept:
                kind = self.right
            else:
                kind = self.unclassified if reason == "unclassified" else self.wrong
            kind.append((row, answer))
            self.reasons[row.accept[0]][row.accept[0] if kind is self.right else reason] += 1

    def percent(self, kind):
        return 100.0 * len(kind) / self.total if self.total else 0.0

    def figures(self):
        return {"replies": self.total,
                "coverage": round(100.0 - self.percent(self.unclassified), 2),
                "right": round(self.percent(self.right), 2),
                "wrong": round(self.percent(self.wrong), 2),
                "unclassified": round(self.percent(self.unclassified), 2)}

    def write(self, name, stream):
        figures = self.figures()
        stream.write("%s: %d replies, coverage %.1f %%, right %d (%.1f %%), wrong %d (%.1f %%), unclassified %d (%.1f %%)\n"
                     % (name, self.total, figures["coverage"], len(self.right), figures["right"], len(self.wrong),
                        figures["wrong"], len(self.unclassified), figures["unclassified"]))
        stream.write("  %-22s %7s %6s  %s\n" % ("reason", "replies", "right", "taken for"))
        for reason in sorted(self.reasons):
            counts = self.reasons[reason]
            others = ", ".join("%s %d" % (other, count) for other, count in counts.most_common() if other != reason)
            stream.write("  %-22s %7d %6d  %s\n" % (reason, sum(counts.values()), counts[reason], others))
        for title, kind in (("wrong", self.wrong), ("unclassified", self.unclassified)):
            for row, answer in kind:
                stream.write("  %s: %s: %s, not %s (rule %s): %.160s\n"
                             % (title, row.where, answer["reason"], ",".join(row.accept), answer["rule"] or "-",
                                row.text.replace("\r\n", "\\r\\n")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="only the figures, as JSON")
    parser.add_argument("corpus", nargs="*")
    options = parser.parse_args()
    if options.corpus:
        corpora = {os.path.basename(path): read(path) for path in options.corpus}
    else:
        corpora = {"own": [row for path in OWN for row in read(path)]}
        if os.path.exists(SHARED):
            corpora["shared"] = read(SHARED)
        else:
            print("the shared corpus is not there; only the own one is measured", file=sys.stderr)
    results = {name: Result(rows) for name, rows in corpora.items()}
    if options.json:
        json.dump({name: result.figures() for name, result in results.items()}, sys.stdout)
        print()
        return
    for name, result in results.items():
        result.write(name, sys.stdout)


if __name__ == "__main__":
    main()
