#!/usr/bin/env python3
"""Computes every token of tests/vectors/token.txt again, with Python's standard library only.

It shares no code with the crate `pseudonym`: an agreement means that the page that describes the
keyed hash can be built from. Exits 0 when everything agrees, 1 when something differs.

    python3 tests/independent/tokens.py [FILE]
"""

import hashlib
import hmac
import json
import pathlib
import struct
import sys

SALT = b"covenant-broker/pseudonym/v1"
FINGERPRINT = b"covenant-broker/covenant-key/fingerprint/v1"
COMMITMENT = b"covenant-broker/covenant-key/commitment/v1"


def lp(text):
    """The text's bytes after their number, two bytes, most significant first."""
    data = text.encode("utf-8")
    return struct.pack(">H", len(data)) + data


def hkdf_sha256(salt, ikm, info, length):
    """RFC 5869: extract, then expand."""
    prk = hmac.new(salt, ikm, hashlib.sha256).digest()
    okm, block, counter = b"", b"", 1
    while len(okm) < length:
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        okm, counter = okm + block, counter + 1
    return okm[:length]


def subkey(key, covenant, epoch, match_key_id):
    """The key of one match key under one covenant and epoch."""
    info = lp(covenant) + struct.pack(">I", epoch) + lp(match_key_id)
    return hkdf_sha256(SALT, key, info, 32)


def token(match_key, kind, values):
    """The token of a subject's values under a match key's own key."""
    message = lp(kind) + b"".join(lp(name) + lp(value) for name, value in values)
    return hmac.new(match_key, message, hashlib.sha256).digest()


def fingerprint(key):
    """What people compare aloud."""
    return hashlib.sha256(FINGERPRINT + b"\0" + key).digest()[:8]


def commitment(key):
    """What the maker of a key signs."""
    return hashlib.sha256(COMMITMENT + b"\0" + key).digest()


def blocks(text):
    """The file's blocks: lists of (name, value), one block per empty line."""
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            yield [tuple(line.split(": ", 1)) for line in lines]


def check(block):
    """What is wrong with a block, and how many values were compared."""
    head = dict(block)
    key = bytes.fromhex(head["key"])
    wrong, compared = [], 0

    def compare(what, computed, written):
        nonlocal compared
        compared += 1
        if computed != written:
            wrong.append(f"{head['name']}: {what} is {computed}, not {written}")

    compare("fingerprint", fingerprint(key).hex(), head["fingerprint"])
    compare("commitment", commitment(key).hex(), head["commitment"])
    match_key = subkey(key, head["covenant"], int(head["epoch"]), head["match_key_id"])
    compare("subkey", match_key.hex(), head["subkey"])
    values = []
    for name, value in block:
        if name == "values":
            values = json.loads(value)
            spelled = head["comparison"] + "/" + "+".join(field for field, _ in values)
            compare("match_key_id", spelled, head["match_key_id"])
        elif name == "token":
            compare("token", token(match_key, head["kind"], values).hex(), value)
    return wrong, compared


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "vectors" / "token.txt"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    wrong, compared = [], 0
    for block in blocks(path.read_text(encoding="utf-8")):
        more, count = check(block)
        wrong += more
        compared += count
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong or compared < 50:
        print(f"{len(wrong)} of {compared} values differ", file=sys.stderr)
        return 1
    print(f"{compared} values agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
