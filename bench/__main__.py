"""Lists the measurements, or makes one: `python -m bench`, `python -m bench vad --help`."""

import ast
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def benches() -> dict[str, str]:
    """Return each measurement's name and what it measures: the first line of its file. A bench is what has a `main`."""
    found = {}
    for file in sorted([*HERE.glob("[!_]*.py"), *HERE.glob("*/__main__.py")]):
        module = ast.parse(file.read_text(encoding="utf-8"))
        has_main = any(
            isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name == "main" for part in module.body
        )
        if has_main:
            name = file.parent.name if file.stem == "__main__" else file.stem
            found[name] = (ast.get_docstring(module) or "").partition("\n")[0]
    return found


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    known = benches()
    name = arguments[0] if arguments else ""
    if name in known:
        sys.argv = [f"python -m bench {name}", *arguments[1:]]
        runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=False)
        return 0
    if name not in ("", "-h", "--help"):
        print(f"There is no bench {name}; there are:", file=sys.stderr)
    width = max(map(len, known), default=0)
    print("\n".join(f"{each:{width}}  {what}" for each, what in known.items()))
    return 0 if name in ("", "-h", "--help") else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
