# SPDX-License-Identifier: Apache-2.0
"""A way to the API server that can be cut and stopped up: an HTTP proxy, which a kubeconfig names as its proxy-url."""
import asyncio
import random
import threading
import urllib.parse

import yaml


class Relay:
    """One for each controller. All of them live on one thread."""

    loop = None

    @classmethod
    def on_loop(cls, coroutine):
        if cls.loop is None:
            cls.loop = asyncio.new_event_loop()
            threading.Thread(target=cls.loop.run_forever, daemon=True).start()
        return asyncio.run_coroutine_threadsafe(coroutine, cls.loop).result(10)

    def __init__(self, kubeconfig, copy):
        """Writes to copy a kubeconfig that goes this way."""
        with open(kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        address = urllib.parse.urlsplit(config["clusters"][0]["cluster"]["server"])
        self.target = (address.hostname, address.port or 443)
        self.opened = 0  # connections so far
        self.links = {}  # the writer to the controller -> that to the server, and the event that lets data pass
        self.server = self.on_loop(asyncio.start_server(self._serve, "127.0.0.1", 0))
        port = self.server.sockets[0].getsockname()[1]
        config["clusters"][0]["cluster"]["proxy-url"] = f"http://127.0.0.1:{port}"
        copy.write_text(yaml.safe_dump(config))
        copy.chmod(0o600)

    async def _serve(self, reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            to_reader, to_writer = await asyncio.open_connection(*self.target)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.close()
            return
        self.opened += 1
        is_open = asyncio.Event()
        is_open.set()
        self.links[writer] = (to_writer, is_open)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        always = asyncio.Event()
        always.set()
        await asyncio.gather(self._pass(reader, to_writer, always), self._pass(to_reader, writer, is_open))
        self.links.pop(writer, None)

    @staticmethod
    async def _pass(reader, writer, may_pass):
        try:
            while data := await reader.read(1 << 16):
                await may_pass.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def cut(self):
        """Every connection ends now, with a reset, in the middle of whatever it was. Returns how many did."""
        return self.on_loop(self._cut())

    async def _cut(self):
        links = list(self.links.items())
        for near, (far, is_open) in links:
            near.transport.abort()
            far.transport.abort()
            is_open.set()
        return len(links)

    def stall(self, seed, seconds):
        """What the server says on some of the connections comes later: a controller that acts on an old view.

        Returns on how many.
        """
        return self.on_loop(self._stall(random.Random(seed), seconds))

    async def _stall(self, chance, seconds):
        stalled = [is_open for _, is_open in self.links.values() if chance.random() < 0.6]
        for is_open in stalled:
            is_open.clear()
            self.loop.call_later(seconds, is_open.set)
        return len(stalled)

    def go_on(self):
        self.on_loop(self._go_on())

    async def _go_on(self):
        for _, is_open in self.links.values():
            is_open.set()

    def close(self):
        self.on_loop(self._close())

    async def _close(self):
        self.server.close()
        await self._cut()
