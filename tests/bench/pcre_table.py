#!/usr/bin/env python3
"""A catalogue as the static pcre: table that an administrator would use without the daemon.

Usage: pcre_table.py CATALOG          prints the table

Patterns stand in the order of the rules, each with its footer. A rule's text pattern is taken as it is; a rule
that goes by code or status alone becomes a pattern of those. What a table can't do (session variables, a
reference, 4xx told from 5xx) is left out.
"""

import sys

import gen_rules
import miniyaml

HEAD = r"^\d{3}[ -](?:\d\.\d{1,3}\.\d{1,3} )?"


def wildcard(value):
    """4xx or x.2.2 as a regular expression."""
    return value.replace(".", r"\.").replace("xx", r"\d\d").replace("x", r"\d+")


def one_of(values):
    return "(?:%s)" % "|".join(wildcard(str(value).lower()) for value in gen_rules.as_list(values))


def anchored(text):
    """The pattern with each ^ outside of brackets meaning: after the codes, as the key has them."""
    out, at, bracket = [], 0, False
    while at < len(text):
        if text[at] == "\\":
            out.append(text[at:at + 2])
            at += 2
            continue
        if text[at] == "[":
            bracket = True
        elif text[at] == "]":
            bracket = False
        out.append("(?:%s)" % HEAD if text[at] == "^" and not bracket else text[at])
        at += 1
    return "".join(out)


def table_patterns(rule):
    """The patterns for one rule, to be searched in a whole reply.

    An alternative that only says more than another one of the same rule (to capture a variable) is left out.
    """
    found = []
    texts = gen_rules.patterns(rule)
    for one in gen_rules.alternatives(rule):
        if any(other != one.get("text") and other in one.get("text", "") for other in texts):
            continue
        if "text" in one:
            found.append(anchored(one["text"]))
        else:
            code = one_of(one["code"]) if "code" in one else r"\d{3}"
            found.append("^" + code + (r"[ -]%s(?: |$)" % one_of(one["status"]) if "status" in one else r"(?: |-|$)"))
    return found


def plain(text):
    """The last variant of a text (it needs no variables), with what is left in braces made plain."""
    text = gen_rules.as_list(text)[-1]
    return text.replace("{contact}", "postmaster@example.test").replace("{site}", "example.test") \
        .replace("{", "").replace("}", "")


def footers(catalog):
    """{cause: footer template} from the English texts."""
    found = {}
    for item in miniyaml.load(catalog + "/causes/en.yaml"):
        if "cause" in item and "summary" in item and "action" in item:
            found[item["cause"]] = "\\n".join([
                plain(item["summary"]), plain(item["action"]),
                "This is permanent: the sending server does not try again.",
                "Help: https://mail.example.test/why/%s" % item["cause"]])
    return found


def rows(catalog):
    """(pattern, footer) in the order of the rules."""
    texts = footers(catalog)
    for rule in gen_rules.read_rules(catalog):
        for pattern in table_patterns(rule):
            yield pattern, texts.get(rule["cause"], texts["unclassified"])


def match_in_the_middle(found, key):
    """The rows with those that match key moved to the middle.

    What a table costs depends on how many patterns are tried before one matches; half of them is the
    average for replies spread evenly over the rules.
    """
    hits = [row for row in found if gen_rules.matches(row[0], key)]
    rest = [row for row in found if not gen_rules.matches(row[0], key)]
    return rest[:len(rest) // 2] + hits + rest[len(rest) // 2:]


def table(found):
    """The table's text. A dollar is doubled once for the table and once for the footer template."""
    return "".join("/%s/ %s\n" % (pattern.replace("/", "\\/"), footer.replace("$", "$$$$"))
                   for pattern, footer in found)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: pcre_table.py CATALOG")
    sys.stdout.write(table(rows(sys.argv[1])))
