"""When certificates expire. The standard library tells it of peers alone, so DER is read here."""

import base64
import calendar
import math
import re
import time
from collections.abc import Iterator

CERTIFICATE = re.compile(
    rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----(?P<base64>.+?)-----END \1-----", re.DOTALL
)
SEQUENCE, UTC_TIME = 0x30, 0x17
"""Tags of DER."""
VALIDITY = 2
"""Its place among the sequences of a certificate: signature, issuer, validity.

Source:
    RFC 5280, section 4.1.
"""


def first_expiry(pem: bytes) -> float:
    """Return when the first of a PEM's certificates expires, in seconds since 1970, else inf."""
    ders = (base64.b64decode(found["base64"]) for found in CERTIFICATE.finditer(pem))
    return min(map(_not_after, ders), default=math.inf)


def _not_after(der: bytes) -> float:
    _, certificate = next(_elements(der))
    _, to_be_signed = next(_elements(certificate))
    sequences = [content for tag, content in _elements(to_be_signed) if tag == SEQUENCE]
    _, (tag, moment) = _elements(sequences[VALIDITY])
    text = moment.decode()
    if tag == UTC_TIME:  # two digits of the year
        text = ("19" if text >= "50" else "20") + text
    return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%SZ"))


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the content of one element of DER after another."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:  # then it tells how many bytes tell the length
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size]), at + size
        yield tag, der[at : at + length]
        at += length
