"""Ask this container's own `/readyz`; exit code 1 unless it answers 200. Imports little: it runs often."""

import os
import socket
import sys

_PORTS = [value for name, value in os.environ.items() if name.endswith("_HTTP_PORT") or name == "SIM_PORT"]
_REQUEST = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def main() -> int:
    """0 when ready."""
    try:
        with socket.create_connection(("127.0.0.1", int(_PORTS[0]) if _PORTS else 8000), timeout=4) as sock:
            sock.sendall(_REQUEST)
            answer = b"".join(iter(lambda: sock.recv(4096), b""))
    except OSError as error:
        answer = str(error).encode()
    ready = answer.startswith(b"HTTP/1.1 200")
    if not ready:
        sys.stdout.write(answer.partition(b"\r\n\r\n")[2].decode(errors="replace") or repr(answer))
    return 0 if ready else 1


if __name__ == "__main__":
    raise SystemExit(main())
