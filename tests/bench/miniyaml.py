"""Reads the part of YAML in which catalogue files are written, with Python's standard library alone.

Block and flow sequences and mappings, plain and quoted scalars, | and > blocks, comments. No anchors, tags or
several documents; the daemon's own loader is the one that judges a file, this one only extracts. All
scalars come back as strings.
"""

import re

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "e": "\x1b", "b": "\b", "a": "\a"}
_KEY = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([^\s"'\[\]{},#&*!|>%@`-][^:#]*?|-[^\s:][^:#]*?))\s*:(?:\s+|$)""")


class _Reader:
    def __init__(self, text):
        self.lines = []
        for raw in text.split("\n"):
            raw = raw.rstrip("\r")
            self.lines.append((len(raw) - len(raw.lstrip(" ")), raw))
        self.at = 0

    def skip_blank(self):
        while self.at < len(self.lines):
            body = self.lines[self.at][1].strip()
            if body and not body.startswith("#") and body != "---":
                return True
            self.at += 1
        return False

    def block(self, least):
        """The node whose first line is indented by at least least; None if there is none."""
        if not self.skip_blank() or self.lines[self.at][0] < least:
            return None
        indent, raw = self.lines[self.at]
        if raw[indent:].startswith("- ") or raw[indent:] == "-":
            return self.sequence(indent)
        if _KEY.match(raw[indent:]):
            return self.mapping(indent)
        return self.scalar(raw[indent:], indent - 1)

    def sequence(self, indent):
        items = []
        while self.skip_blank() and self.lines[self.at][0] == indent:
            raw = self.lines[self.at][1]
            if not (raw[indent:].startswith("- ") or raw[indent:] == "-"):
                break
            rest = raw[indent + 1:].lstrip(" ")
            if not rest or rest.startswith("#"):
                self.at += 1
                items.append(self.block(indent + 1))
            elif _KEY.match(rest) or rest.startswith("- "):
                inner = len(raw) - len(rest)
                self.lines[self.at] = (inner, " " * inner + rest)
                items.append(self.block(inner))
            else:
                items.append(self.scalar(rest, indent))
        return items

    def mapping(self, indent):
        result = {}
        while self.skip_blank() and self.lines[self.at][0] == indent:
            body = self.lines[self.at][1][indent:]
            match = _KEY.match(body)
            if not match:
                raise ValueError("line %d: no key: %s" % (self.at + 1, body))
            key = next(group for group in match.groups() if group is not None)
            rest = body[match.end():]
            if not rest or rest.startswith("#"):
                self.at += 1
                # a sequence may stand at its key's own column
                at_key = self.skip_blank() and self.lines[self.at][0] == indent \
                    and self.lines[self.at][1][indent:].startswith("- ")
                result[key] = self.block(indent if at_key else indent + 1)
            else:
                result[key] = self.scalar(rest, indent)
        return result

    def scalar(self, rest, indent):
        """A scalar or flow node that begins in this line and may go on in deeper ones."""
        self.at += 1
        if re.match(r"[|>][+-]?\s*(#.*)?$", rest):
            return self.literal(rest[0] == ">", indent)
        while not _complete(rest) and self.at < len(self.lines):
            rest += " " + self.lines[self.at][1].strip()
            self.at += 1
        if rest[0] not in "\"'[{":
            while self.at < len(self.lines) and self.lines[self.at][0] > indent and self.lines[self.at][1].strip():
                rest += " " + self.lines[self.at][1].strip()
                self.at += 1
        value, _end = _flow(rest, 0, "")
        return value

    def literal(self, folded, indent):
        lines = []
        while self.at < len(self.lines):
            depth, raw = self.lines[self.at]
            if raw.strip() and depth <= indent:
                break
            lines.append(raw)
            self.at += 1
        depth = min((len(raw) - len(raw.lstrip(" ")) for raw in lines if raw.strip()), default=0)
        return (" " if folded else "\n").join(raw[depth:] for raw in lines).rstrip() + "\n"


def _complete(text):
    try:
        _flow(text, 0, "")
        return True
    except IndexError:
        return False


def _quoted(text, at):
    quote, out = text[at], []
    at += 1
    while True:
        char = text[at]
        if char == quote:
            if quote == "'" and text[at + 1:at + 2] == "'":
                out.append("'")
                at += 2
                continue
            return "".join(out), at + 1
        if char == "\\" and quote == '"':
            char = text[at + 1]
            width = {"x": 2, "u": 4, "U": 8}.get(char, 0)
            if width:
                out.append(chr(int(text[at + 2:at + 2 + width], 16)))
                at += 2 + width
                continue
            out.append(_ESCAPES.get(char, char))
            at += 2
            continue
        out.append(char)
        at += 1


def _spaces(text, at):
    while text[at] == " ":
        at += 1
    return at


def _flow(text, at, stops):
    """One flow node at text[at]; IndexError if the text ends within it. Returns value and end."""
    char = text[at]
    if char in "\"'":
        return _quoted(text, at)
    if char == "[":
        items = []
        at = _spaces(text, at + 1)
        while text[at] != "]":
            value, at = _flow(text, at, ",]")
            items.append(value)
            at = _spaces(text, at)
            if text[at] == ",":
                at = _spaces(text, at + 1)
        return items, at + 1
    if char == "{":
        result = {}
        at = _spaces(text, at + 1)
        while text[at] != "}":
            key, at = _flow(text, at, ":")
            at = _spaces(text, _spaces(text, at) + 1)
            result[key], at = _flow(text, at, ",}")
            at = _spaces(text, at)
            if text[at] == ",":
                at = _spaces(text, at + 1)
        return result, at + 1
    if not stops:
        return re.split(r"\s+#", text[at:])[0].rstrip(), len(text)
    end = at
    while text[end] not in stops:
        end += 1
    return text[at:end].rstrip(), end


def load(path):
    """The document in the file; ValueError names the line that is beyond this reader."""
    with open(path, encoding="utf-8") as file:
        reader = _Reader(file.read())
    try:
        value = reader.block(0)
        if reader.skip_blank():
            raise ValueError("line %d: not understood" % (reader.at + 1))
        return value
    except (ValueError, IndexError, StopIteration) as error:
        raise ValueError("%s: %s" % (path, error)) from error
