"""A process whose data lies on a small file system of its own: what happens when that is full, and when there is room again.

`unshare --map-root-user --mount python full_disk.py FOLDER`: mounts a tmpfs at FOLDER that nobody else sees, prints JSON lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path

from serving import end
from waitress.server import create_server

import amends
from amends.engine.errors import Unavailable
from amends.webui import create_app

ROOM = "24m"


def tell(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def fill(folder: Path) -> Path:
    """Take all the room there is."""
    ballast = folder / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def file_complaint(application: amends.Application, number: int) -> str:
    data = {"subject": f"Number {number}", "description": "The train never came", "name": "J. Meyer"}
    return str(application.register.file(data, actor="complainant", channel="web").reference)


def main(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], check=True)
    application = amends.open(data=folder)
    application.deploy_shipped()
    application.runner.start()
    acknowledged = [file_complaint(application, number) for number in range(5)]
    server = create_server(create_app(application), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()

    ballast = fill(folder)
    refused = []
    for number in range(5, 2000):
        # What is still free inside the database's own files is used up first.
        try:
            acknowledged.append(file_complaint(application, number))
        except Unavailable as error:
            refused.append(str(error))
            if len(refused) == 3:
                break
    tell(refused=refused)
    tell(page=typed_on_a_full_disk(f"http://127.0.0.1:{server.effective_port}"))

    ballast.unlink()
    acknowledged.append(file_complaint(application, 9999))
    with application.engine.database.reading():
        found = [application.register.get(reference=reference).reference for reference in acknowledged]
    application.runner.stop()
    application.engine.seal()
    report = application.engine.verify()
    tell(lost=sorted(set(acknowledged) - set(found)), faults=[str(fault) for fault in report.faults], after=acknowledged[-1] in found)
    end(server)
    application.close()


def typed_on_a_full_disk(address: str) -> list[object]:
    """Send a step of the complaint form as a browser does; status, Retry-After, and whether what was typed comes back."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = browser.open(f"{address}/complain/1").read().decode()
    token = page.split('name="amends_csrf" value="')[1].split('"')[0]
    sent = urllib.parse.urlencode({"amends_csrf": token, "description": "My luggage is gone", "go": "next"}).encode()
    try:
        answer = browser.open(f"{address}/complain/1", sent)
    except urllib.error.HTTPError as error:
        return [error.code, error.headers["Retry-After"], "My luggage is gone" in error.read().decode()]
    return [answer.status, None, None]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    os._exit(0)
