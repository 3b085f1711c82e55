#!/usr/bin/env python3
"""Reads the disclosure log from its hash tiles (C2SP tlog-tiles), with Python's standard library only.

Fetches the checkpoint, verifies the log's signature, fetches every hash tile, and makes the signed
root of them twice: of the leaf hashes alone, and of the highest tiles. With --covenant it fetches
the policy of that covenant too, and counts the cosignatures by it. It shares no code with the broker.

    python3 tests/independent/tiles.py https://HOST:PORT --ca CA --cert CERT --key KEY --vkey VKEY

Exits 0 when everything holds, 1 when something does not, 2 on misuse.
"""

import argparse
import http.client
import pathlib
import socket
import ssl
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import verify  # noqa: E402

WIDTH = 256


class Site:
    """The broker's tiles port, as one client sees it."""

    def __init__(self, arguments):
        url = urllib.parse.urlsplit(arguments.url)
        if url.scheme != "https" or not url.hostname or not url.port:
            raise ValueError("the address is https://HOST:PORT")
        self.address = (url.hostname, url.port)
        self.name = arguments.server_name or url.hostname
        self.tls = ssl.create_default_context(cafile=arguments.ca)
        self.tls.load_cert_chain(arguments.cert, arguments.key)
        self.tls.set_alpn_protocols(["http/1.1"])

    def get(self, path):
        """Status and body."""
        connection = http.client.HTTPConnection(*self.address, timeout=20)
        plain = socket.create_connection(self.address, timeout=20)
        connection.sock = self.tls.wrap_socket(plain, server_hostname=self.name)
        try:
            connection.request("GET", path, headers={"Host": self.name})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def need(self, path):
        status, body = self.get(path)
        if status != 200:
            raise verify.Broken("tiles", f"{path} is answered with {status}")
        return body


def tile_path(level, index, width):
    """The one way in which the specification writes a tile's path."""
    groups = [f"{index % 1000:03}"]
    index //= 1000
    while index:
        groups.insert(0, f"x{index % 1000:03}")
        index //= 1000
    return f"/tile/{level}/{'/'.join(groups)}" + ("" if width == WIDTH else f".p/{width}")


def hashes_of(site, level, count):
    """All hashes of a tile level."""
    hashes = []
    for index in range((count + WIDTH - 1) // WIDTH):
        width = min(WIDTH, count - index * WIDTH)
        path = tile_path(level, index, width)
        tile = site.need(path)
        if len(tile) != 32 * width:
            raise verify.Broken("tiles", f"{path} has {len(tile)} bytes and not {32 * width}")
        hashes += [tile[at : at + 32] for at in range(0, len(tile), 32)]
    return hashes


def root_of(hashes):
    """The root over a row of complete subtrees of one height, by RFC 6962."""
    if not hashes:
        return verify.sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    middle = verify.split(len(hashes))
    return verify.node_hash(root_of(hashes[:middle]), root_of(hashes[middle:]))


def judge_tiles(site, size, root):
    """Every level must be made of the one below, and the lowest must make the signed root."""
    leaves = hashes_of(site, 0, size)
    if root_of(leaves) != root:
        raise verify.Broken("tree", "the leaf hashes do not make the signed root")
    below, level = leaves, 1
    while len(below) >= WIDTH:
        made = [root_of(below[at : at + WIDTH]) for at in range(0, len(below) - WIDTH + 1, WIDTH)]
        served = hashes_of(site, level, size >> (8 * level))
        if served != made:
            raise verify.Broken("tree", f"the tiles of level {level} are not made of those below")
        below, level = made, level + 1


def cosigned(note, name, key):
    """Whether a witness cosigned the note (C2SP tlog-cosignature, version 1)."""
    body, _, signatures = note[:-1].rpartition("\n\n")
    identity = verify.sha256(name.encode(), b"\n", key)[:4]
    for line in signatures.split("\n"):
        _, by, blob = line.split(" ")
        blob = verify.base64_exact(blob)
        if by != name or blob[:4] != identity or len(blob) != 4 + 8 + 64:
            continue
        time = int.from_bytes(blob[4:12], "big")
        message = f"cosignature/v1\ntime {time}\n{body}\n".encode()
        if verify.ed25519_verify(key[1:], message, blob[12:]):
            return True
    return False


def judge_policy(policy, note, vkey):
    """How many of the policy's witnesses cosigned, how many there are and how many are needed."""
    witnesses, needed, members, quorum = {}, None, [], None
    for line in policy.splitlines():
        words = line.split()
        if words[:1] == ["log"] and words[1:] != [vkey]:
            raise verify.Broken("policy", "the policy is of another log")
        if words[:1] == ["witness"]:
            name, _, key = words[2].split("+", 2)
            witnesses[words[1]] = (name, verify.base64_exact(key))
        if words[:1] == ["group"]:
            needed, members = int(words[2]), words[3:]
        if words[:1] == ["quorum"]:
            quorum = words[1:]
    if needed is None or quorum != ["getuigen"] or not needed <= len(members):
        raise verify.Broken("policy", "the policy can't be met")
    found = sum(cosigned(note, *witnesses[member]) for member in members)
    if found < needed:
        raise verify.Broken("policy", f"{found} witnesses cosigned and {needed} must")
    return found, len(members)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--ca", required=True, help="PEM of the authority of the broker's certificate")
    parser.add_argument("--cert", required=True, help="PEM of your own certificate")
    parser.add_argument("--key", required=True, help="PEM of its key")
    parser.add_argument("--vkey", required=True, help="the log's key, from the covenant")
    parser.add_argument("--server-name", help="the name in the broker's certificate, if not the host")
    parser.add_argument("--covenant", help="the id of a covenant: counts the cosignatures by its policy")
    parser.add_argument("--refused", metavar="PATH", help="only shows that this path is refused")
    arguments = parser.parse_args()
    try:
        site = Site(arguments)
        key = verify.Key(arguments.vkey)
        if arguments.refused:
            status, body = site.get(arguments.refused)
            print(f"{arguments.refused}: {status} {body.decode('utf-8', 'replace').strip()}")
            return 0 if status >= 400 else 1
        note = site.need("/checkpoint").decode("utf-8")
        size, root = key.open(note)
        judge_tiles(site, size, root)
        print(f"the tiles make the signed root of {size} entries")
        if arguments.covenant:
            policy = site.need(f"/policy/{arguments.covenant}").decode("utf-8")
            found, members = judge_policy(policy, note, arguments.vkey)
            print(f"witnessed by {found} of {members}")
        return 0
    except verify.Broken as broken:
        print(f"does not hold: {broken}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f"can't be read: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
