"""The command line: explainctl explain, code and check, their exit statuses and messages."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXPLAINCTL = os.path.join(os.path.join(TREE, os.environ.get("BUILD", "build")), "explainctl")
LIMIT = 60      # seconds for one call

UNKNOWN = "550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown in local recipient table"
KEYS = ["code", "status", "rule", "cause", "reason", "fixer", "temporary", "summary", "action", "help_url", "reply"]

CONFIG = """\
site: mx.example.org
cache: cache
catalog: [site, %s]
profiles:
  default: {contact: postmaster@example.org, help_url: "https://example.org/why/{cause}"}
  internal: {audience: internal, contact: "Helpdesk, ext. 4357"}
  one: {layout: single}
""" % os.path.join(TREE, "conf/catalog")

MISTAKES = """\
- rule: one
  cause: mailbx-full
  match: {code: 450}
- rule: two
  cause: mailbox-full
  match: {text: '(abc'}
- rule: three
  cause: mailbox-full
  match: {code: 7}
- rule: four
  cause: mailbox-full
  matsch: {code: 450}
  match: {status: 1}
- rule: three
  disabled: true
- rule: five
  cause: [mailbox-full
- rule: six
  match: {code: 450}
  summary: "Call {contact."
  action: "Call."
"""


class Explainctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not os.access(EXPLAINCTL, os.X_OK):
            raise unittest.SkipTest("%s is not built" % EXPLAINCTL)
        cls.folder = tempfile.mkdtemp(prefix="explainctl-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        os.mkdir(os.path.join(cls.folder, "site"))
        cls.config = cls.write("explain-milter.yaml", CONFIG)

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_ctl(self, *arguments, stdin="", status=0, config=True):
        """The output and errors of one call; its exit status must be as expected."""
        call = [EXPLAINCTL, *arguments]
        if config and arguments:
            call[2:2] = ["-c", self.config]
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run(call, input=data, capture_output=True, timeout=LIMIT, check=False)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, "%s: %s%s" % (arguments, out, err))
        return out, err

    def explain(self, *arguments, **named):
        out, err = self.run_ctl("explain", *arguments, **named)
        self.assertEqual(err, "")
        return out

    # ---- help and mistakes in the call

    def test_help(self):
        out, err = self.run_ctl("--help", config=False)
        self.assertEqual(err, "")
        self.assertTrue(out.startswith("usage: explainctl COMMAND"))
        commands = re.findall(r"^  ([a-z]+) ", out, re.MULTILINE)
        self.assertEqual(sorted(commands), ["check", "code", "dsn", "explain", "export", "pages", "setup"])
        for command in commands:
            with self.subTest(command=command):
                text, err = self.run_ctl(command, "--help", config=False)
                self.assertTrue(text.startswith("usage: explainctl %s" % command), text)
                self.assertEqual(err, "")
                self.assertEqual(self.run_ctl(command, "-h", config=False)[0], text)
                self.assertLessEqual(max(map(len, text.splitlines())), 100)
        for other in ("-h", "help"):
            self.assertEqual(self.run_ctl(other, config=False)[0], out)

    def test_version(self):
        for option in ("--version", "-V"):
            self.assertRegex(self.run_ctl(option, config=False)[0], r"\Aexplainctl \d+\.\d+\.\d+\n\Z")

    def test_wrong_calls(self):
        """Each is told on stderr with a hint, and nothing else happens."""
        for arguments, words in [
                (["nonsense"], "unknown command 'nonsense'"),
                (["explain", "--nonsense"], "unknown option"),
                (["explain", "-c"], "unknown option"),
                (["explain", "550 a", "550 b"], "one reply at a time"),
                (["explain", "--batch", "550 a"], "--batch reads standard input"),
                (["explain", "--stage", "nowhere", "550 a"], "'nowhere' is no stage"),
                (["explain", "--map", "nosuch", "550 a"], "'nosuch' is no map"),
                (["explain", "--map", "footer.nosuch", "550 a"], "there is no profile 'nosuch'"),
                (["explain", "--lang", "xx", "550 a"], "there are no texts in 'xx'"),
                (["code"], "needs one code"),
                (["code", "550", "551"], "needs one code"),
                (["code", "five"], "'five' is neither a reply code"),
                (["code", "5.1"], "'5.1' is neither"),
                (["code", "5.1.1.1"], "'5.1.1.1' is neither"),
                (["code", "--nonsense", "550"], "unknown option"),
                (["check", "--nonsense"], "unknown option"),
                (["setup", "--nonsense"], "")]:
            with self.subTest(arguments=arguments):
                out, err = self.run_ctl(*arguments, status=2, config=False)
                self.assertEqual(out, "")
                self.assertIn(words, err)
                self.assertIn("--help", err)
        out, err = self.run_ctl(status=2)
        self.assertEqual(out, "")
        self.assertIn("usage:", err)

    def test_full_disk(self):
        """Output that can't be written is an error, not silence."""
        with open("/dev/full", "wb") as full:
            done = subprocess.run([EXPLAINCTL, "code", "550"], stdout=full, stderr=subprocess.PIPE, timeout=LIMIT,
                                  check=False)
        self.assertEqual(done.returncode, 75)
        self.assertIn(b"can't be written", done.stderr)

    # ---- explain

    def test_explain(self):
        lines = self.explain(UNKNOWN).splitlines()
        self.assertEqual(lines[0], UNKNOWN.replace("550 ", "550-", 1))
        self.assertIn("bob@example.org", lines[1])
        self.assertEqual(lines[-1], "550 5.1.1 Help: https://example.org/why/recipient-unknown")
        for line in lines:
            self.assertRegex(line, r"\A550[- ]5\.1\.1 ")
        self.assertEqual(self.explain(stdin=UNKNOWN + "\n").splitlines(), lines)
        self.assertEqual(self.explain(stdin=UNKNOWN.encode() + b"\r\n").splitlines(), lines)

    def test_explain_line_breaks(self):
        once = self.explain(r"550-5.1.1 <bob@example.org>:\r\n550 5.1.1 User unknown")
        self.assertEqual(once.splitlines()[:2], ["550-5.1.1 <bob@example.org>:", "550-5.1.1 User unknown"])
        self.assertEqual(self.explain(stdin="550-5.1.1 <bob@example.org>:\n550 5.1.1 User unknown\n"), once)

    def test_explain_nothing(self):
        """Good replies, and those that are explained already, come back as they are."""
        for reply in ("250 2.1.5 Ok", "354 End data with <CR><LF>.<CR><LF>", "550 5.1.1 x Ref: 7Q2K-M4RX"):
            self.assertEqual(self.explain(reply), reply + "\n")
        self.assertIn("needs no explanation", self.explain("-v", "250 Ok"))
        self.assertIn("carries an explanation already", self.explain("-v", "550 x Ref: 7Q2K-M4RX"))

    def test_explain_json(self):
        object_ = json.loads(self.explain("--json", UNKNOWN))
        self.assertEqual(list(object_), KEYS)
        self.assertEqual((object_["code"], object_["status"], object_["cause"], object_["reason"], object_["fixer"],
                          object_["temporary"], object_["help_url"]),
                         (550, "5.1.1", "recipient-unknown", "recipient-unknown", "sender", False,
                          "https://example.org/why/recipient-unknown"))
        self.assertEqual(object_["reply"], self.explain(UNKNOWN).splitlines())
        self.assertIsNone(json.loads(self.explain("-j", "250 Ok"))["cause"])
        self.assertTrue(json.loads(self.explain("-j", "450 4.2.2 x"))["temporary"])

    def test_explain_verbose(self):
        out = self.explain("--verbose", UNKNOWN)
        self.assertIn("\ntext:   <bob@example.org>: Recipient address rejected", out)
        self.assertIn("\ncause:  recipient-unknown (reason recipient-unknown, fixer sender)\n", out)
        self.assertRegex(out, r"\nrule:   [a-z0-9-]+ \(\S+\.yaml:\d+\) -> recipient-unknown\n")
        self.assertRegex(out, r"\n +\d+ rules fit; the first one in the order of files is used\n")
        self.assertIn("rule:   none fits", self.explain("-v", "zzz"))

    def test_explain_map(self):
        self.assertTrue(self.explain("--map", "footer.internal", "552 5.2.2 Mailbox full").startswith("552-5.2.2 "))
        object_ = json.loads(self.explain("-j", "-m", "footer.internal", "450 4.0.0 zzz"))
        self.assertEqual(object_["help_url"], "https://example.org/why/" + object_["cause"])
        single = self.explain("-m", "rewrite.one", "552 5.2.2 Mailbox full")
        self.assertEqual(len(single.splitlines()), 1)
        self.assertTrue(single.startswith("552 5.2.2 Mailbox full "))
        flat = self.explain("-m", "delivery-status", "5.1.1 host mx.example.net[192.0.2.1] said: 550 5.1.1 User unknown")
        self.assertEqual(len(flat.splitlines()), 1)
        self.assertTrue(flat.startswith("5.1.1 "), flat)
        self.assertIn("https://example.org/why/recipient-unknown", flat)

    def test_explain_stage(self):
        out = json.loads(self.explain("-j", "--stage", "RCPT", UNKNOWN))
        self.assertEqual(out["cause"], "recipient-unknown")

    def test_explain_odd_input(self):
        """Any octets; too many are cut with a warning."""
        for data in (b"", b"\n", b"\0", b"550 \xff\xfe\0x", b"550", b"\r\n\r\n", b"550 " + b"x" * 9990):
            with self.subTest(data=data[:20]):
                json.loads(self.explain("--json", stdin=data))
        out, err = self.run_ctl("explain", "-j", stdin="550 5.1.1 User unknown " + "x" * 20000)
        self.assertEqual(json.loads(out)["code"], 550)
        self.assertIn("only the first 10000 octets are read", err)
        _out, err = self.run_ctl("explain", stdin="x" * (1 << 20) + "x", status=2)
        self.assertIn("too long", err)

    def test_batch(self):
        lines = [UNKNOWN, "250 Ok", r"550-5.1.1 one\n550 5.1.1 User unknown", "",
                 json.dumps({"reply": UNKNOWN}), json.dumps({"reply": UNKNOWN, "stage": "rcpt"}),
                 '{"reply": "550 5.1.1 a\\r\\nb", "stage": ""}']
        wrong = {'{"reply": 7}': "must be a text", "{}": "must be a text", "{": "not valid JSON",
                 '{"reply": "550 x", "stage": "nowhere"}': "none that is known",
                 '{"reply": "550 x", "stage": 7}': "none that is known", "550 " + "x" * 10000: "longer than 10000"}
        out = self.explain("--batch", "--json", stdin="\n".join(lines + list(wrong)) + "\n").splitlines()
        self.assertEqual(len(out), len(lines) + len(wrong))
        objects = [json.loads(line) for line in out]
        for object_ in objects[:len(lines)]:
            self.assertEqual(list(object_), KEYS)
        self.assertEqual([object_["code"] for object_ in objects[:len(lines)]], [550, 250, 550, None, 550, 550, 550])
        self.assertEqual(objects[0]["reply"], self.explain(UNKNOWN).splitlines())
        self.assertEqual(objects[0], objects[4])
        for object_, words in zip(objects[len(lines):], wrong.values()):
            self.assertEqual(list(object_), ["error"])
            self.assertIn(words, object_["error"])

    def test_batch_size(self):
        """No line at the end, CRLF, octets that are no UTF-8, and many lines."""
        out = self.explain("-b", stdin=b"550 a\r\n550 \xff\n450 c")
        self.assertEqual([json.loads(line)["code"] for line in out.splitlines()], [550, 550, 450])
        self.assertEqual(self.explain("-b", stdin=""), "")
        out = self.explain("-b", stdin=(UNKNOWN + "\n") * 5000)
        self.assertEqual(out.count("\n"), 5000)

    # ---- code

    def test_code(self):
        for code, words in [("550", ["550  ", "meaning ", "class     Permanent"]), ("251", ["251  ", "did what was asked"]),
                            ("354", ["waits for more input"]), ("450", ["class     Temporary"]),
                            ("5.1.1", ["5.1.1  ", "cause     recipient-unknown", "class     Permanent", "RFC 3463"]),
                            ("4.1.1", ["class     Temporary"]), ("2.1.5", ["did what was asked"])]:
            with self.subTest(code=code):
                out, err = self.run_ctl("code", code)
                self.assertEqual(err, "")
                for word in words:
                    self.assertIn(word, out)
                self.assertLessEqual(max(map(len, out.splitlines())), 90)

    def test_code_unknown(self):
        for code, words in [("599", "Permanent"), ("4.999.999", "Temporary"), ("299", "did what was asked")]:
            out, _err = self.run_ctl("code", code, status=1)
            self.assertIn("%s is not registered" % code, out)
            self.assertIn(words, out)
        for code in ("000", "199", "666", "999"):
            with self.subTest(code=code):
                self.run_ctl("code", code, status=1)

    # ---- check

    def test_check(self):
        out, err = self.run_ctl("check")
        self.assertEqual(err, "")
        self.assertRegex(out, r"\A\d+ rules, \d+ causes, \d+ examples: all in order\n\Z")
        self.assertEqual(self.run_ctl("check", config=False)[0], out)

    def test_check_good_file(self):
        good = self.write("good/site.yaml", "- rule: ours\n  cause: mailbox-full\n  match: {text: our quota is used}\n"
                                            "  examples: [552 our quota is used, 452 our quota is used]\n")
        before = int(self.run_ctl("check")[0].split()[0])
        for path in (good, os.path.dirname(good)):
            self.assertEqual(int(self.run_ctl("check", path)[0].split()[0]), before + 1)

    def test_check_mistakes(self):
        """A site's file with many mistakes: each with file, line and column, in one go."""
        wanted = [(2, 10, "rule one: unknown cause 'mailbx-full', did you mean 'mailbox-full'?"),
                  (6, 18, "rule two: text: "), (9, 17, "rule three: '7' is no reply code"),
                  (12, 3, "rule four: unknown key 'matsch', did you mean 'match'?"),
                  (13, 19, "rule four: '1' is no status"), (14, 3, "rule three: the name is already used in "),
                  (18, 1, "YAML: "), (20, 13, "rule six: a '{' has no '}'")]
        path = self.write("bad/site.yaml", MISTAKES)
        for argument in (path, os.path.dirname(path)):
            out, err = self.run_ctl("check", argument, status=1)
            self.assertEqual(out, "")
            lines = err.splitlines()
            self.assertEqual(lines[-1], "%d mistakes" % len(wanted), err)
            for (line, column, words), got in zip(wanted, lines):
                self.assertTrue(got.startswith("%s:%d:%d: %s" % (path, line, column, words)), got)
            self.assertEqual(len(lines), len(wanted) + 1, err)

    def test_check_examples(self):
        path = self.write("examples/site.yaml", "- rule: ours\n  cause: mailbox-full\n  match: {text: our quota}\n"
                                                "  examples: [552 our quota, 552 zzz]\n")
        _out, err = self.run_ctl("check", path, status=1)
        self.assertRegex(err, r"\A%s:4:29: rule ours: the example selects [a-z0-9-]+ instead: 552 zzz\n1 mistake\n\Z"
                         % re.escape(path))

    def test_check_missing(self):
        _out, err = self.run_ctl("check", os.path.join(self.folder, "nowhere"), status=1)
        self.assertIn("nowhere: the catalogue directory cannot be read", err)

    def test_check_style(self):
        """Only with --style; a site's texts are read like the built-in ones."""
        path = self.write("style/site.yaml", "- cause: mailbox-full\n  action: Please relay it.\n")
        self.assertIn("all in order", self.run_ctl("check", path)[0])
        _out, err = self.run_ctl("check", "--style", path, status=1)
        self.assertIn("site.yaml:1:3: cause mailbox-full: action: 'please' says nothing", err)
        self.assertIn("action: 'relay' means something else to most people", err)

    def test_check_unused_cause(self):
        """A cause that no rule names is a mistake, one whose rule a site has disabled is none."""
        path = self.write("unused/site.yaml", "- cause: lonely\n  reason: policy-other\n  fixer: sender\n"
                                              "  summary: Alone.\n  action: Wait.\n")
        _out, err = self.run_ctl("check", path, status=1)
        self.assertIn("cause lonely: no rule names it", err)
        path = self.write("off/site.yaml", "- rule: generic-charset\n  disabled: true\n")
        self.assertIn("all in order", self.run_ctl("check", path)[0])

    # ---- languages

    def test_languages(self):
        """Replies in Latin scripts are ASCII, others are English and say so; JSON has the real letters."""
        for language, word in (("de", "Die Adresse bob@example.org gibt es nicht. Pruefen Sie"),
                               ("fr", "L'adresse bob@example.org n'existe pas."), ("pl", "Adres bob@example.org")):
            out = self.explain("--lang", language, UNKNOWN)
            self.assertTrue(out.isascii())
            self.assertIn(word, " ".join(re.sub(r"(?m)^550[ -]5\.1\.1 ", "", out).split()))
        out, err = self.run_ctl("explain", "--lang", "ja", UNKNOWN)
        self.assertIn("The address bob@example.org does not exist.", out)
        self.assertEqual(err, "explainctl explain: replies are ASCII, so this one is in English; --json shows the "
                              "texts in 'ja'\n")
        answer = json.loads(self.explain("--lang", "ja", "--json", UNKNOWN))
        self.assertIn("bob@example.org", answer["summary"])
        self.assertFalse(answer["summary"].isascii())
        self.assertTrue(all(line.isascii() for line in answer["reply"]))
        self.run_ctl("explain", "--lang", "xx", UNKNOWN, status=2)

    # ---- export

    def test_export(self):
        data = json.loads(self.run_ctl("export", "json")[0])
        self.assertEqual(len(data["languages"]), 10)
        self.assertGreaterEqual(len(data["rules"]), 600)
        self.assertGreaterEqual(len(data["causes"]), 100)
        table = self.run_ctl("export", "postfix-pcre", "--lang", "de")[0]
        self.assertIn("Die Adresse ${1} gibt es nicht.", table)

    def test_export_translation(self):
        """What is there needs nothing; a new language gets everything, and is then complete but untranslated."""
        out, err = self.run_ctl("export", "translation", "de")
        self.assertEqual((out, err), ("", "nothing to translate\n"))
        out, err = self.run_ctl("export", "translation", "sv")
        self.assertRegex(err, r"\A\d+ items to translate\n\Z")
        path = self.write("swedish/causes/sv.yaml", out)
        self.assertIn("all in order", self.run_ctl("check", os.path.dirname(os.path.dirname(path)))[0])

    def test_export_wrong_calls(self):
        for arguments in ([], ["xml"], ["json", "x"], ["translation"], ["postfix-pcre", "--profile", "none"],
                          ["postfix-pcre", "--lang", "xx"], ["json", "a", "b"], ["json", "--lang", "de"]):
            with self.subTest(arguments=arguments):
                out, err = self.run_ctl("export", *arguments, status=2)
                self.assertEqual(out, "")
                self.assertTrue(err.startswith("explainctl export: "), err)
                self.assertIn("try explainctl export --help", err)

    # ---- configuration

    def test_bad_config(self):
        """Every command tells what is wrong with the configuration, all of it."""
        bad = self.write("bad.yaml", "siet: x\nmax_clients: 0\n")
        for arguments in (["explain", "-c", bad, "550 x"], ["code", "-c", bad, "550"], ["check", "-c", bad]):
            out, err = self.run_ctl(*arguments, status=1, config=False)
            self.assertEqual(out, "")
            self.assertEqual(err.splitlines(), [
                "%s:1:1: unknown key 'siet', did you mean 'site'?" % bad,
                "%s:2:14: max_clients: must be a number from 1 to 100000" % bad])
        _out, err = self.run_ctl("check", "-c", os.path.join(self.folder, "none.yaml"), status=1, config=False)
        self.assertIn("none.yaml: cannot be read: No such file or directory", err)

    def test_sample_bounces(self):
        """The settings of the commented sample can be taken as they stand, and a wrong one is found."""
        with open(os.path.join(TREE, "conf/explain-milter.yaml"), encoding="utf-8") as file:
            sample = file.read()
        start = sample.index("# bounces:")
        settings = re.sub(r"(?m)^##? ( *[a-z_]+:)", r"\1", sample[start:])
        self.assertEqual(len(re.findall(r"(?m)^ +[a-z_]+:", settings)), 8)
        shutil.copy(os.path.join(TREE, "conf/mail-domains.txt"), self.folder)
        self.run_ctl("check", "-c", self.write("sample.yaml", sample[:start] + settings), config=False)
        wrong = self.write("wrong.yaml", settings.replace("profile: default", "profile: nobody"))
        _out, err = self.run_ctl("check", "-c", wrong, status=1, config=False)
        self.assertIn("bounces: profile: there is no profile 'nobody'", err)

    def test_other_directory(self):
        """Run from elsewhere, the tree's own catalogue is found."""
        done = subprocess.run([EXPLAINCTL, "explain", "-j", UNKNOWN], cwd="/", capture_output=True, timeout=LIMIT,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["cause"], "recipient-unknown")


if __name__ == "__main__":
    unittest.main()
