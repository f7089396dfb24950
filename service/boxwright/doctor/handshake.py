"""A TLS handshake with ourselves, in memory: what a client would be shown."""

import ssl
from pathlib import Path
from typing import Any

ANY_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name."""
ROUNDS = 8
"""More than any handshake takes."""


def shown(certificate: Path, key: Path) -> dict[str, Any]:
    """Return the certificate as a client sees it, expired or not.

    Raises:
        ssl.SSLError: A client that trusts it refuses it all the same: it is not for servers.
    """
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    theirs.check_hostname = False
    theirs.load_verify_locations(certificate)
    theirs.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ANY_TIME
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = theirs.wrap_bio(to_client, to_server)
    server = ours.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(ROUNDS):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.getpeercert() or {}
