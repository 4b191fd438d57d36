#!/usr/bin/python3
"""Checks the tree's own rules: which module may include which, who sees which library, a test for every module.

Usage: tests/layering.py MODULE...   the modules, lowest first (the Makefile knows them)
"""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# A library's headers, and the only files that may include them.
LIBRARIES = {
    r"libfyaml\.h": r"milter/util/yaml\.c",
    r"hs\.h": r"milter/match/",
    r"pcre2\.h": r"milter/match/",
    r"libmilter/": r"milter/front/filter\.c",
    r"cmark\.h": r"milter/pages/html\.c",
    r"gmime/": r"milter/dsn/",
    r"event2/": r"milter/front/socketmap\.c",
}

# Files without a header of their own in include/explain/: the test that covers them.
COVERED_BY = {
    "milter/front/filter.c": "tests/mta/test_filter.py",
    "milter/catalog/load_item.c": "tests/catalog/load_test.c",
    "milter/catalog/load_rule.c": "tests/catalog/load_test.c",
    "milter/catalog/load_cause.c": "tests/catalog/load_test.c",
    "milter/catalog/load_code.c": "tests/catalog/load_test.c",
    "milter/catalog/load_words.c": "tests/catalog/load_test.c",
    "milter/catalog/load.c": "tests/catalog/load_test.c",
    "milter/catalog/link.c": "tests/catalog/load_test.c",
    "milter/match/capture.c": "tests/match/match_test.c",
    "milter/match/database.c": "tests/match/match_test.c",
    "milter/style/words.c": "tests/style/style_test.c",
    "milter/pages/body.c": "tests/pages/test_pages.py",
    "milter/pages/html.c": "tests/pages/pages_test.c",
    "milter/pages/search_data.c": "tests/pages/test_pages.py",
    "milter/pages/situation.c": "tests/pages/pages_test.c",
    "milter/pages/texts.c": "tests/pages/pages_test.c",
    "milter/config/paths.c": "tests/cmd/test_explainctl.py",
    "milter/config/bounces.c": "tests/config/config_test.c",
    "milter/dsn/annotate.c": "tests/dsn/annotate_test.c",
    "milter/dsn/card.c": "tests/dsn/test_html.py",
    "milter/dsn/choose.c": "tests/dsn/dsn_test.c",
    "milter/dsn/entity.c": "tests/dsn/dsn_test.c",
    "milter/dsn/fields.c": "tests/dsn/dsn_test.c",
    "milter/dsn/letter.c": "tests/dsn/annotate_test.c",
    "milter/dsn/notice.c": "tests/dsn/dsn_test.c",
    "milter/dsn/plain.c": "tests/dsn/test_html.py",
}


def includes(path):
    """(line number, text between the quotes or brackets) of every #include."""
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            if match:
                yield number, match.group(1)


def header_owner(name):
    """The module whose source files define what include/explain/NAME declares."""
    base = os.path.basename(name)[:-2]
    for path in glob.glob(os.path.join(ROOT, "milter", "*", base + ".c")):
        return os.path.basename(os.path.dirname(path))
    return None


def check_file(path, modules):
    module = os.path.basename(os.path.dirname(path))
    relative = os.path.relpath(path, ROOT)
    rank = modules.index(module) if module in modules else len(modules)
    for number, name in includes(path):
        for library, allowed in LIBRARIES.items():
            if re.match(library, name) and not re.match(allowed, relative):
                yield "%s:%d: %s is only for %s" % (relative, number, name, allowed)
        if not name.startswith("explain/"):
            continue
        owner = header_owner(name)
        if owner is None:
            if name not in ("explain/version.h", "explain/profile.h"):
                yield "%s:%d: no module defines what %s declares" % (relative, number, name)
        elif owner in modules and modules.index(owner) > rank:
            yield "%s:%d: %s must not depend on %s" % (relative, number, module, owner)


def check_tests(modules):
    """A file is tested when the unit tests in the folder that mirrors its own include its header."""
    for module in modules:
        tested = set()
        for test in glob.glob(os.path.join(ROOT, "tests", module, "*.[ch]")):
            tested.update(name for _, name in includes(test))
        for path in sorted(glob.glob(os.path.join(ROOT, "milter", module, "*.c"))):
            relative = os.path.relpath(path, ROOT)
            other = COVERED_BY.get(relative)
            if other is None and "explain/%s.h" % os.path.basename(path)[:-2] not in tested:
                yield "%s: no test in tests/%s includes its header" % (relative, module)
            elif other is not None and not os.path.exists(os.path.join(ROOT, other)):
                yield "%s: has no test %s" % (relative, other)


def main():
    modules = sys.argv[1:]
    wrong = []
    for path in sorted(glob.glob(os.path.join(ROOT, "milter", "*", "*.[ch]"))):
        wrong += check_file(path, modules)
    wrong += check_tests(modules)
    for line in wrong:
        print(line)
    print("layering: %d rule%s broken" % (len(wrong), "" if len(wrong) == 1 else "s"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
