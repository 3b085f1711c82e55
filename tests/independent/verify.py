#!/usr/bin/env python3
"""Verifies an export of the disclosure log with a public key and nothing else.

    verify.py EXPORT.jsonl --vkey VKEY    exit 0 when every promise holds, 1 when not, 2 on misuse
    verify.py --vectors DIR               judges every vector and compares with what it expects

This program shares no line with the log's own verifier. It needs Python 3.9 and its standard
library; Ed25519 is RFC 8032 as written, the tree RFC 6962, the checkpoint a C2SP signed note. The
formats stand in docs/disclosure-log.md.
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import json
import pathlib
import re
import sys
import unicodedata

FORMAT = "covenant-log-export/1"
PROMISES = ["form", "checkpoint", "order", "tree", "time", "openings", "outcome", "counters", "complete"]
MAX_LINE = 512 * 1024
MAX_NOTE = 8 * 1024
MAX_CONTENT = 64 * 1024
MAX_DEPTH = 64
U64 = 2**64 - 1

KINDS = {
    "covenant-signed": "covenant",
    "covenant-activated": "covenant",
    "covenant-suspended": "covenant",
    "covenant-resumed": "covenant",
    "covenant-withdrawn": "covenant",
    "covenant-expired": "covenant",
    "match-decided": "decision",
    "check-answered": "decision",
    "check-refused": "decision",
    "release-requested": "decision",
    "release-approved": "decision",
    "release-refused": "decision",
    "release-delivered": "decision",
    "release-acknowledged": "decision",
    "recall": "rights",
    "correction": "rights",
    "objection": "rights",
    "restriction": "rights",
    "access-request-answered": "rights",
    "scan-answered": "decision",
    "epoch-started": "operation",
    "epoch-purged": "operation",
    "retention-purged": "operation",
    "quota-exceeded": "operation",
    "canary-touched": "operation",
    "witness-refused": "operation",
    "node-joined": "operation",
    "key-changed": "operation",
    "padding": "operation",
    "covenant-rejected": "covenant",
}


class Broken(Exception):
    """A promise that does not hold."""

    def __init__(self, promise, problem):
        super().__init__(problem)
        self.promise = promise
        self.problem = problem


# --- Ed25519, RFC 8032 section 5.1 -------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    """Adds two points in extended coordinates (X, Y, Z, T)."""
    e1 = (a[1] - a[0]) * (b[1] - b[0]) % P
    e2 = (a[1] + a[0]) * (b[1] + b[0]) % P
    e3 = 2 * a[3] * b[3] * D % P
    e4 = 2 * a[2] * b[2] % P
    e, f, g, h = e2 - e1, e4 - e3, e4 + e3, e2 + e1
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_times(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = point_add(total, point)
        point = point_add(point, point)
        scalar >>= 1
    return total


def point_equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_decode(text):
    """The point that 32 bytes encode, or None. Only the canonical encoding is taken."""
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_weak(point):
    """Whether the point has small order: such a key accepts what nobody signed."""
    return point_equal(point_times(8, point), (0, 1, 1, 0))


def ed25519_verify(public_key, message, signature):
    if len(signature) != 64:
        return False
    a, r = point_decode(public_key), point_decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or is_weak(a) or is_weak(r):
        return False
    k = hashlib.sha512(signature[:32] + public_key + message).digest()
    k = int.from_bytes(k, "little") % L
    return point_equal(point_times(s, BASE), point_add(r, point_times(k, a)))


# --- texts and JSON, read strictly --------------------------------------------------------------

HEX64 = re.compile(r"[0-9a-f]{64}\Z")
SLUG = re.compile(r"[a-z0-9-]{1,64}\Z")


def hex64(text):
    if not HEX64.match(text):
        raise ValueError("not 64 hexadecimal digits")
    return bytes.fromhex(text)


def base64_exact(text):
    """Standard base64 with its padding and no stray bits."""
    try:
        found = base64.b64decode(text.encode("ascii"), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(found).decode("ascii") != text:
        raise ValueError("not base64")
    return found


class Pairs(list):
    """A JSON object as its pairs, so that a field that stands twice is seen."""


class NotWhole:
    """A JSON number that is no whole number of 64 bits."""


def whole(text):
    return int(text) if text.isdigit() and len(text) <= 20 and int(text) <= U64 else NotWhole()


def no_constant(text):
    raise ValueError(text + " is not JSON")


def check_depth(text):
    depth, inside, escaped = 0, False, False
    for char in text:
        if inside:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                inside = False
        elif char == '"':
            inside = True
        elif char in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError("nested too deeply")
        elif char in "}]":
            depth = max(0, depth - 1)


def parse_json(line):
    text = line.decode("utf-8")
    check_depth(text)
    return json.loads(
        text,
        object_pairs_hook=Pairs,
        parse_int=whole,
        parse_float=lambda _: NotWhole(),
        parse_constant=no_constant,
    )


def fields(value, required, optional=()):
    """The fields of an object that has these and no others, none twice."""
    if not isinstance(value, Pairs):
        raise ValueError("not an object")
    found = {}
    for key, item in value:
        if key in found or key not in [*required, *optional]:
            raise ValueError("a field is unknown or stands twice")
        found[key] = item
    for key in required:
        if key not in found:
            raise ValueError("a field is missing")
    return {key: found.get(key) for key in [*required, *optional]}


def a_text(value):
    if not isinstance(value, str):
        raise ValueError("not a text")
    value.encode("utf-8")
    return value


def a_number(value):
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("not a number")
    return value


def a_list(value):
    # An object is a list of pairs here, and no list.
    if not isinstance(value, list) or isinstance(value, Pairs):
        raise ValueError("not a list")
    return value


# --- the tree, RFC 6962 section 2.1 -------------------------------------------------------------


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def split(count):
    """The largest power of two below count."""
    return 1 << ((count - 1).bit_length() - 1)


class Walk:
    """Goes through the tree from left to right, from hashes known to lead to the root."""

    def __init__(self, size, root, start, prefix):
        if start > size or len(prefix) != bin(start).count("1"):
            raise Broken("tree", "the prefix does not lead to the root")
        if start == size:
            fold = prefix[0] if prefix else sha256()
            for left in prefix[1:]:
                fold = node_hash(left, fold)
            if fold != root:
                raise Broken("tree", "the prefix does not lead to the root")
        self.size, self.next, self.prefix = size, start, prefix
        self.known = [(0, size, root)]

    def accept(self, leaf, proof):
        start, end, root = self.known.pop()
        steps = []
        while end - start > 1:
            middle = start + split(end - start)
            if self.next < middle:
                steps.append((middle, end))
                end = middle
            else:
                steps.append(None)
                start = middle
        rights, lefts, learnt, found = list(proof), list(self.prefix), [], leaf
        for step in reversed(steps):
            siblings = lefts if step is None else rights
            if not siblings:
                return False
            sibling = siblings.pop(0)
            if step is None:
                found = node_hash(sibling, found)
            else:
                found = node_hash(found, sibling)
                learnt.append((*step, sibling))
        if found != root or rights or lefts:
            return False
        self.prefix = []
        self.known.extend(reversed(learnt))
        self.next += 1
        return True


# --- the checkpoint, C2SP signed-note and tlog-checkpoint ---------------------------------------


def check_name(name):
    if not 1 <= len(name) <= 128 or any(not 0x21 <= ord(c) <= 0x7E or c == "+" for c in name):
        raise ValueError("a key's name")


class Key:
    """A log's public key in its text form: <name>+<key id>+<base64 of 0x01 and the key>."""

    def __init__(self, vkey):
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise ValueError("a verifier key has three parts")
        self.vkey, self.name = vkey, parts[0]
        check_name(self.name)
        blob = base64_exact(parts[2])
        if len(blob) != 33 or blob[0] != 1:
            raise ValueError("not an Ed25519 key of a log")
        self.public = blob[1:]
        self.id = sha256(self.name.encode(), b"\n", blob)[:4]
        if parts[1] != self.id.hex():
            raise ValueError("the key id is not that of the key")
        point = point_decode(self.public)
        if point is None or is_weak(point):
            raise ValueError("the key is no point of large order")

    def open(self, note):
        """The size and the root of a checkpoint that this key signed."""
        if len(note.encode("utf-8")) > MAX_NOTE:
            raise ValueError("the note is longer than 8 KiB")
        if any(unicodedata.category(c) == "Cc" and c != "\n" for c in note):
            raise ValueError("a control character in the note")
        if not note.endswith("\n") or "\n\n" not in note[:-1]:
            raise ValueError("the note lacks an empty line or its last line feed")
        body, _, signatures = note[:-1].rpartition("\n\n")
        body += "\n"
        signed = False
        for line in signatures.split("\n"):
            match = re.match("\u2014 ([^ ]+) ([^ ]+)\\Z", line)
            if not match:
                raise ValueError("a signature line")
            check_name(match[1])
            blob = base64_exact(match[2])
            if len(blob) < 5:
                raise ValueError("a signature line")
            if match[1] == self.name and blob[:4] == self.id:
                if not ed25519_verify(self.public, body.encode("utf-8"), blob[4:]):
                    raise ValueError("the signature does not hold")
                signed = True
        if not signed:
            raise ValueError("no signature by this key")
        lines = body[:-1].split("\n")
        if len(lines) < 3 or "" in lines:
            raise ValueError("the checkpoint lacks a line")
        if not re.match(r"(0|[1-9][0-9]*)\Z", lines[1]) or int(lines[1]) > U64:
            raise ValueError("the size")
        root = base64_exact(lines[2])
        if len(root) != 32:
            raise ValueError("the root")
        if lines[0] != self.name:
            raise ValueError("a checkpoint of another log")
        return int(lines[1]), root


# --- the leaf -----------------------------------------------------------------------------------

LEAF = re.compile(
    r'\{"v":1,"seq":"(?P<seq>[0-9]{20})","at":"(?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)"'
    r',"class":"(?P<class>decision\.|covenant\.|rights\.\.\.|operation)"'
    r',"covenant":"(?P<covenant>[0-9a-f]{64}|\.{64})"'
    r',"recipient":"(?P<recipient>[a-z0-9.-]{64})","source":"(?P<source>[a-z0-9.-]{64})"'
    r',"counters":\{"recipient":"(?P<recipient_no>[0-9]{20}|\.{20})"'
    r',"source":"(?P<source_no>[0-9]{20}|\.{20})","purpose":"(?P<purpose_no>[0-9]{20})"\}'
    r',"n":"[0-9a-f]{64}"'
    r',"request":"(?P<request>[0-9a-f]{64})","answer":"(?P<answer>[0-9a-f]{64})"'
    r',"outcome":"(?P<outcome>[0-9a-f]{64})"\}\Z'
)


def no_dots(text):
    return text.rstrip(".") or None


def counter(text):
    if no_dots(text) is None:
        return None
    if int(text) > U64:
        raise ValueError("a number beyond 64 bits")
    return int(text)


def parse_leaf(text):
    match = LEAF.match(text)
    if not match:
        raise ValueError("the leaf is not of version 1")
    leaf = match.groupdict()
    leaf["seq"] = counter(leaf["seq"])
    # Refuses days and hours that are none; a leap second is not written.
    when = datetime.datetime.strptime(leaf["at"][:19], "%Y-%m-%dT%H:%M:%S")
    if not 1970 <= when.year <= 9998 or when.strftime("%S") != leaf["at"][17:19]:
        raise ValueError("the instant")
    leaf["class"] = no_dots(leaf["class"])
    leaf["covenant"] = no_dots(leaf["covenant"])
    for party in ["recipient", "source"]:
        leaf[party] = no_dots(leaf[party])
        if leaf[party] is not None and not SLUG.match(leaf[party]):
            raise ValueError("a party's name")
        number = leaf[party + "_no"] = counter(leaf[party + "_no"])
        if (leaf[party] is None) != (number is None) or number == 0:
            raise ValueError("counters do not fit the parties")
    leaf["purpose_no"] = counter(leaf["purpose_no"])
    if leaf["purpose_no"] == 0:
        raise ValueError("counters do not fit the parties")
    return leaf


# --- who is owed what ---------------------------------------------------------------------------


def parse_reader(value):
    """Whether this reader reads outcomes, and a function (covenant, party) -> whether it is owed
    every such entry."""
    kind = dict(value).get("as") if isinstance(value, Pairs) else None
    if kind == "operator":
        fields(value, ["as"])
        return True, lambda covenant, party: True
    if kind == "auditor":
        covenants = {
            hex64(a_text(c)).hex() for c in a_list(fields(value, ["as", "covenants"])["covenants"])
        }
        return True, lambda covenant, party: covenant in covenants
    if kind == "party":
        names = set()
        for name in a_list(fields(value, ["as", "names"])["names"]):
            name = fields(name, ["covenant", "party"])
            if not SLUG.match(a_text(name["party"])):
                raise ValueError("a party's name")
            names.add((hex64(a_text(name["covenant"])).hex(), name["party"]))
        return False, lambda covenant, party: (covenant, party) in names
    raise ValueError("the reader")


class Counting:
    """Follows the gapless numbers of every audience."""

    def __init__(self, is_owed, from_start):
        self.is_owed, self.from_start = is_owed, from_start
        self.last, self.unopened = {}, {}

    def observe(self, leaf, opened, purpose):
        covenant = leaf["covenant"]
        for party in ["recipient", "source"]:
            if leaf[party] is not None:
                owed = self.is_owed(covenant, leaf[party])
                self.follow((party, covenant, leaf[party]), leaf[party + "_no"], owed, {})
        waiting = self.unopened.setdefault((covenant, leaf["recipient"]), {})
        number = leaf["purpose_no"]
        if not opened:
            waiting[number] = waiting.get(number, 0) + 1
            return
        owed = self.is_owed(covenant, leaf["recipient"])
        self.follow(("purpose", covenant, purpose, leaf["recipient"]), number, owed, waiting)

    def follow(self, audience, found, owed, waiting):
        last = self.last.get(audience)
        self.last[audience] = found
        if last is None and not (self.from_start and owed):
            return
        expected = (last or 0) + 1
        problem = f"the {audience[0]} counter should be {expected} and is {found}"
        if found < expected:
            raise Broken("counters", problem)
        if not owed:
            return
        # An entry whose purpose was not opened may stand in the gap, once.
        for missing in range(expected, found):
            if not waiting.get(missing):
                raise Broken("counters", problem)
            waiting[missing] -= 1


# --- the export ---------------------------------------------------------------------------------


def parse_opening(value):
    """None where hidden, "erased", or salt and bytes."""
    if value is None or value == "erased":
        return value
    opening = fields(value, ["salt", "bytes"])
    salt, content = hex64(a_text(opening["salt"])), base64_exact(a_text(opening["bytes"]))
    if len(content) > MAX_CONTENT:
        raise ValueError("an opening is longer than 64 KiB")
    return salt, content


def parse_outcome(content, leaf):
    """The purpose that an outcome names. Fields that this program does not need are left alone."""
    try:
        value = parse_json(content)
    except (ValueError, RecursionError) as error:
        raise Broken("outcome", "it is not an outcome") from error
    if not isinstance(value, Pairs):
        raise Broken("outcome", "it is not an outcome")
    keys = [key for key, _ in value]
    found = dict(value)
    kind, purpose = found.get("kind"), found.get("purpose")
    if keys.count("kind") != 1 or keys.count("purpose") > 1 or not isinstance(kind, str):
        raise Broken("outcome", "it is not an outcome")
    if KINDS.get(kind) != leaf["class"]:
        raise Broken("outcome", "its kind is not in the catalogue or not of the leaf's class")
    if purpose is not None and not (isinstance(purpose, str) and SLUG.match(purpose)):
        raise Broken("outcome", "its purpose is not well formed")
    return purpose


class Verifier:
    """Takes an export line by line."""

    def __init__(self, key):
        self.key, self.lines, self.walk, self.counting = key, 0, None, None
        self.records = self.leaves = self.opened = self.erased = 0
        self.last_at = ""
        self.bad = None

    def line(self, line):
        """Whether to go on."""
        self.lines += 1
        index = self.walk.next if self.walk else None
        try:
            if len(line) > MAX_LINE:
                raise Broken("form", "the line is longer than 512 KiB")
            if self.walk is None:
                self.header(line)
            else:
                self.record(line)
        except Broken as broken:
            self.bad = (self.lines, index, broken)
        return self.bad is None

    def finish(self):
        if self.bad is None and self.walk is None:
            self.bad = (self.lines + 1, None, Broken("form", "there is no header"))
        elif self.bad is None and self.walk.next < self.walk.size:
            broken = Broken("complete", "the export ends before the checkpoint")
            self.bad = (self.lines + 1, self.walk.next, broken)

    def found(self):
        if self.bad is None:
            return (
                f"good records={self.records} leaves={self.leaves}"
                f" opened={self.opened} erased={self.erased}"
            )
        line, index, broken = self.bad
        return f"bad line={line} index={'-' if index is None else index} promise={broken.promise}"

    def header(self, line):
        try:
            required = ["format", "origin", "vkey", "checkpoint", "from", "prefix", "reader"]
            header = fields(parse_json(line), required)
            origin, vkey, note = (a_text(header[k]) for k in ["origin", "vkey", "checkpoint"])
            start = a_number(header["from"])
            if a_text(header["format"]) != FORMAT:
                raise ValueError("another format")
            self.reads_outcomes, is_owed = parse_reader(header["reader"])
            prefix = [hex64(a_text(text)) for text in a_list(header["prefix"])]
        except (ValueError, RecursionError) as error:
            raise Broken("form", f"the header is not well formed: {error}") from error
        try:
            size, root = self.key.open(note)
        except ValueError as error:
            raise Broken("checkpoint", str(error)) from error
        if vkey != self.key.vkey or origin != self.key.name:
            raise Broken("checkpoint", "the header names another log or key")
        self.walk = Walk(size, root, start, prefix)
        self.counting = Counting(is_owed, start == 0)

    def record(self, line):
        parts = ["request", "answer", "outcome"]
        try:
            record = fields(parse_json(line), ["index", "proof"], ["hash", "leaf", *parts])
            index = a_number(record["index"])
            proof = [hex64(a_text(text)) for text in a_list(record["proof"])]
            openings = {part: parse_opening(record[part]) for part in parts}
            text, leaf_hash = record["leaf"], record["hash"]
            if (text is None) == (leaf_hash is None):
                raise ValueError("neither leaf nor hash, or both")
            if text is None:
                leaf_hash = hex64(a_text(leaf_hash))
                if any(opening is not None for opening in openings.values()):
                    raise ValueError("an opening of a leaf that is not shown")
            else:
                leaf_hash = sha256(b"\x00", a_text(text).encode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise Broken("form", f"the record is not well formed: {error}") from error
        if self.walk.next >= self.walk.size:
            raise Broken("order", "a record beyond the checkpoint's size")
        if index != self.walk.next:
            raise Broken("order", "another index should follow here")
        if not self.walk.accept(leaf_hash, proof):
            raise Broken("tree", "the leaf or its proof is not what the checkpoint signs")
        if text is not None:
            self.judge_leaf(text, index, openings)
        self.records += 1

    def judge_leaf(self, text, index, openings):
        try:
            leaf = parse_leaf(text)
        except ValueError as error:
            raise Broken("form", str(error)) from error
        if leaf["seq"] != index:
            raise Broken("order", "the leaf's seq is not its index")
        if leaf["at"] < self.last_at:
            raise Broken("time", "it is earlier than a record before it")
        owed = self.counting.is_owed(leaf["covenant"], leaf["recipient"])
        for part, opening in openings.items():
            if isinstance(opening, tuple):
                label = f"covenant-log/1/{part}".encode()
                if sha256(label, b"\x00", *opening).hex() != leaf[part]:
                    raise Broken("openings", f"the {part} does not open its commitment")
            # Where a source is owed the outcome depends on what is in it.
            elif opening is None and owed and (self.reads_outcomes or part != "outcome"):
                raise Broken("openings", f"the {part} is not shown to its reader")
        opened, purpose = isinstance(openings["outcome"], tuple), None
        if opened:
            purpose = parse_outcome(openings["outcome"][1], leaf)
        self.counting.observe(leaf, opened, purpose)
        self.last_at = leaf["at"]
        self.leaves += 1
        self.opened += sum(isinstance(o, tuple) for o in openings.values())
        self.erased += sum(o == "erased" for o in openings.values())


def verify(stream, key):
    verifier = Verifier(key)
    while line := stream.readline(MAX_LINE + 2):
        if not verifier.line(line[:-1] if line.endswith(b"\n") else line):
            break
    verifier.finish()
    return verifier


# --- the command line ---------------------------------------------------------------------------


def judge_export(path, vkey):
    try:
        key = Key(vkey)
    except (ValueError, UnicodeEncodeError) as error:
        print(f"--vkey: {error}", file=sys.stderr)
        return 2
    with open(path, "rb") as stream:
        verifier = verify(stream, key)
    print(verifier.found())
    for promise in PROMISES:
        broken = verifier.bad[2].promise if verifier.bad else None
        state = "holds" if broken is None else "broken" if promise == broken else "held so far"
        print(f"  {promise}: {state}")
    if verifier.bad:
        print(f"  {verifier.bad[2].problem}")
        return 1
    return 0


def judge_vectors(folder):
    failures, count = 0, 0
    for path in sorted(pathlib.Path(folder).glob("*.txt")):
        head, _, _ = path.read_bytes().partition(b"\n\n")
        expected = dict(line.split(": ", 1) for line in head.decode("utf-8").split("\n"))
        with open(path, "rb") as stream:
            stream.seek(len(head) + 2)
            verifier = verify(stream, Key(expected["vkey"]))
        count += 1
        print(f"{path.stem}: {verifier.found()}")
        if verifier.found() != expected["expect"]:
            failures += 1
            print(f"  but it expects: {expected['expect']}")
    print(f"{count} vectors, {failures} judged otherwise than expected")
    return 1 if failures or not count else 0


def main():
    parser = argparse.ArgumentParser(description="Verifies an export of the disclosure log.")
    parser.add_argument("export", nargs="?", help="the export, JSON Lines")
    parser.add_argument("--vkey", help="the log's public key in text form, from the covenant")
    parser.add_argument("--vectors", metavar="DIR", help="judge the vectors in this folder")
    arguments = parser.parse_args()
    if arguments.vectors:
        return judge_vectors(arguments.vectors)
    if not arguments.export or not arguments.vkey:
        parser.error("name an export and --vkey, or --vectors")
    return judge_export(arguments.export, arguments.vkey)


if __name__ == "__main__":
    sys.exit(main())
