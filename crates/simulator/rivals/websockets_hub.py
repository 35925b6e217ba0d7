"""A hub as a Python team would write it on `websockets`: one device and any number of pages a path, texts passed on."""

import asyncio
import sys

from websockets.asyncio.server import broadcast, serve

devices = {}
pages = {}


async def device(socket):
    path = socket.request.path
    devices[path] = socket
    try:
        async for text in socket:
            broadcast(pages.get(path, ()), text)
    finally:
        if devices.get(path) is socket:
            del devices[path]


async def page(socket):
    path = socket.request.path
    pages.setdefault(path, set()).add(socket)
    try:
        async for text in socket:
            if path in devices:
                await devices[path].send(text)
    finally:
        pages[path].discard(socket)


async def main(device_port, page_port, compression):
    options = {"compression": compression, "ping_interval": None, "backlog": 4096}
    async with serve(device, "127.0.0.1", device_port, **options), serve(page, "127.0.0.1", page_port, **options):
        await asyncio.Future()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))
