"""The obvious server with storage: one transaction a message, then a loop of ``await send``.

It speaks as much of the Centrifuge protocol as the load generator does, and keeps what Orderwire
keeps for its readers: a sequence, the entry, an unread count.
"""

import json
import sys
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from storage.engine import Database, Transaction

TABLES = (
    "CREATE TABLE naive_threads (id TEXT PRIMARY KEY, last_seq INTEGER NOT NULL)",
    "CREATE TABLE naive_entries (thread TEXT, seq INTEGER, client_id TEXT, body TEXT,"
    " PRIMARY KEY (thread, seq))",
    "CREATE TABLE naive_unread (thread TEXT PRIMARY KEY, unread INTEGER NOT NULL)",
)
OPEN = (
    "INSERT INTO naive_threads VALUES (:id, 0) ON CONFLICT DO NOTHING",
    "INSERT INTO naive_unread VALUES (:id, 0) ON CONFLICT DO NOTHING",
)
NEXT = "UPDATE naive_threads SET last_seq = last_seq + 1 WHERE id = :id RETURNING last_seq"
ENTRY = "INSERT INTO naive_entries VALUES (:id, :seq, :client_id, :body)"
UNREAD = "UPDATE naive_unread SET unread = unread + 1 WHERE thread = :id"


class NaiveServer:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.listeners: dict[str, set[WebSocket]] = defaultdict(set)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> Any:
        async def create(tx: Transaction) -> None:
            for table in TABLES:
                await tx.connection.execute(text(table))

        await self.database.transaction(create)
        yield
        await self.database.close()

    async def chat(self, socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                for line in (await socket.receive_text()).split("\n"):
                    await self.answer(socket, json.loads(line))
        except WebSocketDisconnect:
            for sockets in self.listeners.values():
                sockets.discard(socket)

    async def answer(self, socket: WebSocket, command: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"id": command["id"]}
        if "subscribe" in command:
            await self.subscribe(socket, command["subscribe"]["channel"])
        elif "rpc" in command:
            reply["rpc"] = {"data": await self.send(command["rpc"]["data"])}
        await socket.send_text(json.dumps(reply))

    async def subscribe(self, socket: WebSocket, channel: str) -> None:
        async def open_thread(tx: Transaction) -> None:
            for statement in OPEN:
                await tx.connection.execute(text(statement), {"id": channel.partition(":")[2]})

        await self.database.transaction(open_thread)
        self.listeners[channel].add(socket)

    async def send(self, message: dict[str, Any]) -> dict[str, Any]:
        thread = {"id": message["conversation"]}

        async def store(tx: Transaction) -> int:
            seq: int = (await tx.connection.execute(text(NEXT), thread)).scalar_one()
            stored = {"client_id": message["client_id"], "body": message["body"], "seq": seq}
            await tx.connection.execute(text(ENTRY), thread | stored)
            await tx.connection.execute(text(UNREAD), thread)
            return seq

        seq = await self.database.transaction(store)
        channel = f"thread:{message['conversation']}"
        publication = {"data": message | {"seq": seq}, "offset": seq}
        push = json.dumps({"push": {"channel": channel, "pub": publication}}, separators=(",", ":"))
        for listener in list(self.listeners[channel]):
            await listener.send_text(push)
        return {"message": message | {"seq": seq}}


if __name__ == "__main__":
    server = NaiveServer(Database.open(sys.argv[2]))
    app = Starlette(
        routes=[WebSocketRoute("/connection/websocket", server.chat)], lifespan=server.lifespan
    )
    uvicorn.run(app, port=int(sys.argv[1]), ws_per_message_deflate=False, log_level="error")
