"""Imports all of one service as its image would: `python import_as_image.py <service> [further module ...]`.

Packages that requirements/<service>.txt does not pin, and other services, are not there. Prints how many modules of
ours were imported; fails with the first that asks for more than the image has.
"""

import ast
import importlib
import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
OURS = ("services", "voicekit", "voice")


class OnlyWhatIsPinned(importlib.abc.MetaPathFinder):
    """Hides every module that the image of a service does not hold."""

    def __init__(self, service: str) -> None:
        self._service = f"services.{service}"
        text = (ROOT / "requirements" / f"{service}.txt").read_text()
        pinned = {_normal(name) for name in re.findall(r"^([a-zA-Z0-9][\w.-]*)==", text, re.MULTILINE)}
        self._hidden = {"emulators", "local", "tests", "tools", "bench"} | {
            module
            for module, owners in metadata.packages_distributions().items()
            if module not in OURS and not any(_normal(owner) in pinned for owner in owners)
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        top = name.partition(".")[0]
        another = name.startswith("services.") and not f"{name}.".startswith(f"{self._service}.")
        if another or top in self._hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def modules(service: str) -> Iterator[str]:
    """Yield every module of the service."""
    for path in sorted((ROOT / "services" / service).rglob("*.py")):
        if path.name != "__init__.py":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def late_imports(path: Path) -> Iterator[str]:
    """Yield what a file imports, inside its functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def main() -> None:
    service, *further = sys.argv[1:]
    sys.path[:0] = [str(ROOT), str(ROOT / "gen")]
    sys.meta_path.insert(0, OnlyWhatIsPinned(service))
    for name in [*modules(service), *further]:
        importlib.import_module(name)
    ours = {name: module for name, module in sys.modules.items() if name.startswith(("services.", "voicekit."))}
    for module in ours.values():
        for name in late_imports(Path(module.__file__ or "")):
            importlib.import_module(name)
    print(len(ours))


if __name__ == "__main__":
    main()
