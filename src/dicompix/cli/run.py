"""Run a program as `python program.py` or `python -m program` would, with dicompix installed before it starts."""

import builtins
import runpy
import sys
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="A Python script, or a module's dotted name after -m.")]
Arguments = Annotated[list[str] | None, typer.Argument(help="The program's own arguments.")]
AsModule = Annotated[bool, typer.Option("-m", help="Run a module, as `python -m` does.")]

_BETWEEN = {__file__, runpy.__file__, "<frozen runpy>"}  # files between the interpreter and the program


def run(context: typer.Context, program: Name, arguments: Arguments = None, *, module: AsModule = False) -> None:
    """Run an unchanged Python program with dicompix installed in pydicom's place.

    It starts when the command line is done, so that its exit and its exceptions are its own.
    """
    programs: list[Program] = context.ensure_object(list)
    programs.append(Program(program, tuple(arguments or ()), module=module))


@dataclass(frozen=True, slots=True)
class Program:
    """A script or, as `module`, a module by its dotted name, and the arguments that are its own."""

    target: str
    arguments: tuple[str, ...] = ()
    module: bool = False

    def run(self) -> None:
        """Install dicompix and run the program as `__main__`; its exit and its exceptions are those of Python."""
        from dicompix.install import install

        install()
        sys.argv[:] = [self.target, *self.arguments]
        try:
            self._start()
        except SystemExit:
            raise
        except BaseException as problem:
            trace = problem.__traceback__ = own_frames(problem.__traceback__)
            if trace is None and isinstance(problem, ImportError):
                sys.exit(f"{sys.executable}: {problem}")
            sys.excepthook(type(problem), problem, trace)
            sys.excepthook = _say_nothing  # all is said; the interpreter still ends as it does for this exception
            raise

    def _start(self) -> None:
        if self.module:
            _search_first(Path.cwd())
            runpy.run_module(self.target, run_name="__main__", alter_sys=True)
        elif Path(self.target).is_dir() or Path(self.target).suffix in {".zip", ".pyz", ".pyzw", ".pyc"}:
            runpy.run_path(self.target, run_name="__main__")
        else:
            run_script(Path(self.target))


def run_script(script: Path) -> None:
    """Run a file of Python source as the module `__main__`, which stays; a file that cannot be read ends the process.

    Unlike `runpy.run_path`, this keeps `sys.argv` as typed beside the absolute `__file__`, as Python does.
    """
    path = str(script.absolute())
    try:
        source = script.read_bytes()
    except OSError as problem:
        print(f"dicompix: can't open file {path!r}: [Errno {problem.errno}] {problem.strerror}", file=sys.stderr)
        sys.exit(2)
    main = ModuleType("__main__")
    vars(main).update(
        __file__=path, __loader__=SourceFileLoader("__main__", path), __builtins__=builtins, __annotations__={}
    )
    sys.modules["__main__"] = main
    _search_first(script.resolve().parent)
    exec(compile(source, path, "exec", dont_inherit=True), vars(main))  # noqa: S102  # to run a program is the command


def own_frames(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames that lie before the program's own first one."""
    while trace is not None and trace.tb_frame.f_code.co_filename in _BETWEEN:
        trace = trace.tb_next
    return trace


def _search_first(folder: Path) -> None:
    """Let imports look into a folder first, as Python does with the program's."""
    if not sys.flags.safe_path:
        sys.path[0] = str(folder)


def _say_nothing(*_: object) -> None:
    """Stand in for `sys.excepthook` once it has been called."""
