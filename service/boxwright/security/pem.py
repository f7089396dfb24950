"""PEM files of TLS, judged by OpenSSL, since gRPC tells nothing of those that it cannot use."""

import ssl
from pathlib import Path

from boxwright_contract.errors import BadSettings


def contents(file: Path) -> bytes:
    """Return what a file holds. Raises BadSettings."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadSettings(
            f"{file} cannot be read: {error.strerror}. Check the path and its permissions."
        ) from error


def check_pair(certificate: Path, key: Path) -> None:
    """Raise BadSettings unless the files are a certificate chain and the key of its first."""
    try:
        # The password of an encrypted key would otherwise be asked for at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: b"")
    except (OSError, ValueError) as error:
        raise BadSettings(
            f"the certificate {certificate} and the key {key} cannot be used: {_reason(error)}. "
            "Give a chain in PEM with our own certificate first, and its key in PEM without a "
            "password."
        ) from error


def check_authorities(file: Path) -> None:
    """Raise BadSettings unless the file has certificates of authorities."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(file)
    except OSError as error:
        raise BadSettings(
            f"{file} cannot be used: {_reason(error)}. Give the certificates of the authorities "
            "to trust, in PEM."
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return "the key is of another certificate"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return str(error)
