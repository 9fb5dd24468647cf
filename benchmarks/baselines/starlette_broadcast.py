"""The obvious server: Starlette on uvicorn, a loop of ``await send`` over everybody."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

everybody: set[WebSocket] = set()


async def chat(socket: WebSocket) -> None:
    await socket.accept()
    everybody.add(socket)
    try:
        while True:
            message = await socket.receive_text()
            for other in list(everybody):
                await other.send_text(message)
    except WebSocketDisconnect:
        pass
    finally:
        everybody.discard(socket)


if __name__ == "__main__":
    port, implementation = int(sys.argv[1]), sys.argv[2]
    uvicorn.run(
        Starlette(routes=[WebSocketRoute("/", chat)]),
        port=port,
        ws=implementation,
        ws_per_message_deflate=False,
        log_level="error",
    )
