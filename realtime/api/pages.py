"""The few pages that the server writes by itself: no script, no foreign content."""

import base64
import hashlib
from http import HTTPStatus
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import SandboxedEnvironment
from starlette.responses import HTMLResponse

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Renders a template with the style that all of them share."""

    def __init__(self) -> None:
        self._style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
        self._policy = _policy(self._style)
        self._templates = SandboxedEnvironment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, template: str, status: HTTPStatus, **values: str | None) -> HTMLResponse:
        """Answer with a page."""
        content = self._templates.get_template(template).render(style=self._style, **values)
        headers = {"Content-Security-Policy": self._policy, "Cache-Control": "no-store"}
        return HTMLResponse(content, status, headers=headers)


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
