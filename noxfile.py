"""What can be done with a checkout: `nox -s VERB`; `nox -l` lists the verbs. Arguments after `--` go to the tool."""

import shutil
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint"]

PROJECT = nox.project.load_toml("pyproject.toml")
# What VS Code renders widgets with, and what pages made of notebooks do: ipywidgets' HTML manager.
WIDGETS = ("@vscode/jupyter-ipywidgets8@1.0.9", "@jupyter-widgets/html-manager@1.0.15", "requirejs@2.3.8")
CLIENTS = ("dicom2nifti>=2.6", "scipy>=1.14")  # besides those of the group test


def install(session: nox.Session, *groups: str, extras: str = "[all]") -> None:
    """Install dicompix with its extras, and dependency groups, which pip knows by itself only from 25.1 on."""
    session.install("-e", f".{extras}", *nox.project.dependency_groups(PROJECT, *groups))


def lowest(requirements: list[str]) -> list[str]:
    """Return requirements pinned to the lowest version that they allow."""
    return [requirement.replace(">=", "==") for requirement in requirements]


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on all cores; without arguments also measure coverage and hold it to its bar."""
    install(session, "test")
    session.install(*nox.project.dependency_groups(PROJECT, "s3"))
    session.run("pytest", "-n", "auto", *(session.posargs or ["--cov", "--cov-report=term"]))


@nox.session
def minimums(session: nox.Session) -> None:
    """Run the tests with the lowest versions that pyproject.toml allows of everything used at run time.

    Without those of tests/parity, which hold us against the newest pydicom and plugins.
    """
    extras = PROJECT["project"]["optional-dependencies"]
    named = [*PROJECT["project"]["dependencies"], *(line for name in extras if name != "all" for line in extras[name])]
    install(session, "test")
    session.install(*lowest(named))
    session.run("pip", "list")
    session.run("pytest", "-n", "auto", "--ignore=tests/parity", *session.posargs)


@nox.session
def package(session: nox.Session) -> None:
    """Build what is published, check it, and try the wheel alone: a user's typed script, a program frozen."""
    session.install("build", "twine", "mypy>=1.13", "pyinstaller>=6.11", "pytest>=8.3", "hypothesis>=6.115")
    folder = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(folder))
    session.run("twine", "check", "--strict", *map(str, folder.iterdir()))
    session.install("--force-reinstall", *map(str, folder.glob("*.whl")))
    session.run("pytest", "-p", "no:cacheprovider", *(session.posargs or ["tests/test_packaging.py", "tests/typing"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, layout and types."""
    install(session, "lint", "test")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, any warning an error, and run its examples; pytest runs those of docstrings."""
    install(session, "docs")
    for builder in ("doctest", "html"):
        session.run("sphinx-build", "-W", "--keep-going", "-b", builder, "docs", f"docs/_build/{builder}")


@nox.session
def parity(session: nox.Session) -> None:
    """Compare with pydicom: its arrays of real files, and its own tests of pixel data with ours in their place."""
    install(session, "test")
    session.run("pytest", "-n", "auto", "tests/parity", *session.posargs)
    show = "import pydicom; print(pydicom.__version__, end='')"
    version = str(session.run("python", "-c", show, silent=True)).strip()
    source = Path(session.create_tmp()) / f"pydicom-{version}"
    if not source.is_dir():
        wanted = ["--no-deps", "--no-binary", "pydicom", f"pydicom=={version}"]
        session.run("pip", "download", *wanted, "--dest", str(source.parent))
        shutil.unpack_archive(f"{source}.tar.gz", source.parent)
    options = ["-p", "parity.upstream_plugin", "-p", "no:cacheprovider", "-W", "ignore", f"--rootdir={source}"]
    session.run("pytest", *options, str(source / "tests" / "pixels"), env={"PYTHONPATH": str(Path("tests").resolve())})


@nox.session
def clients(session: nox.Session) -> None:
    """Run the test suites of libraries that use pydicom, without and with dicompix installed; arguments name them."""
    install(session, "test")
    session.install(*CLIENTS)
    session.run("pytest", "tests/clients")
    session.run("python", "tests/clients/compare.py", session.create_tmp(), *session.posargs)


@nox.session
def dcmtk(session: nox.Session) -> None:
    """Compare our pictures with those of DCMTK, whose programs must be on the path."""
    install(session, "test")
    session.run("pytest", "tests/dcmtk", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Search for input that ends badly: seconds a target, hours by `-- --hours 2`; and 20,000 real files gone wrong."""
    install(session, "test")
    session.install("atheris>=3.0; sys_platform == 'linux' and python_version < '3.14'")  # else without it
    folder, env = session.create_tmp(), {"PYTHONPATH": str(Path("tests").resolve())}
    session.run("pytest", "tests/fuzz", "tests/test_fuzz_short.py")
    session.run("python", "-W", "ignore", "-m", "fuzz.mutated_files", f"{folder}/mutated", env=env)
    session.run("python", "-m", "fuzz.campaign", f"{folder}/campaign", "--seconds", "5", *session.posargs, env=env)


@nox.session
def soak(session: nox.Session) -> None:
    """Decode 100,000 frames of mixed files by eight threads: right ones, in flat memory, no file left open."""
    install(session, "test")
    session.run("python", "-m", "soak.load", *session.posargs, env={"PYTHONPATH": str(Path("tests").resolve())})


@nox.session
def notebook(session: nox.Session) -> None:
    """Run the tests of notebooks in JupyterLab and Chromium, which must be on the path or in DICOMPIX_CHROMIUM.

    With npm on the path they also run in what VS Code renders widgets with.
    """
    install(session, "test", "notebook")
    folder = Path(session.create_tmp()) / "npm"
    folder.mkdir(exist_ok=True)
    if shutil.which("npm") and len(list(folder.glob("*.tgz"))) < len(WIDGETS):
        session.run("npm", "pack", "--silent", "--pack-destination", str(folder), *WIDGETS, external=True)
    for archive in folder.glob("*.tgz"):
        shutil.unpack_archive(archive, folder / archive.stem)
    tests = session.posargs or ["tests/notebook"]
    session.run("pytest", "-p", "no:cacheprovider", *tests, env={"DICOMPIX_NPM": str(folder)})


@nox.session
def bench(session: nox.Session) -> None:
    """Measure time and memory as ratios to pydicom with all its plugins and to the bare codecs, beside the goals."""
    install(session, "bench", "test")
    session.run("pytest", "-p", "no:cacheprovider", "--benchmark-quiet", "tests/benchmarks", *session.posargs)
