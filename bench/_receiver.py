"""A receiver that does nothing but note when each message first came; run as a process of its own.

Prints its port; when standard input closes, prints {id: seconds since the epoch} and how many requests came.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time


async def main() -> None:
    came: dict[str, float] = {}
    requests = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
        body = await reader.readexactly(int(headers["content-length"]))
        came.setdefault(headers.get("webhook-id", ""), time.time())
        requests += 1
        content = b""
        if b'"challenge"' in body:
            content = json.dumps({"challenge": json.loads(body)["data"]["challenge"]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=256)
    _say(server.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    _say(json.dumps({"came": came, "requests": requests}))


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
