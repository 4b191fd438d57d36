#!/usr/bin/env python3
"""Makes a catalogue of any size out of the real one, for benchmarks.

Usage: gen_rules.py CATALOG OUTDIR COUNT

The real rules stand first, in their order, then come generated ones, then the real fallback rules (status and
code only), which would hide everything after them. A generated rule is a real one whose literal words are
exchanged for words put together from halves of other real words ("mailbox" -> "greyient"), so that its pattern
is distinct but has the build, length and letters of real ones; its examples are changed alike. With
more real rules than COUNT, evenly spaced ones are left out. The same input always gives the same output.
"""

import json
import os
import random
import re
import shutil
import sys

import miniyaml

# A run of letters in a pattern, but not the letters of \b, \d, (?<name> or [a-z]
WORD = re.compile(r"\\.|\(\?<[a-z_]+>|\(\?[a-z:]+|\[(?:\\.|[^\]\\])*\]|[A-Za-z]{4,}")
CODES = re.compile(r"^(\d{3})(?:[ -]|$)(?:([245]\.\d{1,3}\.\d{1,3})(?:\s+|$))?")


def as_list(value):
    return value if isinstance(value, list) else [value]


def alternatives(rule):
    return [one for one in as_list(rule.get("match") or {}) if isinstance(one, dict)]


def patterns(rule):
    return [one["text"] for one in alternatives(rule) if "text" in one]


def read_rules(catalog):
    """All rules of a catalogue directory, in order."""
    found = []
    directory = os.path.join(catalog, "rules")
    for name in sorted(os.listdir(directory)):
        if name.endswith(".yaml"):
            found.extend(miniyaml.load(os.path.join(directory, name)) or [])
    return found


def reply_text(reply):
    """The text that patterns are searched in: no codes, lines joined, blanks squeezed."""
    lines = [CODES.sub("", line) for line in re.split(r"\r?\n", reply)]
    return " ".join(" ".join(lines).split())


def matches(pattern, text):
    """Whether the pattern matches, as far as Python's regular expressions can tell."""
    try:
        return re.search(pattern.replace("(?<", "(?P<"), text, re.I | re.S) is not None
    except re.error:
        return True


def vocabulary(rules):
    words = {word.lower() for rule in rules for text in patterns(rule)
             for word in WORD.findall(text) if word[0].isalpha()}
    return sorted(words)


def new_word(word, words, generator):
    """A word of about the same length, from the head of one real word and the tail of another."""
    half = len(word) // 2
    head = generator.choice([one for one in words if len(one) >= half])
    tail = generator.choice([one for one in words if len(one) >= len(word) - half])
    made = head[:half] + tail[len(tail) - (len(word) - half):]
    return made if made != word and made not in words else made[:-1] + generator.choice("bdfgklmpz") + made[-1]


def vary(rule, serial, words):
    """The rule with other words, or None where that can't be done."""
    generator = random.Random(serial)
    own = sorted({word.lower() for text in patterns(rule) for word in WORD.findall(text) if word[0].isalpha()})
    exchange = {word: new_word(word, words, generator) for word in own}
    if not exchange:
        return None
    longest_first = "|".join(sorted(exchange, key=lambda word: (-len(word), word)))

    def in_pattern(match):
        return exchange.get(match.group().lower(), match.group()) if match.group()[0].isalpha() else match.group()

    def in_example(match):
        return exchange[match.group().lower()]

    match = []
    for one in alternatives(rule):
        if "text" in one:
            match.append(dict(one, text=WORD.sub(in_pattern, one["text"])))
    new = {"rule": ("gen-%05d-%s" % (serial, rule["rule"]))[:64].rstrip("-"), "cause": rule["cause"], "match": match}
    if "set" in rule:
        new["set"] = rule["set"]
    examples = [re.sub(longest_first, in_example, example, flags=re.I) for example in as_list(rule["examples"])]
    examples = [example for example in examples
                if any(matches(one["text"], reply_text(example)) for one in match)]
    # a branch without long words stays as it was and still matches what the real rule matches: no new rule
    if not examples or any(matches(text, reply_text(example))
                           for text in patterns(new) for example in as_list(rule["examples"])):
        return None
    new["examples"] = examples if len(examples) > 1 else examples * 2
    return new


def spaced(items, count):
    """count items, evenly spaced, in order; all of them if there are not so many."""
    if len(items) <= count:
        return items
    return [items[i * len(items) // count] for i in range(count)]


def generate(real, count):
    """A list of count rules as the file comment says."""
    fallback = [rule for rule in real if not patterns(rule)]
    fallback = spaced(fallback, count // 2)
    chosen = spaced([rule for rule in real if patterns(rule)], count - len(fallback))
    words = vocabulary(real)
    made, seen, serial = [], {pattern for rule in real for pattern in patterns(rule)}, 0
    wanted = count - len(fallback) - len(chosen)
    while len(made) < wanted:
        if serial > 20 * count + 1000:
            raise ValueError("only %d rules could be generated" % len(made))
        new = vary(chosen[serial % len(chosen)], serial, words)
        serial += 1
        if new and not seen.intersection(patterns(new)):
            seen.update(patterns(new))
            made.append(new)
    return chosen + made, fallback


def yaml_value(value):
    # the engine's limits are in octets, so non-ASCII stays as it is
    return json.dumps(value, ensure_ascii=False)


def write_rules(path, rules):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# Generated by tests/bench/gen_rules.py\n")
        for rule in rules:
            lead = "- "
            for key, value in rule.items():
                file.write("%s%s: %s\n" % (lead, key, yaml_value(value)))
                lead = "  "


def write_catalog(catalog, outdir, count):
    """Writes the catalogue directory OUTDIR and returns its rules in order."""
    first, fallback = generate(read_rules(catalog), count)
    os.makedirs(os.path.join(outdir, "rules"), exist_ok=True)
    write_rules(os.path.join(outdir, "rules", "10-rules.yaml"), first)
    write_rules(os.path.join(outdir, "rules", "80-fallback.yaml"), fallback)
    shutil.copytree(os.path.join(catalog, "causes"), os.path.join(outdir, "causes"), dirs_exist_ok=True)
    for name in os.listdir(catalog):
        if name.endswith(".yaml"):
            shutil.copy(os.path.join(catalog, name), outdir)
    return first + fallback


def replies(rules):
    """All examples of the rules, shuffled the same way every time."""
    found = [example for rule in rules for example in as_list(rule["examples"])]
    random.Random(1).shuffle(found)
    return found


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: gen_rules.py CATALOG OUTDIR COUNT")
    print("%d rules" % len(write_catalog(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
