"""The dashboard's page, and the form to sign in."""

from html import escape
from pathlib import Path
from typing import Final

from aiohttp import web

from services.dashboard.web.endpoint import Asked

STATIC: Final = Path(__file__).parent.parent / "static"
HEAD: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/css/base.css">'
    '<link rel="stylesheet" href="/static/css/plain.css"></head>'
)


class Pages:
    """Shows pages."""

    def __init__(self) -> None:
        self._dashboard = (STATIC / "index.html").read_text(encoding="utf-8")

    async def dashboard(self, _: Asked) -> web.Response:
        """Show the dashboard."""
        return web.Response(text=self._dashboard, content_type="text/html")


class StaticFiles:
    """Serves the files of the pages, and nothing else of this machine."""

    def __init__(self) -> None:
        files = (path for path in STATIC.rglob("*") if path.is_file())
        self._files = {path.relative_to(STATIC).as_posix(): path for path in files}

    async def get(self, request: web.Request) -> web.FileResponse:
        """Return a file; a missing one is an error like every other (aiohttp's own route answers with no body)."""
        path = self._files.get(request.match_info["path"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)


def login_page(problem: str = "", status: int = 200, name: str = "") -> web.Response:
    """Make the form to sign in, with what was wrong the last time, and who it was."""
    alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    first, then = ("", " autofocus") if name else (" autofocus", "")  # whoever mistyped goes on with the password
    text = (
        HEAD.format(title="Sign in")
        + f"""<body class="signing-in"><main><h1>Asha Voice</h1><p class="lead">Calls to borrowers, as they happen.</p>
<form method="post" action="/login">{alert}
<label>Name <input name="name" value="{escape(name)}" autocomplete="username" required{first} maxlength="100">
</label>
<label>Password <input name="password" type="password" autocomplete="current-password" required{then} maxlength="200">
</label>
<button class="primary">Sign in</button></form></main></body></html>"""
    )
    return web.Response(text=text, content_type="text/html", status=status)
