"""Real frames to begin with: what SDKs send in both encodings, how browsers ask for a socket."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from centrifuge.codecs import _ProtobufCodec as SdkProtobuf

THREAD, INBOX = "thread:1", "inbox:anna"
MESSAGE = {"conversation": "1", "client_id": "c1", "body": "Grüße 😀", "reply_to": 3}
RECOVERY = {"recover": True, "offset": 7, "epoch": "e", "flag": 2, "join_leave": True}
CONNECT: Mapping[str, Any] = {
    "id": 1,
    "connect": {
        "token": "anna",
        "data": {"inbox": True},
        "name": "js",
        "version": "5.8.0",
        "subs": {INBOX: {"recover": True, "offset": 3, "epoch": "e"}},
    },
}
# What comes behind the connect, in the order of the protocol's page.
COMMANDS: Sequence[Mapping[str, Any]] = (
    {"id": 2, "subscribe": {"channel": THREAD, **RECOVERY}},
    {"id": 3, "unsubscribe": {"channel": THREAD}},
    {"id": 4, "history": {"channel": THREAD, "limit": 10, "since": {"offset": 3, "epoch": "e"}}},
    {"id": 5, "presence": {"channel": THREAD}},
    {"id": 6, "presence_stats": {"channel": THREAD}},
    {"id": 7, "rpc": {"method": "message.send", "data": MESSAGE}},
    {"id": 8, "rpc": {"method": "typing", "data": {"conversation": "1", "typing": True}}},
    {"id": 9, "rpc": {"method": "receipt.read", "data": {"conversation": "1", "seq": 4}}},
    {"id": 10, "rpc": {"method": "focus", "data": {"conversation": None}}},
    {"id": 11, "refresh": {"token": "anna"}},
    {"id": 12, "ping": {}},
    {"id": 13, "publish": {"channel": THREAD, "data": {}}},
    {"id": 14, "sub_refresh": {"channel": THREAD, "token": "t"}},
    {"send": {"data": {"method": "typing", "data": {"conversation": "1"}}}},
)


def _in_json(*commands: Mapping[str, Any]) -> bytes:
    return "\n".join(json.dumps(each, ensure_ascii=False) for each in commands).encode()


def _in_protobuf(*commands: Mapping[str, Any]) -> bytes:
    return bytes(SdkProtobuf().encode_commands([_with_bytes(each) for each in commands]))


def _with_bytes(command: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``data`` as the SDK wants it in Protobuf: as bytes, in base64."""
    written: dict[str, Any] = {}
    for name, request in command.items():
        if isinstance(request, dict) and "data" in request:
            data = base64.b64encode(json.dumps(request["data"]).encode()).decode()
            request = {**request, "data": data}
        written[name] = request
    return written


JSON_CONNECT, PROTOBUF_CONNECT = _in_json(CONNECT), _in_protobuf(CONNECT)
JSON_FRAMES = (
    JSON_CONNECT,
    b"{}",
    *map(_in_json, COMMANDS),
    _in_json(CONNECT, *COMMANDS),
    b'{"id":1,"rpc":{"method":"message.send","data":{"body":"\\ud83d"}}}',
)
PROTOBUF_FRAMES = (
    PROTOBUF_CONNECT,
    b"\x00",
    *map(_in_protobuf, COMMANDS),
    _in_protobuf(CONNECT, *COMMANDS),
)

_LINES = (
    b"Host: orderwire.example",
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Version: 13",
)


def _request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join((line, *headers, b"", body))


UPGRADE = _request(b"GET /connection/websocket HTTP/1.1", *_LINES)
UPGRADES = (
    UPGRADE,
    _request(
        b"GET /connection/websocket?x=1 HTTP/1.1",
        *_LINES,
        b"Origin: https://orderwire.example",
        b"Sec-WebSocket-Protocol: centrifuge-protobuf, centrifuge-json",
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ),
    _request(b"GET /connection/websocket HTTP/1.1", *_LINES, b"Origin: https://evil.example"),
    _request(b"GET /elsewhere HTTP/1.1", *_LINES),
    _request(
        b"POST /connection/http_stream HTTP/1.1",
        b"Host: orderwire.example",
        b"Content-Length: %d" % len(JSON_CONNECT),
        body=JSON_CONNECT,
    ),
    _request(
        b"POST /emulation HTTP/1.1",
        b"Host: orderwire.example",
        b"Transfer-Encoding: chunked",
        body=b'2b\r\n{"session":"s","node":"n","data":"{\\"id\\":2}"}\r\n0\r\n\r\n',
    ),
    _request(b"GET /connection/sse?cf_connect=%7B%7D HTTP/1.1", b"Host: orderwire.example"),
)
