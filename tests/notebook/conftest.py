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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

TOKEN = "dicompix"
PATIENCE = 60_000  # ms: a busy machine may take its time to start a kernel
NEEDED = ("jupyterlab", "notebook", "ipykernel", "anywidget", "playwright")
KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
SCRIPTS = {  # name -> a package of npm, and the script in it
    "ipywidgets": ("vscode-jupyter-ipywidgets8", "dist/ipywidgets.js"),
    "embed-amd": ("jupyter-widgets-html-manager", "dist/embed-amd.js"),
    "require": ("requirejs", "require.js"),
}
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
def new_page(browser: Any) -> Iterator[Callable[[], Any]]:
    """Give a function that opens an empty page."""
    pages = []

    def opened() -> Any:
        page = browser.new_page(viewport={"width": 1100, "height": 1100})
        page.set_default_timeout(PATIENCE)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


@pytest.fixture
def open_notebook(new_page: Callable[[], Any], jupyter: tuple[str, Path]) -> Callable[..., Any]:
    """Give `open_notebook(notebook, app="lab")`, which opens a notebook and returns the page."""
    address, folder = jupyter

    def opened(content: dict[str, Any], app: str = "lab") -> Any:
        name = f"{uuid4().hex}.ipynb"
        (folder / name).write_text(json.dumps(content))
        page = new_page()
        page.goto(f"{address}/{APPS[app]}/{name}?token={TOKEN}")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        return page

    return opened


@pytest.fixture
def run(open_notebook: Callable[..., Any]) -> Callable[..., Any]:
    """Give `run(*cells, app="lab")`: a notebook of these cells, opened and run; returns the page."""

    def ran(*cells: str, app: str = "lab") -> Any:
        page = open_notebook(notebook(*cells), app)
        page.wait_for_function(KERNEL)
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(
            """count => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
                .filter(prompt => /\\d/.test(prompt.textContent)).length >= count""",
            arg=len(cells),
        )
        return page

    return ran


def notebook(*cells: str, outputs: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Return a notebook of cells, or of cells that have been run: one for each of the bundles that they showed."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    shown: list[list[dict[str, Any]]] = [
        [{"output_type": "execute_result", "data": bundle, "metadata": {}, "execution_count": 1}] for bundle in outputs
    ]
    coded: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{i}", "execution_count": None, "metadata": {}, "outputs": out, "source": source}
        for i, (source, out) in enumerate([*((cell, []) for cell in cells), *(("image", out) for out in shown)])
    ]
    return {"cells": coded, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture(scope="session")
def packages() -> dict[str, Path]:
    """Give the scripts that other hosts of widgets load, by name: npm's packages, and anywidget's own."""
    folder = Path(os.environ.get("DICOMPIX_NPM", ""))
    found = {name: next(folder.glob(f"{package}*/package/{path}"), None) for name, (package, path) in SCRIPTS.items()}
    if not os.environ.get("DICOMPIX_NPM") or None in found.values():
        pytest.skip("these tests need packages of npm: `nox -s notebook` fetches them where npm is on the path")
    own = Path(sys.prefix, "share", "jupyter", "nbextensions", "anywidget", "index.js")
    return {name: path for name, path in found.items() if path} | {"anywidget": own}
