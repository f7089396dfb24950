"""The address that a user gives -> the servers that a channel asks."""

import ipaddress
import socket
from collections.abc import Iterator

from boxwright_contract.errors import BadSettings, Unreachable


def target(address: str) -> str:
    """Return what gRPC calls the servers of an address: one, or several with commas between.

    Names among several are looked up now, once. A single name is left to gRPC, which looks it up
    again when connections break, and asks every server that it stands for.

    Raises:
        BadSettings: One of several has no port.
        Unreachable: One of several has a name that nobody knows.

    Example:
        >>> target("localhost:50051")
        'localhost:50051'
        >>> target("10.0.0.1:50051, 10.0.0.2:50051")
        'ipv4:10.0.0.1:50051,10.0.0.2:50051'
    """
    if "," not in address or "://" in address or address.startswith(("ipv4:", "ipv6:", "unix:")):
        return address
    parts = [part.strip() for part in address.split(",")]
    found = [one for part in parts for one in _looked_up(part, address)]
    if all(ip.version == 4 for ip, _ in found):
        return "ipv4:" + ",".join(f"{ip}:{port}" for ip, port in found)
    mapped = (
        (f"::ffff:{ip}" if ip.version == 4 else str(ip).partition("%")[0], port)
        for ip, port in found
    )
    return "ipv6:" + ",".join(f"[{ip}]:{port}" for ip, port in mapped)


def first_host(address: str) -> str:
    """Return the host of the first server of an address.

    Example:
        >>> first_host("detect-1:50051,detect-2:50051")
        'detect-1'
    """
    return address.split(",")[0].strip().rpartition(":")[0].strip("[]")


def _looked_up(
    part: str, address: str
) -> Iterator[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]]:
    host, colon, port = part.rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise BadSettings(
            f"'{part}' in '{address}' is not HOST:PORT. Write servers as in a:50051,b:50051."
        )
    try:
        entries = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except (OSError, OverflowError) as error:
        raise Unreachable(
            f"'{host}' in '{address}' is not known ({error}). Correct the address."
        ) from error
    for *_, (ip, number, *_) in entries:
        yield ipaddress.ip_address(ip), int(number)
