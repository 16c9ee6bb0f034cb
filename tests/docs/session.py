"""One Python session for the blocks of one page: a process of its own, so that a page's tasks and settings reach no other page.

Run as a script it is that process: it reads one block a line as JSON, and answers each with what went wrong, or with nothing.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


class Session:
    """The Python process of a page, in `folder`. Close it at the end."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, page: str, line: int) -> str | None:
        """Run a block that stands at `line` of `page`; what went wrong, or None."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([code, page, line]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            return "the block ended the whole session"
        wrong = json.loads(answer)
        assert wrong is None or isinstance(wrong, str)
        return wrong

    def close(self) -> None:
        self._process.communicate(timeout=60)


def serve() -> None:
    # Answers go where stdout was; what the blocks print goes to stderr, which pytest shows when a block fails.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, os.getcwd())
    names: dict[str, object] = {"__name__": "__main__"}
    for request in sys.stdin:
        code, page, line = json.loads(request)
        print(json.dumps(run_block(code, page, line, names)), file=answers, flush=True)


def run_block(code: str, page: str, line: int, names: dict[str, object]) -> str | None:
    import doctest
    import io
    import linecache
    import traceback

    # Tracebacks and inspect.getsource see the page's own lines.
    padded = "\n" * line + code
    linecache.cache[page] = (len(padded), None, padded.splitlines(keepends=True), page)
    if ">>> " in code:
        told = io.StringIO()
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
        example = doctest.DocTestParser().get_doctest(code.replace("…", "..."), names, page, page, line)
        example.globs = names
        runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
        runner.run(example, out=told.write, clear_globs=False)
        return told.getvalue() or None
    try:
        exec(compile(padded, page, "exec"), names)  # noqa: S102 — running what the page shows is what this is for
    except BaseException:  # noqa: BLE001 — told to the test, which fails with it
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    serve()
