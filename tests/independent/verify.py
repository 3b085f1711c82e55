#!/usr/bin/env python3
"""Verifies an evidence bundle or an export of the disclosure log, with nothing but its own text.

    verify.py BUNDLE [--vkey VKEY]        a folder; "." is the folder that you stand in
    verify.py EXPORT.jsonl --vkey VKEY    the entries alone
    verify.py --vectors DIR               judges every vector and compares with what it expects
    verify.py --bundles DIR               the same for bundles, which cases.jsonl makes of those there

Exit code 0 when every promise holds, 1 when one does not, 2 on misuse.

This program shares no line with the log's own verifier. It needs Python 3.11 (3.9 for an export) and
its standard library; Ed25519 is RFC 8032 as written, the tree RFC 6962, the checkpoint a C2SP signed
note, the signatures DSSE over in-toto statements. The formats stand in docs/disclosure-log.md.
"""

import argparse
import base64
import binascii
import datetime
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
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
    "subject-looked-up": "rights",
    "erasure": "rights",
    "request-passed-on": "rights",
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


@functools.lru_cache(maxsize=4096)
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


def take_apart(note):
    """The text that is signed, and the name and the bytes of each signature."""
    if len(note.encode("utf-8")) > MAX_NOTE:
        raise ValueError("the note is longer than 8 KiB")
    if any(unicodedata.category(c) == "Cc" and c != "\n" for c in note):
        raise ValueError("a control character in the note")
    if not note.endswith("\n") or "\n\n" not in note[:-1]:
        raise ValueError("the note lacks an empty line or its last line feed")
    body, _, lines = note[:-1].rpartition("\n\n")
    signatures = []
    for line in lines.split("\n"):
        match = re.match("\u2014 ([^ ]+) ([^ ]+)\\Z", line)
        if not match:
            raise ValueError("a signature line")
        check_name(match[1])
        blob = base64_exact(match[2])
        if len(blob) < 5:
            raise ValueError("a signature line")
        signatures.append((match[1], blob))
    return body + "\n", signatures


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
        body, signatures = take_apart(note)
        signed = False
        for name, blob in signatures:
            if name == self.name and blob[:4] == self.id:
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


def plain_reader(value):
    """A reader that parse_reader took, as a manifest writes it: sorted, nothing twice."""
    reader = dict(value)
    if "covenants" in reader:
        reader["covenants"] = sorted(set(reader["covenants"]))
    if "names" in reader:
        names = {(dict(name)["covenant"], dict(name)["party"]) for name in reader["names"]}
        reader["names"] = [{"covenant": c, "party": p} for c, p in sorted(names)]
    return {key: reader[key] for key in ["as", "covenants", "names"] if key in reader}


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

    def __init__(self, key, as_written=False):
        """With `as_written` every line must be the one way in which an export is written."""
        self.key, self.lines, self.walk, self.counting = key, 0, None, None
        self.as_written, self.shows = as_written, hashlib.sha256()
        self.records = self.leaves = self.opened = self.erased = 0
        self.last_at = ""
        self.bad = None
        self.note = self.reader = self.leaf = None

    def line(self, line):
        """Whether to go on."""
        self.lines += 1
        self.leaf = None
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
            self.reader = plain_reader(header["reader"])
            prefix = [hex64(a_text(text)) for text in a_list(header["prefix"])]
            if self.as_written:
                is_written({**header, "reader": self.reader}, required, line)
        except (ValueError, RecursionError) as error:
            raise Broken("form", f"the header is not well formed: {error}") from error
        try:
            size, root = self.key.open(note)
        except ValueError as error:
            raise Broken("checkpoint", str(error)) from error
        if vkey != self.key.vkey or origin != self.key.name:
            raise Broken("checkpoint", "the header names another log or key")
        self.note = note
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
        if self.as_written:
            self.judge_form(record, line)
        shows = 0
        if text is not None:
            self.judge_leaf(text, index, openings)
            for part in reversed(parts):
                shown = 2 if isinstance(openings[part], tuple) else openings[part] is not None
                shows = shows << 2 | shown
            shows |= 64
        self.shows.update(bytes([shows]))
        self.records += 1

    def judge_form(self, record, line):
        for part in ["request", "answer", "outcome"]:
            if isinstance(record[part], Pairs):
                record[part] = fields(record[part], ["salt", "bytes"])
        order = ["index", "hash", "leaf", "proof", "request", "answer", "outcome"]
        try:
            is_written(record, [name for name in order if record[name] is not None], line)
        except ValueError as error:
            raise Broken("form", str(error)) from error

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
        self.last_at, self.leaf = leaf["at"], leaf
        self.leaves += 1
        self.opened += sum(isinstance(o, tuple) for o in openings.values())
        self.erased += sum(o == "erased" for o in openings.values())


def is_written(value, names, line):
    """JSON has many ways to write one line; an export has one."""
    value = {name: value[name] for name in names}
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if text.encode("utf-8") != line:
        raise ValueError("it is written in another form than an export's")


def verify(stream, key):
    verifier = Verifier(key)
    while line := stream.readline(MAX_LINE + 2):
        if not verifier.line(line[:-1] if line.endswith(b"\n") else line):
            break
    verifier.finish()
    return verifier


# --- the evidence bundle ------------------------------------------------------------------------

EVIDENCE = "covenant-evidence/2"
EVIDENCE_KEYS = "covenant-evidence-keys/1"
EVIDENCE_PROMISES = ["files", "checkpoint", "covenants", "keys", "signatures", "witnesses"]
ALWAYS = ["checkpoint.txt", "keys.json", "entries.jsonl", "README.md", "verify.py"]
MAX_FILE = 4 * 1024 * 1024
COVENANT_FILE = re.compile(r"covenants/([0-9a-f]{64})\.toml\Z")
SIGNATURE_FILE = re.compile(r"covenants/([0-9a-f]{64})\.([a-z0-9-]{1,64})\.dsse\.json\Z")


def pretty(value):
    return (json.dumps(value, indent=2) + "\n").encode("ascii")


def parse_manifest(content):
    """The manifest, which is written in one way only."""
    manifest = fields(
        parse_json(content), ["format", "origin", "vkey", "reader", "covenants", "files"]
    )
    parse_reader(manifest["reader"])
    manifest["reader"] = plain_reader(manifest["reader"])
    files = {}
    for item in a_list(manifest["files"]):
        # What is hashed of the entries is what they show: all else in them is fixed otherwise.
        entries = isinstance(item, Pairs) and ("path", "entries.jsonl") in item
        digest = "shows" if entries else "sha256"
        item = fields(item, ["path", "length", digest])
        path = a_text(item["path"])
        if path not in ALWAYS and not COVENANT_FILE.match(path) and not SIGNATURE_FILE.match(path):
            raise ValueError("a file that a bundle has not")
        files[path] = {
            "path": path,
            "length": a_number(item["length"]),
            digest: hex64(a_text(item[digest])).hex(),
        }
    manifest["files"] = [files[path] for path in sorted(files)]
    listed = [COVENANT_FILE.match(path) for path in sorted(files)]
    manifest["covenants"] = [match[1] for match in listed if match]
    for name in ["format", "origin", "vkey"]:
        a_text(manifest[name])
    if manifest["format"] != EVIDENCE or any(path not in files for path in ALWAYS):
        raise ValueError("another format, or a file that every bundle has is not listed")
    if pretty(manifest) != content:
        raise ValueError("not written as a manifest is")
    manifest["files"] = files
    return manifest


def key_of(text):
    """A key as a covenant writes it."""
    if not text.startswith("ed25519:"):
        raise ValueError("not an Ed25519 key")
    body = text[len("ed25519:") :]
    return bytes.fromhex(body) if len(body) == 64 else base64_exact(body)


class Covenant:
    """What matters here of a covenant's file."""

    def __init__(self, content):
        import tomllib  # from Python 3.11 on; an export alone needs it not

        value = tomllib.loads(content.decode("utf-8"))
        self.id, self.version = value["convenant"]["id"], value["convenant"]["versie"]
        self.log = key_of(value["logboek"]["sleutel"])
        self.signers, self.witnesses, self.signed = {}, {}, set()
        for name, party in value["partij"].items():
            self.signers[name] = key_of(party["ondertekenaar"]["sleutel"])
            node = party.get("knooppunt")
            self.witnesses[name] = key_of(node["getuige"]) if node else None


def quorum(parties):
    """How many parties must have cosigned before a checkpoint counts as witnessed."""
    return parties if parties < 4 else (parties + (parties - 1) // 3) // 2 + 1


def verify_signature(content, digest, party, covenant):
    """A party's DSSE envelope over an in-toto statement about the covenant's bytes."""
    key = covenant.signers.get(party)
    if key is None:
        raise ValueError("the covenant names no such signer")
    envelope = fields(parse_json(content), ["payloadType", "payload", "signatures"])
    if len(a_list(envelope["signatures"])) != 1:
        raise ValueError("not one signature")
    signature = fields(envelope["signatures"][0], ["sig"], ["keyid"])
    kind, payload = a_text(envelope["payloadType"]), base64_exact(a_text(envelope["payload"]))
    written = {
        "payloadType": kind,
        "payload": envelope["payload"],
        "signatures": [{"keyid": sha256(key)[:8].hex(), "sig": a_text(signature["sig"])}],
    }
    if (json.dumps(written, separators=(",", ":")) + "\n").encode("ascii") != content:
        raise ValueError("not written as an envelope is")
    if kind != "application/vnd.in-toto+json":
        raise ValueError("another kind of payload")
    encoded = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    if not ed25519_verify(key, encoded, base64_exact(signature["sig"])):
        raise ValueError("the signature does not hold")
    statement = fields(parse_json(payload), ["_type", "subject", "predicateType", "predicate"])
    if statement["_type"] != "https://in-toto.io/Statement/v1":
        raise ValueError("not an in-toto statement")
    if statement["predicateType"] != "urn:covenant:signoff:v1":
        raise ValueError("not a sign-off")
    if len(a_list(statement["subject"])) != 1:
        raise ValueError("not one subject")
    subject = fields(statement["subject"][0], ["name", "digest"])
    if fields(subject["digest"], ["sha256"])["sha256"] != digest or subject["name"] != covenant.id:
        raise ValueError("a signature of another file")
    predicate = dict(statement["predicate"])
    if predicate.get("party") != party or predicate.get("version") != covenant.version:
        raise ValueError("a signature of another party or version")


def cosigners(note, key, witnesses):
    """Which witness keys cosigned, and when. Stricter than a log's own notes need to be."""
    body, signatures = take_apart(note)
    found = {}
    for place, (name, blob) in enumerate(signatures):
        if (name == key.name and blob[:4] == key.id) != (place == 0):
            raise ValueError("the log's own signature must stand first, and once")
        if place == 0:
            continue
        named = [w for w in witnesses if sha256(name.encode(), b"\n\x04", w)[:4] == blob[:4]]
        if not named:
            raise ValueError("a cosignature by a key that no covenant here names")
        if len(blob) != 4 + 8 + 64:
            raise ValueError("the signature does not hold")
        time = int.from_bytes(blob[4:12], "big")
        message = f"cosignature/v1\ntime {time}\n{body}".encode()
        if not ed25519_verify(named[0], message, blob[12:]):
            raise ValueError("the signature does not hold")
        if named[0] in found:
            raise ValueError("a witness cosigned twice")
        found[named[0]] = time
    return found


def measure(place, path):
    """What a manifest lists of a file."""
    content = place.read_bytes()
    return {"path": path, "length": len(content), "sha256": sha256(content).hex()}


def walk_folder(folder):
    """Every file below a folder by its path, and every folder that a bundle has not. A link is not
    followed."""
    found = set()
    for entry in os.scandir(folder):
        if entry.name == "covenants" and entry.is_dir(follow_symlinks=False):
            found.update("covenants/" + inner.name for inner in os.scandir(entry.path))
        else:
            found.add(entry.name)
    return found


class Bundle:
    """Judges a folder."""

    def __init__(self, folder, vkey):
        self.folder, self.vkey, self.bad = pathlib.Path(folder), vkey, None
        self.covenants, self.cosigned, self.signatures, self.passed = {}, {}, 0, []
        self.entries = None
        try:
            self.judge()
        except Broken as broken:
            self.bad = self.bad or (broken.file, None, None, broken)

    def broken(self, file, promise, problem):
        broken = Broken(promise, str(problem))
        broken.file = file
        return broken

    def read(self, path):
        return (self.folder / path).read_bytes()

    def judge(self):
        manifest = self.judge_files()
        self.passed.append("files")
        key, note = self.judge_checkpoint(manifest)
        self.passed.append("checkpoint")
        for digest in manifest["covenants"]:
            path = f"covenants/{digest}.toml"
            content = self.read(path)
            try:
                if sha256(content).hex() != digest:
                    raise ValueError("its SHA-256 is not the one in its name")
                self.covenants[digest] = Covenant(content)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise self.broken(path, "covenants", error) from error
        self.passed.append("covenants")
        self.judge_keys(key)
        self.passed.append("keys")
        self.judge_signatures(manifest)
        self.passed.append("signatures")
        witnesses = {w for c in self.covenants.values() for w in c.witnesses.values() if w}
        try:
            self.cosigned = cosigners(note, key, sorted(witnesses))
        except ValueError as error:
            raise self.broken("checkpoint.txt", "witnesses", error) from error
        self.passed.append("witnesses")
        self.judge_entries(manifest, key, note)

    def judge_files(self):
        there = walk_folder(self.folder)
        if "manifest.json" not in there:
            raise self.broken("manifest.json", "files", "it is missing")
        try:
            manifest = parse_manifest(self.read("manifest.json"))
        except (ValueError, RecursionError, OSError) as error:
            raise self.broken("manifest.json", "files", error) from error
        for path in sorted(there | set(manifest["files"])):
            listed = manifest["files"].get(path)
            if path == "manifest.json":
                continue
            if listed is None:
                raise self.broken(path, "files", "the manifest does not list it")
            if path not in there:
                raise self.broken(path, "files", "it is missing")
            place = self.folder / path
            if place.is_symlink() or not place.is_file():
                raise self.broken(path, "files", "it is no file")
            length = place.stat().st_size
            if path == "entries.jsonl":
                changed = length != listed["length"]
            else:
                changed = length > MAX_FILE or measure(place, path) != listed
            if changed:
                raise self.broken(path, "files", "it was changed: length or SHA-256 differ")
        return manifest

    def judge_checkpoint(self, manifest):
        try:
            key = Key(self.vkey or manifest["vkey"])
        except (ValueError, UnicodeEncodeError) as error:
            raise self.broken("manifest.json", "checkpoint", error) from error
        self.vkey_used = key.vkey
        if manifest["vkey"] != key.vkey or manifest["origin"] != key.name:
            raise self.broken("manifest.json", "checkpoint", "it names another log or key")
        try:
            note = self.read("checkpoint.txt").decode("utf-8")
            key.open(note)
        except ValueError as error:
            raise self.broken("checkpoint.txt", "checkpoint", error) from error
        return key, note

    def judge_keys(self, key):
        parties = []
        for digest, covenant in self.covenants.items():
            if covenant.log != key.public:
                why = "its [logboek] sleutel is another key than the one that signed the log"
                raise self.broken(f"covenants/{digest}.toml", "keys", why)
            for party in sorted(covenant.signers):
                witness = covenant.witnesses[party]
                parties.append(
                    {
                        "covenant": digest,
                        "party": party,
                        "signer": "ed25519:" + covenant.signers[party].hex(),
                        "witness": witness and "ed25519:" + witness.hex(),
                    }
                )
        expected = {"format": EVIDENCE_KEYS, "log": key.vkey, "parties": parties}
        if self.read("keys.json") != pretty(expected):
            why = "it does not list exactly the keys that log and covenants name"
            raise self.broken("keys.json", "keys", why)

    def judge_signatures(self, manifest):
        for path in sorted(manifest["files"]):
            match = SIGNATURE_FILE.match(path)
            if not match:
                continue
            covenant = self.covenants.get(match[1])
            try:
                if covenant is None:
                    raise ValueError("its covenant is not in the bundle")
                verify_signature(self.read(path), match[1], match[2], covenant)
            except (ValueError, TypeError, RecursionError) as error:
                raise self.broken(path, "signatures", error) from error
            covenant.signed.add(match[2])
            self.signatures += 1

    def judge_entries(self, manifest, key, note):
        named, verifier = set(), Verifier(key, as_written=True)
        self.entries = verifier
        with open(self.folder / "entries.jsonl", "rb") as stream:
            while line := stream.readline(MAX_LINE + 2):
                index = verifier.walk.next if verifier.walk else None
                if not verifier.line(line[:-1] if line.endswith(b"\n") else line):
                    break
                try:
                    if verifier.lines == 1:
                        self.judge_header(verifier, manifest, note)
                    elif verifier.leaf is not None and verifier.leaf["covenant"] is not None:
                        self.judge_leaf(verifier.leaf)
                        named.add(verifier.leaf["covenant"])
                except Broken as broken:
                    self.bad = ("entries.jsonl", verifier.lines, index, broken)
                    return
        verifier.finish()
        if verifier.bad:
            self.bad = ("entries.jsonl", *verifier.bad)
            return
        if verifier.shows.hexdigest() != manifest["files"]["entries.jsonl"]["shows"]:
            why = "its entries show other parts than the manifest says"
            raise self.broken("entries.jsonl", "files", why)
        reader = manifest["reader"]
        named.update(reader.get("covenants", []))
        named.update(name["covenant"] for name in reader.get("names", []))
        for digest in manifest["covenants"]:
            if digest not in named:
                why = "no entry and no reader names this covenant"
                raise self.broken(f"covenants/{digest}.toml", "covenants", why)

    def judge_header(self, verifier, manifest, note):
        if verifier.note != note:
            raise Broken("checkpoint", "its checkpoint is not the one in checkpoint.txt")
        if verifier.reader != manifest["reader"]:
            raise Broken("form", "its reader is not the one in the manifest")

    def judge_leaf(self, leaf):
        covenant = self.covenants.get(leaf["covenant"])
        if covenant is None:
            raise Broken("covenants", "its covenant is not in the bundle")
        if leaf["class"] == "decision" and covenant.signed != set(covenant.signers):
            raise Broken("signatures", "a decision under a covenant that not every party signed")

    def found(self):
        if self.bad is None:
            return (
                f"{self.entries.found()} covenants={len(self.covenants)}"
                f" signatures={self.signatures} cosignatures={len(self.cosigned)}"
            )
        file, line, index, broken = self.bad
        at = "" if line is None else f" line={line} index={'-' if index is None else index}"
        return f"bad file={file}{at} promise={broken.promise}"


# --- the command line ---------------------------------------------------------------------------


def standing(verifier, promise):
    """Whether one promise of an export holds, or was not judged."""
    bad = verifier.bad
    broken = bad[2].promise if bad else None
    if broken == promise:
        return "broken"
    rank = PROMISES.index
    at_record = bad is not None and bad[1] is not None and broken != "complete"
    passed = at_record and rank(promise) < rank(broken)
    if promise == "form":
        judged = verifier.note is not None or (broken is not None and rank(broken) > 0)
    elif promise == "checkpoint":
        judged = verifier.note is not None
    elif promise in ["order", "tree"]:
        judged = verifier.records > 0 or passed
    elif promise == "complete":
        judged = bad is None
    else:
        judged = verifier.leaves > 0 or passed
    return ("held so far" if bad else "holds") if judged else "not judged"


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
        print(f"  {promise}: {standing(verifier, promise)}")
    if verifier.bad:
        print(f"  {verifier.bad[2].problem}")
        return 1
    return 0


def judge_bundle(path, vkey):
    bundle = Bundle(path, vkey)
    print(bundle.found())
    broken = bundle.bad[3].promise if bundle.bad else None
    for promise in EVIDENCE_PROMISES:
        state = "broken" if promise == broken else "holds"
        # What the entries show is judged after all of them.
        if promise == "files" and bundle.bad and bundle.bad[1] is not None:
            state = "held so far"
        print(f"  {promise}: {state if promise in [broken, *bundle.passed] else 'not judged'}")
    for promise in [p for p in PROMISES if p != "checkpoint"]:
        state = "not judged"
        if promise == broken:
            state = "broken"
        elif bundle.entries:
            state = standing(bundle.entries, promise)
            state = "held so far" if bundle.bad and state == "holds" else state
        print(f"  {promise}: {state}")
    for digest, covenant in bundle.covenants.items():
        cosigned = sum(w in bundle.cosigned for w in covenant.witnesses.values())
        need = quorum(len(covenant.signers))
        print(f"covenant {covenant.id} version {covenant.version}, SHA-256 {digest}")
        print(f"  signed by {len(covenant.signed)} of {len(covenant.signers)} parties")
        word = "witnessed" if cosigned >= need else "not witnessed"
        print(f"  {cosigned} witnesses cosigned the checkpoint, {need} needed: {word}")
    if not vkey:
        print("The log's key comes from the bundle itself. Compare it with what a party gives you:")
        print(f"  {getattr(bundle, 'vkey_used', '-')}")
    print("The parties' keys come from the covenants. Compare keys.json with what they give you.")
    if bundle.bad:
        print(f"First that is wrong: {bundle.found()[4:]}: {bundle.bad[3].problem}")
        return 1
    return 0


def judge_each(paths, vkey):
    """One line for each bundle, for whoever has many."""
    good = True
    for path in paths:
        bundle = Bundle(path, vkey)
        good = good and bundle.bad is None
        print(f"{path}: {bundle.found()}")
    return 0 if good else 1


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


def make_case(case, folder, root):
    """A bundle as a line of cases.jsonl says: a copy of a good one, changed."""
    shutil.copytree(folder / case["of"], root)
    for path in case["gone"]:
        (root / path).unlink()
    for path, text in case["new"].items():
        (root / path).write_bytes(text.encode("utf-8"))
    for edit in case["edits"]:
        content, at = (root / edit["path"]).read_bytes(), edit["at"]
        content = content[:at] + edit["text"].encode("utf-8") + content[at + edit["length"] :]
        (root / edit["path"]).write_bytes(content)


def judge_bundle_vectors(folder):
    folder, failures, count = pathlib.Path(folder), 0, 0
    with tempfile.TemporaryDirectory() as root:
        for line in (folder / "cases.jsonl").read_text("utf-8").splitlines():
            case = json.loads(line)
            place = pathlib.Path(root) / str(count)
            make_case(case, folder, place)
            bundle = Bundle(place, case["vkey"])
            count += 1
            print(f"{case['name']}: {bundle.found()}")
            if bundle.found() != case["expect"]:
                failures += 1
                print(f"  but it expects: {case['expect']}")
    print(f"{count} bundles, {failures} judged otherwise than expected")
    return 1 if failures or not count else 0


def main():
    parser = argparse.ArgumentParser(
        description="Verifies an evidence bundle, or an export of the disclosure log."
    )
    parser.add_argument("path", nargs="*", help="a bundle (a folder), or an export (JSON Lines)")
    parser.add_argument("--vkey", help="the log's public key in text form, from whom you trust")
    parser.add_argument("--vectors", metavar="DIR", help="judge the vectors in this folder")
    parser.add_argument("--bundles", metavar="DIR", help="judge the bundles of this folder")
    arguments = parser.parse_args()
    if arguments.vectors:
        return judge_vectors(arguments.vectors)
    if arguments.bundles:
        return judge_bundle_vectors(arguments.bundles)
    if not arguments.path:
        parser.error("name a bundle, or an export and --vkey")
    if arguments.vkey:
        try:
            Key(arguments.vkey)
        except (ValueError, UnicodeEncodeError) as error:
            print(f"--vkey: {error}", file=sys.stderr)
            return 2
    if len(arguments.path) > 1:
        return judge_each(arguments.path, arguments.vkey)
    if os.path.isdir(arguments.path[0]):
        return judge_bundle(arguments.path[0], arguments.vkey)
    if not arguments.vkey:
        parser.error("an export alone needs --vkey")
    return judge_export(arguments.path[0], arguments.vkey)


if __name__ == "__main__":
    sys.exit(main())
