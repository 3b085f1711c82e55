"""UUID version 7 (RFC 9562, section 5.7). Python 3.14 has its own: uuid.uuid7."""

import os
import time
import uuid


def uuid7():
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 2 << 62))
