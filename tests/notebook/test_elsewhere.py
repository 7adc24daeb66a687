"""Images where no JupyterLab is: in VS Code's manager of widgets, in pages made of notebooks, in notebooks not run.

VS Code itself is not here. Its Jupyter extension renders widgets with npm's @vscode/jupyter-ipywidgets8, which is: it
gets a real kernel, and loads anywidget by requirejs from the kernel's environment, as the extension does.
"""

import base64
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813

import dicompix
from dicompix.pixels.codecs.base import Stored

from .conftest import KERNEL, notebook
from .test_jupyter import SERIES, decoded, drag, painted, rgb, settle, shown

Example = Callable[[str], Path]

# The page of a notebook, emptied of JupyterLab; its connection to the kernel is what VS Code's manager is given.
START = """async () => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel.clone({handleComms: true});
    for (const old of document.querySelectorAll("link, style, script")) old.remove();
    document.body.replaceChildren();
    document.body.removeAttribute("class");
    await new Promise((done) => {
        const script = document.createElement("script");
        Object.assign(script, {src: "/npm/require.js", onload: done});
        document.head.append(script);
    });
    (await import("/npm/ipywidgets.js")).activate();
    window.vscIPyWidgets8.load();
    const loader = {
        widgetsRegisteredInRequireJs: new Set(),
        loadWidgetScript: async (name) => requirejs.config({paths: {[name]: `/npm/${name}`}}),
        successHandler: (...what) => loaded.push(what.join(" ")),
        errorHandler: (...what) => loaded.push(`failed: ${what.join(" ")}`),
    };
    window.loaded = [];
    window.manager = new window.vscIPyWidgets.WidgetManager(kernel, document.body, loader, () => {});
    window.run = async (code) => {
        const found = [];
        const future = kernel.requestExecute({code});
        const told = ["execute_result", "stream", "error"];
        future.onIOPub = ({header, content}) => { if (told.includes(header.msg_type)) found.push(content); };
        await future.done;
        return found;
    };
}"""
# What the extension does with an output of a widget.
SHOW = """async (code) => {
    const [{data: {"application/vnd.jupyter.widget-view+json": data}}] = await run(code);
    const place = document.createElement("div");
    place.className = "cell-output-ipywidget-background";
    document.body.append(place);
    const view = await manager.create_view(await manager.get_model(data.model_id), {el: place});
    await manager.display_view(data, view, {node: place});
}"""


def serve(page: Any, packages: dict[str, Path]) -> None:
    """Answer requests for scripts with those at hand, as a page's own server and CDNs would."""

    def answer(route: Any) -> None:
        names = [name for name in sorted(packages, key=len, reverse=True) if f"/{name}" in route.request.url]
        headers = {"content-type": "text/javascript", "access-control-allow-origin": "*"}
        route.fulfill(path=packages[names[0]], headers=headers) if names else route.abort()

    page.route(re.compile(r"/npm/|unpkg|cloudflare"), answer)


@pytest.fixture
def series() -> dicompix.Image:
    names: dict[str, Any] = {}
    exec(SERIES, names)
    image = names["image"]
    assert isinstance(image, dicompix.Image)
    return image


def test_the_viewer_in_vs_codes_manager_of_widgets(
    open_notebook: Callable[..., Any], packages: dict[str, Path], series: dicompix.Image
) -> None:
    page = open_notebook(notebook("1"))
    serve(page, packages)
    page.wait_for_function(KERNEL)
    page.evaluate(START)
    page.evaluate("code => run(code)", SERIES)
    page.evaluate(SHOW, "viewer = image.view(); viewer")
    np.testing.assert_array_equal(shown(page, 0, "0"), rgb(series.display(0)))
    drag(page, ".dicompix-frame", (0.02, 0.5), (0.98, 0.5))
    np.testing.assert_array_equal(shown(page, 2), rgb(series.display(2)))
    page.locator(".dicompix-preset").select_option(label="BONE (480 / 2500)")
    np.testing.assert_array_equal(shown(page, 2, "1"), rgb(series.display(2, voi=1)))
    drag(page, ".dicompix-stage", (0.5, 0.5), (0.7, 0.4))
    voi = settle(painted(page))
    np.testing.assert_array_equal(shown(page, 2), rgb(series.display(2, voi=voi)))
    (told,) = page.evaluate("code => run(code)", "import json; print(json.dumps([viewer.frame, viewer.voi]))")
    assert json.loads(told["text"]) == [2, list(voi)]
    page.evaluate("code => run(code)", "viewer.frame, viewer.voi = 1, 'auto'")
    np.testing.assert_array_equal(shown(page, 1, '"auto"'), rgb(series.display(1, voi="auto")))
    loaded = page.evaluate("loaded")
    assert any(one.startswith("AnyView anywidget") for one in loaded)
    assert not [one for one in loaded if one.startswith("failed")]


RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""


def converted(path: Path) -> Path:
    """Make a page of a notebook."""
    subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", path], check=True, capture_output=True)
    return path.with_suffix(".html")


@pytest.fixture
def page_of(new_page: Callable[[], Any], tmp_path: Path) -> Callable[[Path], Any]:
    """Give a function that opens a file without any network."""

    def opened(path: Path) -> Any:
        page = new_page()
        page.route(re.compile("^https?:"), lambda route: route.abort())
        page.goto(path.as_uri())
        return page

    return opened


def test_a_page_made_of_a_notebook_shows_images_without_a_kernel_and_a_network(
    example: Example, tmp_path: Path, page_of: Callable[[Path], Any]
) -> None:
    path = tmp_path / "images.ipynb"
    dataset = dicompix.dcmread(example("CT_small.dcm"))
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    dataset.WindowCenterWidthExplanation = "<script>document.title = 'owned'</script>"
    image, broken = dicompix.Image(dataset), dicompix.open_image(example("MR_truncated.dcm"))
    outputs = [
        one._repr_mimebundle_() for one in (image, dicompix.open_image(example("examples_ybr_color.dcm")), broken)
    ]
    still = {"image/png": outputs[0]["image/png"], "text/plain": "<Viewer>"}  # what a viewer leaves, without its state
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1" * 32, "version_major": 2}}
    path.write_text(json.dumps(notebook(outputs=[*outputs, widget | still])))
    page = page_of(converted(path))
    pictures = page.locator(".jp-OutputArea-output img")
    assert pictures.count() == 1 + 8 + 1
    for number in (0, 9):
        np.testing.assert_array_equal(decoded(pictures.nth(number).get_attribute("src")), rgb(image.display()))
        assert pictures.nth(number).evaluate("picture => picture.naturalWidth") == 128
    assert "FrameIndexError: frame 0 needs 8192 bytes" in page.locator("body").inner_text()
    assert "<script>document.title" in page.locator("body").inner_text()
    assert page.title() == "images"


def test_a_page_with_the_state_of_widgets_windows_by_itself(
    tmp_path: Path, page_of: Callable[[Path], Any], packages: dict[str, Path], series: dicompix.Image
) -> None:
    path = tmp_path / "viewer.ipynb"
    path.write_text(json.dumps(notebook(SERIES + "image.view(1, voi=1)")))
    subprocess.run([sys.executable, "-c", RUN, path], check=True, capture_output=True)
    html = converted(path)
    page = page_of(html)
    serve(page, packages)
    page.reload()
    np.testing.assert_array_equal(shown(page, 1, "1"), rgb(series.display(1, voi=1)))
    drag(page, ".dicompix-stage", (0.5, 0.5), (0.7, 0.4))
    voi = settle(painted(page))
    assert isinstance(voi, tuple)
    np.testing.assert_array_equal(shown(page, 1), rgb(series.display(1, voi=voi)))
    page.locator(".dicompix-stage").press("End")  # there is no Python to send another frame
    page.get_by_text("waiting for Python").wait_for()
    assert page.locator(".dicompix-count").inner_text() == "frame 1 of 3"
    np.testing.assert_array_equal(shown(page, 1), rgb(series.display(1, voi=voi)))


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_notebook_that_nobody_trusts_shows_the_pictures_stored_in_it(
    example: Example, open_notebook: Callable[..., Any], app: str
) -> None:
    with dicompix.open_image(example("CT_small.dcm")) as image:
        page = open_notebook(notebook(outputs=[image._repr_mimebundle_()]), app)
        picture = page.locator(".jp-OutputArea-output img")
        picture.wait_for()
        source = picture.get_attribute("src")
        png = source.split(",")[1] if source.startswith("data:") else ""
        found: Stored = np.asarray(pillow.open(io.BytesIO(base64.b64decode(png))))
        np.testing.assert_array_equal(found, image.display())
