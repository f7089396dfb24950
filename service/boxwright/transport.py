"""What the connections of a server may cost, and how those that are dead or idle are found."""

import resource

SECOND = 1000
ROOM_OVER_LIMIT = 1.25
"""gRPC itself refuses messages that are so many times our limit, with a bare message. Below that
they come in, whatever room was counted for them, and are refused with the cure."""
UNASKED_BYTES = 256 << 10
"""Of a call whose request is not asked for, at most so many are taken from the connection. A larger
request takes a round trip more."""
MOST_CALLS_OF_A_CONNECTION = 1000
"""Those over it wait in the client. More than a server takes, so that it can refuse the rest."""
MOST_FILES = 65_536
OTHER_FILES = 200
"""Open files that are no connections: models, libraries, logs. An estimate, and generous."""

Options = list[tuple[str, int]]


def open_many_files() -> None:
    """Let this process have as many connections and files open at once as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most_files()
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_files() -> int:
    """Return how many files a server may have open that called `open_many_files`."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)


def server_options(max_message_bytes: int, connection_age_s: float = 0) -> Options:
    """Return the gRPC options of a server.

    Args:
        max_message_bytes: The largest request.
        connection_age_s: After which a connection takes no new calls, and ends with its last; 0:
            never.
    """
    age = [("grpc.max_connection_age_ms", round(connection_age_s * SECOND))]
    return [
        *(age if connection_age_s else []),
        ("grpc.max_receive_message_length", int(max_message_bytes * ROOM_OVER_LIMIT)),
        ("grpc.http2.lookahead_bytes", UNASKED_BYTES),
        ("grpc.http2.bdp_probe", 0),  # which would raise that to 16 MiB
        ("grpc.so_reuseport", 0),  # or two servers would share a port without a word
        ("grpc.max_concurrent_streams", MOST_CALLS_OF_A_CONNECTION),
        ("grpc.max_allowed_incoming_connections", _most_connections()),
        # Who connects and says nothing, or does not end TLS's handshake.
        ("grpc.server_handshake_timeout_ms", 10 * SECOND),
        # Who calls nothing for long. Watches of health count as calls.
        ("grpc.max_connection_idle_ms", 600 * SECOND),
        # Who is gone without a goodbye.
        ("grpc.keepalive_time_ms", 60 * SECOND),
        ("grpc.keepalive_timeout_ms", 20 * SECOND),
        # Clients may look for us in the same way: grpcio's own limit is once in 5 minutes.
        ("grpc.http2.min_ping_interval_without_data_ms", 10 * SECOND),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10 * SECOND),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


def _most_connections() -> int:
    """Return how many connections leave room for other files."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    files = MOST_FILES if soft == resource.RLIM_INFINITY else min(soft, MOST_FILES)
    return max(files - OTHER_FILES, files // 2)
