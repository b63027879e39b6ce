"""Take the pictures of the documents from the demo town: Chinese and English, desktop and phone.

Run by `make screenshots`. The town lives in a database of its own, which the next run finds.
"""

from __future__ import annotations

import logging
import shutil
import threading
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from gridmap.db import make_engine
from gridmap.demo import load
from gridmap.embedded import Cluster
from gridmap.migrate import migrate
from gridmap.settings import Settings
from gridmap.workforce.demo import PASSWORD
from gridmap.workforce.sign_in import sign_in
from webui import create_app
from webui.access import COOKIE

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
#: The name of a picture, its address, and what must stand on the page before it is taken.
PAGES = [("map", "/map?category=A&lang={language}", "html[data-map-ready] #count[data-count]")]
SIZES = {"desktop": (1366, 768), "phone": (390, 844)}
LARGEST_BYTES = 400_000
FLAGS = [
    # Root may not run Chromium's sandbox, and it opens no page but ours.
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def take(browser: Browser, server: str, token: str) -> None:
    """Take every page in each language and size."""
    for language in ("zh", "en"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                is_mobile=size == "phone",
                has_touch=size == "phone",
                locale={"zh": "zh-CN", "en": "en-GB"}[language],
            )
            context.add_cookies([{"name": COOKIE, "value": token, "url": server}])
            page = context.new_page()
            for name, address, ready in PAGES:
                page.goto(server + address.format(language=language))
                page.wait_for_selector(ready, state="attached")
                page.wait_for_timeout(500)
                path = FOLDER / f"{name}-{language}-{size}.png"
                # A palette takes a third of the bytes, and nobody sees the difference.
                picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
                picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
                if path.stat().st_size > LARGEST_BYTES:
                    raise SystemExit(f"{path.name} is larger than {LARGEST_BYTES:,} bytes")
                print(f"{path.name}: {path.stat().st_size:,} bytes")
            context.close()


def main() -> None:
    """Serve the demo town and take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with Cluster(Settings().data_dir / "tests", durable=False).running() as cluster:
        url = cluster.ensure_database("gridmap_screenshots")
        app = create_app(Settings(database_url=url))
        engine = make_engine(url)
        migrate(engine)
        load(engine, "town", 1)
        with Session(engine) as session, session.begin():
            token = sign_in(session, "supervisor", PASSWORD).token
        engine.dispose()
        if token is None:
            raise SystemExit("The demo's supervisor cannot sign in.")
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            take(browser, f"http://127.0.0.1:{server.server_port}", token)
            browser.close()
        server.shutdown()
        app.extensions["gridmap.engine"].dispose()


if __name__ == "__main__":
    main()
