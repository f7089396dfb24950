"""Why TLS with a server failed: gRPC's words -> what happened, and the cure."""

TROUBLES = {
    "certificate has expired": (
        "its certificate has expired. Let its operator renew it; the server takes a new one "
        "without a restart."
    ),
    "CERTIFICATE_VERIFY_FAILED": (
        "its certificate is signed by nobody that we trust. Give the certificate of the authority "
        "that signed it (ca, --ca, BOXWRIGHT_CA)."
    ),
    "Hostname Verification Check failed": (
        "its certificate is for another name. Use an address that it is for, or give that name "
        "(server_name, --server-name, BOXWRIGHT_SERVER_NAME)."
    ),
    "WRONG_VERSION_NUMBER": (
        "it does not speak TLS. Leave out tls, ca and certificate (--tls, --ca, --certificate)."
    ),
    "alert certificate required": (
        "it asks for a certificate of ours. Give one that its authority signed (certificate and "
        "key, --certificate and --key)."
    ),
    "Tls handshake failed": "TLS with it failed. Look at both sides' certificates.",
    "Socket closed": (
        "it closed the connection. It may have stopped; or it speaks TLS (--tls, --ca), or asks "
        "for a certificate that it trusts (--certificate, --key)."
    ),
}
"""In the order in which they are looked for."""


def tls_trouble(message: str) -> str | None:
    """Return what happened and the cure, None where TLS is not to blame.

    Example:
        >>> tls_trouble("last error: Socket closed")[:33]
        'it closed the connection. It may '
    """
    return next((told for words, told in TROUBLES.items() if words in message), None)
