"""Hosts for a test: each a network of its own where this machine lends one, else a process behind a wire of its own that can be cut.

The database listens on a socket of the file system; the wire is a forwarder on the host's side, so that whoever is cut off is
silent and not refused, as behind a dead switch.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

PORT = 55999
FOUND_DEAD = 25.0
"""Seconds until the server's keepalives, ten and three times five, have found a peer dead."""


class Wire:
    """Forwards TCP to the server's socket. `cut`: nothing passes any more in either direction, and nobody is told."""

    def __init__(self, address: str, target: str) -> None:
        self._cut = threading.Event()
        self._target = target
        self._ends: list[socket.socket] = []
        self._far: list[socket.socket] = []
        self._listening = socket.create_server((address, PORT if address != "127.0.0.1" else 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()
        alive = threading.Timer(FOUND_DEAD, self._found_dead)
        alive.daemon = True
        alive.start()

    def _found_dead(self) -> None:
        """A server on the network finds this by the keepalives that storage.database asks of it; a socket of the file system has none."""
        for far in self._far:
            with suppress(OSError):
                far.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut.clear()

    def close(self) -> None:
        self._listening.close()
        for one in self._ends:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._target)
                self._ends += (near, far)
                self._far.append(far)
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if self._cut.is_set():
                    return  # what is on its way is lost, and the line stays silent
                other.sendall(data)
        if not self._cut.is_set():  # whoever was killed resets the line instead of closing it: that is passed on too
            with suppress(OSError):
                other.shutdown(socket.SHUT_WR)


class Host:
    """A worker of starflow somewhere else."""

    def __init__(self, number: int, url: str, environment: Mapping[str, str], own_network: bool) -> None:
        self.name, self.own_network = f"sf{os.getpid() % 100000}n{number}", own_network
        self._address = f"10.77.{number}.1" if own_network else "127.0.0.1"
        if own_network:
            self._network(number)
        address = sa.make_url(url)
        folder = str(address.query["host"])
        self.wire = Wire(self._address, str(Path(folder) / f".s.PGSQL.{address.port or 5432}"))
        here = address.set(host=self._address, port=self.wire.port).difference_update_query(["host"])
        self.url = here.render_as_string(hide_password=False)
        inside = ["ip", "netns", "exec", self.name] if own_network else []
        said = [*inside, sys.executable, "-c", "from starflow.cli import main; main()", "worker"]
        env = {**os.environ, **environment, "STARFLOW_DATABASE_URL": self.url}
        self.process = subprocess.Popen(said, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def cut(self) -> None:
        if self.own_network:
            _ip("link", "set", f"{self.name}v", "down")
        self.wire.cut()

    def mend(self) -> None:
        if self.own_network:
            _ip("link", "set", f"{self.name}v", "up")
        self.wire.mend()

    def close(self) -> None:
        self.process.kill()
        self.process.wait(30)
        self.wire.close()
        if self.own_network:
            _ip("netns", "del", self.name)

    def _network(self, number: int) -> None:
        """A namespace with one cable to this machine."""
        near, far = f"{self.name}v", f"{self.name}w"
        _ip("netns", "add", self.name)
        _ip("link", "add", near, "type", "veth", "peer", "name", far)
        _ip("link", "set", far, "netns", self.name)
        _ip("addr", "add", f"{self._address}/24", "dev", near)
        _ip("link", "set", near, "up")
        for said in (
            ("addr", "add", f"10.77.{number}.2/24", "dev", far),
            ("link", "set", far, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("netns", "exec", self.name, "ip", *said)


def _ip(*said: str) -> None:
    subprocess.run(["ip", *said], check=True, capture_output=True)


def own_networks() -> bool:
    """Whether this machine lends networks: it takes root, and Debian's iproute2."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    done = subprocess.run(["ip", "netns", "add", f"sfprobe{os.getpid()}"], capture_output=True, check=False)
    if done.returncode == 0:
        _ip("netns", "del", f"sfprobe{os.getpid()}")
    return done.returncode == 0


@contextmanager
def hosts(number: int, url: str, environment: Mapping[str, str]) -> Iterator[list[Host]]:
    own = own_networks()
    with ExitStack() as stack:
        found: list[Any] = []
        for n in range(1, number + 1):
            host = Host(n, url, environment, own)
            stack.callback(host.close)
            found.append(host)
        yield found
