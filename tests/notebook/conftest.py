"""A JupyterLab of our own and a headless Chromium that opens notebooks in it; without them these tests are skipped."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

TOKEN = "dicompix"
PATIENCE = 60_000  # ms: a busy machine may take its time to start a kernel
NEEDED = ("jupyterlab", "notebook", "ipykernel", "anywidget", "playwright")
APPS = {"lab": "doc/tree", "notebook": "notebooks"}  # JupyterLab and Notebook 7


def chromium() -> str:
    """Return the path of Chromium, or skip."""
    installed = {(found.metadata["Name"] or "").lower() for found in distributions()}
    missing = [name for name in NEEDED if name not in installed]
    if missing:
        pytest.skip(f"these tests need {', '.join(missing)}: pip install {' '.join(missing)}")
    found = os.environ.get("DICOMPIX_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("these tests need Chromium: apt-get install chromium, or its path in DICOMPIX_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Give a headless Chromium."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(folder: Path, theme: str) -> None:
    """Write JupyterLab's settings: no questions at the start, and a theme."""
    chosen = {
        "notification": {"fetchNews": "false", "checkForUpdates": False},
        "themes": {"theme": theme},
    }
    place = folder / "@jupyterlab" / "apputils-extension"
    place.mkdir(parents=True)
    for name, content in chosen.items():
        (place / f"{name}.jupyterlab-settings").write_text(json.dumps(content))


@contextmanager
def server(folder: Path, theme: str) -> Iterator[str]:
    """Run JupyterLab, with Notebook 7 beside it, on a folder; give its address."""
    settings(folder / ".settings", theme)
    port = free_port()
    own = {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings"),
        **{f"JUPYTER_{name}_DIR": str(folder / f".{name}") for name in ("CONFIG", "DATA", "RUNTIME")},
        "IPYTHONDIR": str(folder / ".ipython"),
    }
    options = (
        *(f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.port={port}"),
        *(
            "--no-browser",
            "--allow-root",
            "--expose-app-in-browser",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--ServerApp.port_retries=0",
        ),
    )
    with (folder / ".log").open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", *options]
        running = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **own}, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api/status?token={TOKEN}", running, folder / ".log")
        yield address
    finally:
        running.terminate()
        running.wait(30)


def wait_for(url: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(PATIENCE // 500):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
        except (urllib.error.URLError, OSError):
            assert running.poll() is None, log.read_text()
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"JupyterLab does not answer: {log.read_text()}")


@pytest.fixture(scope="session")
def jupyter(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Give the address of a JupyterLab and the folder it works in."""
    folder = tmp_path_factory.mktemp("jupyter")
    with server(folder, os.environ.get("DICOMPIX_THEME", "JupyterLab Light")) as address:
        yield address, folder


@pytest.fixture
def run(browser: Any, jupyter: tuple[str, Path]) -> Iterator[Callable[..., Any]]:
    """Give `run(*cells, app="lab")`: a notebook of these cells, opened and run; returns the page."""
    address, folder = jupyter
    pages = []

    def opened(*cells: str, app: str = "lab") -> Any:
        name = f"{uuid4().hex}.ipynb"
        (folder / name).write_text(json.dumps(notebook(cells)))
        page = browser.new_page(viewport={"width": 1100, "height": 1100})
        page.set_default_timeout(PATIENCE)
        pages.append(page)
        page.goto(f"{address}/{APPS[app]}/{name}?token={TOKEN}")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel")
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(
            """count => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
                .filter(prompt => /\\d/.test(prompt.textContent)).length >= count""",
            arg=len(cells),
        )
        return page

    yield opened
    for page in pages:
        page.close()


def notebook(cells: tuple[str, ...]) -> dict[str, Any]:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    coded: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{i}", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
        for i, source in enumerate(cells)
    ]
    return {"cells": coded, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
