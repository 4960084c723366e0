"""Free ports on the loopback interface."""

import random
import socket

# Below the system's range for outgoing connections (32768 and up): no connection can get the port
# of a server while the server is stopped.
LOWEST, HIGHEST = 20_000, 32_000


def free_port() -> int:
    for port in random.sample(range(LOWEST, HIGHEST), 200):
        if is_free(port):
            return port
    raise OSError("No free port on 127.0.0.1.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
