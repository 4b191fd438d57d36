#!/usr/bin/env python3
"""How often the engine finds the right reason, on replies and bounces with known ones.

Usage: accuracy.py [--json] [CORPUS...]

Without CORPUS: tests/corpus/replies/*.tsv, written for this project, and the shared corpus if it lies beside the
tree; then the bounces of both. A corpus is a .tsv (accepted reasons, comma separated, the best first; TAB; reply with \\r\\n as four
characters) or a .jsonl with "accept" and "text". Prints coverage, right, wrong and unclassified, and for each
reason what it was taken for. A reply counts as right if its reason is among the accepted ones, as unclassified
if the engine does not commit itself although the corpus knows better, else as wrong.

For bounces the same is asked of each recipient: of the project's own ones (tests/corpus/dsn/expected.tsv) also
address and action, and that no other recipient is found; of the shared ones the reason only, as they name no more.
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
OWN_BOUNCES = os.path.join(HERE, "dsn", "expected.tsv")
SHARED_BOUNCES = os.path.join(os.path.dirname(SHARED), "dsn")

Row = collections.namedtuple("Row", "accept text where")
Recipient = collections.namedtuple("Recipient", "address action accept")  # address, action: None where not known


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


def read_bounces():
    """The own bounces: the recipients of each file."""
    bounces = collections.defaultdict(list)
    with open(OWN_BOUNCES, encoding="utf-8") as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                name, address, action, accept = line.rstrip("\n").split("\t")
                bounces[os.path.join(os.path.dirname(OWN_BOUNCES), name)].append(
                    Recipient("" if address == "-" else address, action, accept.split(",")))
    return bounces


def read_shared_bounces():
    bounces = collections.defaultdict(list)
    with open(SHARED, encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            bounces[os.path.join(SHARED_BOUNCES, row["file"])].append(Recipient(None, None, row["accept"]))
    return {path: recipients for path, recipients in bounces.items() if os.path.exists(path)}


def explain_bounces(paths):
    """What explainctl finds in each file: one object a recipient."""
    done = subprocess.run([EXPLAINCTL, "dsn", "--json"] + sorted(paths), stdout=subprocess.PIPE, text=True, check=True)
    found = collections.defaultdict(list)
    for answer in map(json.loads, done.stdout.splitlines()):
        found[answer["file"]].append(answer)
    return found


class Bounces:
    KINDS = ("right", "wrong", "unclassified", "missing", "extra")

    def __init__(self, bounces):
        self.files, self.total = len(bounces), sum(map(len, bounces.values()))
        self.kinds = {kind: [] for kind in self.KINDS}  # (file, wanted or None, found or None)
        found = explain_bounces(bounces)
        for path in sorted(bounces):
            self.compare(os.path.basename(path), bounces[path], found[path])

    @staticmethod
    def judge(wanted, answer):
        if wanted.action not in (None, answer["action"]):
            return "wrong"
        reason = answer["reason"] or "unclassified"
        if reason in wanted.accept or wanted.accept == ["-"]:
            return "right"
        return "unclassified" if reason == "unclassified" else "wrong"

    def compare(self, name, recipients, answers):
        """Gives each recipient an answer of its own: first those that are right, then what is left."""
        left = sorted(recipients, key=lambda recipient: len(recipient.accept))
        for wish in ("right", None):
            for wanted in list(left):
                for answer in answers:
                    kind = self.judge(wanted, answer)
                    if wanted.address in (None, answer["recipient"] or "") and kind == (wish or kind):
                        self.kinds[kind].append((name, wanted, answer))
                        answers.remove(answer)
                        left.remove(wanted)
                        break
        self.kinds["missing"] += [(name, wanted, None) for wanted in left]
        if recipients[0].address is not None:
            self.kinds["extra"] += [(name, None, answer) for answer in answers]

    def figures(self):
        percents = {kind: round(100.0 * len(rows) / self.total, 2) for kind, rows in self.kinds.items()}
        return dict({"bounces": self.files, "recipients": self.total}, **percents)

    def misses(self):
        for kind in self.KINDS[1:]:
            for name, wanted, answer in self.kinds[kind]:
                wish = "%s %s %s" % (wanted.address, wanted.action, ",".join(wanted.accept)) if wanted else "nothing"
                got = "%s %s %s (rule %s): %.160s" % tuple(
                    answer[key] or "-" for key in ("recipient", "action", "reason", "rule", "diagnostic")) if answer else "-"
                yield "%s: %s: wanted %s, found %s" % (kind, name, wish, got)

    def write(self, name, stream):
        figures = self.figures()
        stream.write("%s: %d bounces, %d recipients, %s\n" % (name, self.files, self.total, ", ".join(
            "%s %d (%.1f %%)" % (kind, len(rows), figures[kind]) for kind, rows in self.kinds.items())))
        stream.writelines("  %s\n" % miss for miss in self.misses())


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
    if not options.corpus:
        results["own bounces"] = Bounces(read_bounces())
        if os.path.isdir(SHARED_BOUNCES):
            results["shared bounces"] = Bounces(read_shared_bounces())
    if options.json:
        json.dump({name: result.figures() for name, result in results.items()}, sys.stdout)
        print()
        return
    for name, result in results.items():
        result.write(name, sys.stdout)


if __name__ == "__main__":
    main()
