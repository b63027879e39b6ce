"""The web server: gunicorn, run inside this process so that it ends with it."""

from __future__ import annotations

import json
import pkgutil
import select
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import LimitRequestLine
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from geodata.messages import Message
from gridmap.i18n import preferred_language, translate
from gridmap.jobs.processes import beside
from gridmap.settings import Settings

#: The most that gunicorn takes: the outline in a filter of CQL2 can be long.
_LONGEST_LINE = 8190
#: How long a thread waits for the next request of its client.
_STAYS_MS = 1


def run(settings: Settings, *, dev: bool = False) -> None:
    """Serve the pages until a signal ends it.

    Parameters
    ----------
    settings : Settings
        With the database's URL and the secret key set.
    dev : bool, default False
        Whether the program is loaded anew when its files change.
    """
    with beside(settings):
        _Server(settings, dev=dev).run()


class _Worker(ThreadWorker):  # type: ignore[misc]  # As above.
    """Stays with a client who asks on and on, and answers addresses that no page of ours sees."""

    def handle(self, conn: Any) -> Any:
        """Answer a request, and by the same thread the next, if the client sends it at once.

        To hand a connection back and be given it again takes a tenth of the time of a small page.
        Where there are fewer threads than connections, the others need this one.
        """
        kept = super().handle(conn)
        while kept is True and self.alive and self.nr_conns <= self.cfg.threads:
            waiting = select.poll()
            waiting.register(conn.sock, select.POLLIN)
            if not waiting.poll(_STAYS_MS):
                break
            kept = super().handle(conn)
        return kept

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        told = Message(
            "The address has over {most} characters. Ask for less at once.", most=_LONGEST_LINE
        )
        # RFC 9457: with "about:blank" the title is the status' own phrase. The headers that could
        # ask for a language come after the line and are not read, so it is that of the pages.
        problem = {
            "type": "about:blank",
            "title": "URI Too Long",
            "status": 414,
            "detail": translate(told, self.app.settings.lang or "zh"),
        }
        content = json.dumps(problem, ensure_ascii=False).encode()
        head = (
            "HTTP/1.1 414 URI Too Long\r\nConnection: close\r\n"
            f"Content-Type: application/problem+json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with suppress(OSError):
            write_nonblock(client, head.encode() + content)


class _Server(BaseApplication):  # type: ignore[misc]  # Gunicorn has no type information.
    def __init__(self, settings: Settings, *, dev: bool) -> None:
        self.settings = settings
        self.dev = dev
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        options: dict[str, Any] = {
            "bind": f"{host}:{self.settings.port}",
            "workers": 1 if self.dev else self.settings.workers,
            "worker_class": _Worker,
            "threads": self.settings.threads,
            # Loaded once, the libraries' memory is shared by all workers.
            "preload_app": not self.dev,
            "reload": self.dev,
            "loglevel": "info" if self.dev else "warning",
            "timeout": 120,
            "graceful_timeout": 5,
            "limit_request_line": _LONGEST_LINE,
            "control_socket_disable": True,
            "post_worker_init": self._begin,
            "worker_exit": self._finish,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        # Imports point downward from the pages; only their name is known on this floor.
        create_app: Callable[[Settings], Any] = pkgutil.resolve_name("webui:create_app")
        return create_app(self.settings)

    def _begin(self, worker: Any) -> None:
        """Let the first worker say the address when the server answers there."""
        # Ctrl-C reaches every process of the terminal; the workers end when they are told to,
        # and a second signal while they end would leave them hanging.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        warm: Callable[[Any], None] = pkgutil.resolve_name("webui.warming:warm")
        threading.Thread(target=warm, args=(worker.wsgi,), daemon=True).start()
        if worker.age == 1:
            url = "http://{}:{}".format(*worker.sockets[0].getsockname()[:2])
            threading.Thread(target=_say_when_answering, args=(url,), daemon=True).start()

    def _finish(self, server: Any, worker: Any) -> None:
        """Let a worker that ends write what it still keeps in memory."""
        # A worker that could not start has no application.
        app = getattr(worker, "wsgi", None)
        if app is not None:
            close: Callable[[Any], None] = pkgutil.resolve_name("webui.agencies.keys:close")
            close(app)


def _say_when_answering(url: str) -> None:
    """Ask until there is an answer. A redirect or a refusal is one; a fault is not."""
    for _ in range(100):
        try:
            urllib.request.urlopen(url, timeout=30).close()  # noqa: S310 - It is our own.
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                _say(Message("The server answers with a fault ({code}).", code=error.code))
                return
        except OSError:
            time.sleep(0.1)
            continue
        _say(Message("gridmap is ready: {url} (Ctrl-C ends it)", url=url))
        return


def _say(message: Message) -> None:
    print(translate(message, preferred_language()), file=sys.stdout, flush=True)
