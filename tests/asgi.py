"""One request to an application within this process: one event loop for all of them, because a loop costs more than most answers."""

import os
from functools import cache
from queue import SimpleQueue
from threading import Thread
from typing import Any

import anyio
import httpx
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI


def asked(
    app: FastAPI, method: str, path: str, *, base: str, address: str = "127.0.0.1", **more: Any
) -> httpx.Response:
    """What the application answers to whoever speaks from `address`; `base` is the name under which it was called."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(address, 5000))
        async with httpx.AsyncClient(transport=transport, base_url=base, trust_env=False) as client:
            return await client.request(method, path, **more)

    return _loop(os.getpid()).call(ask)


@cache
def _loop(_: int) -> BlockingPortal:
    """A loop in a thread of its own that ends with the process; a forked child starts another."""
    found = SimpleQueue[BlockingPortal]()

    async def stand_by() -> None:
        async with BlockingPortal() as portal:
            found.put(portal)
            await portal.sleep_until_stopped()

    Thread(target=anyio.run, args=(stand_by,), daemon=True).start()
    return found.get()
