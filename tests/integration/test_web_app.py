"""The built web app: its files by name, its page wherever a browser goes, under a strict policy."""

from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest

from realtime.api.app import Edge, create_app
from realtime.api.pages import Pages
from realtime.api.peers import Peers
from realtime.api.static import WebApp

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FILES = {
    "index.html": "<!doctype html><title>app</title>",
    "demo.html": "<!doctype html><title>demo</title>",
    "sw.js": "self.addEventListener('push', show)",
    "manifest.webmanifest": "{}",
    "icon.svg": "<svg/>",
    "assets/app-3f2a.js": "console.log('x');" * 200,
    "assets/app-3f2a.css": "body{}",
    "assets/font-1.woff2": "font",
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    for name, content in FILES.items():
        path = tmp_path / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "secret.txt").write_text("a secret")
    return tmp_path / "static"


async def call(
    folder: Path,
    path: str,
    *,
    method: str = "GET",
    demo: bool = False,
    headers: Mapping[str, str] | None = None,
) -> httpx2.Response:
    """Ask for a path of the app in ``folder``."""
    routes = WebApp(folder, pages=Pages(), demo=demo).routes()
    edge = Edge(
        peers=Peers(()), new_id=lambda: "r", monotonic=lambda: 0.0, is_backend=lambda _key: False
    )
    transport = httpx2.ASGITransport(app=create_app(routes, edge))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await http.request(method, path, headers=headers)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sw.js", "text/javascript; charset=utf-8"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("icon.svg", "image/svg+xml"),
        ("assets/app-3f2a.js", "text/javascript; charset=utf-8"),
        ("assets/app-3f2a.css", "text/css; charset=utf-8"),
        ("assets/font-1.woff2", "font/woff2"),
    ],
)
async def test_a_file_is_what_it_says_and_nothing_else(built: Path, name: str, kind: str) -> None:
    answer = await call(built, f"/{name}")
    assert (answer.status_code, answer.text) == (200, FILES[name])
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_has_a_hash_in_its_name_is_kept_for_ever_and_the_rest_is_asked_about(
    built: Path,
) -> None:
    asset = await call(built, "/assets/app-3f2a.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    for path in ("/", "/sw.js", "/manifest.webmanifest"):
        assert (await call(built, path)).headers["cache-control"] == "no-cache"


async def test_what_one_has_already_is_not_sent_again(built: Path) -> None:
    tag = (await call(built, "/")).headers["etag"]
    answer = await call(built, "/", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag
    assert (await call(built, "/", headers={"If-None-Match": 'W/"another"'})).status_code == 200


async def test_texts_are_packed_for_who_can_unpack_them(built: Path) -> None:
    packed = await call(built, "/assets/app-3f2a.js", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.text == FILES["assets/app-3f2a.js"]
    plain = await call(built, "/assets/app-3f2a.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(plain.content) > int(packed.headers["content-length"])


@pytest.mark.parametrize(
    "path", ["/", "/orders/0192", "/conversations/x", "/settings", "/ops/dead"]
)
async def test_a_browser_gets_the_app_wherever_it_goes(built: Path, path: str) -> None:
    answer = await call(built, path, headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, FILES["index.html"])
    head = await call(built, path, method="HEAD", headers=BROWSER)
    assert head.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/v1/nothing", "/u", "/connection/nothing", "/assets/gone-1.js", "/metrics/x", "/favicon.ico"],
)
async def test_what_is_no_page_is_not_found_for_a_browser_either(built: Path, path: str) -> None:
    answer = await call(built, path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_who_does_not_ask_for_a_page_gets_none(built: Path) -> None:
    assert (await call(built, "/orders/1", headers={"Accept": "*/*"})).status_code == 404
    assert (await call(built, "/orders/1", method="POST", headers=BROWSER)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"]
)
async def test_nothing_outside_of_the_folder_is_reached(built: Path, path: str) -> None:
    for headers in ({"Accept": "*/*"}, BROWSER):
        answer = await call(built, path, headers=headers)
        assert answer.status_code == 404


async def test_the_policy_allows_no_script_but_our_own_files(built: Path) -> None:
    policy = (await call(built, "/")).headers["content-security-policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["style-src"] == "'self'"
    assert directives["connect-src"] == "'self'"
    # What was said and filmed comes from here, or has yet to be sent.
    assert directives["media-src"] == "'self' blob:"
    assert directives["frame-ancestors"] == "'self'"
    assert directives["base-uri"] == "'none'"
    assert "unsafe" not in policy


async def test_the_demos_page_is_there_in_the_demo_alone(built: Path) -> None:
    shown = await call(built, "/demo", demo=True, headers=BROWSER)
    assert (shown.status_code, shown.text) == (200, FILES["demo.html"])
    for path in ("/demo", "/demo.html"):
        assert (await call(built, path, headers=BROWSER)).status_code == 404


async def test_without_a_build_a_page_says_what_is_missing(tmp_path: Path) -> None:
    answer = await call(tmp_path / "static", "/", headers=BROWSER)
    assert answer.status_code == 503
    assert "make web" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
