"""The few pages that the server writes by itself: no script, no foreign content."""

import base64
import hashlib
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import SandboxedEnvironment
from starlette.responses import HTMLResponse

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Renders templates with one style; ``policy`` lets a page have that, and nothing else."""

    def __init__(self, style: str = "page.css") -> None:
        self._style = (TEMPLATES / style).read_text(encoding="utf-8")
        self.policy = _policy(self._style)
        self._templates = SandboxedEnvironment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, template: str, status: HTTPStatus, **values: str | None) -> HTMLResponse:
        """Answer with a page."""
        headers = {"Content-Security-Policy": self.policy, "Cache-Control": "no-store"}
        return HTMLResponse(self.render(template, **values), status, headers=headers)

    def render(self, template: str, **values: Any) -> str:
        """Write a page."""
        return self._templates.get_template(template).render(style=self._style, **values)


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
