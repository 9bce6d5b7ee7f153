"""How to start one twin of the implementation under test."""

import os
from typing import Any


class Target:
    """One entry of the targets file: command templates by kind, and extra environment."""

    def __init__(self, spec: dict[str, Any], start_folder: str) -> None:
        self._spec = spec
        self._start_folder = start_folder

    def has(self, kind: str) -> bool:
        return kind in self._spec

    def command(self, kind: str, port: int | None = None) -> list[str]:
        program, *arguments = [part.replace("{port}", str(port)) for part in self._spec[kind]]
        if os.sep in program:
            # Cases run in a temporary folder, so a relative program must be anchored first.
            program = os.path.join(self._start_folder, program)
        return [program, *arguments]

    def environment(self) -> dict[str, str]:
        """The caller's environment without what would change a connector's behaviour."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith("LUMOS_")
        }
        fixed = {"NO_PROXY": "127.0.0.1", "DD_DOGSTATSD_DISABLE": "1"}
        return inherited | fixed | self._spec.get("env", {})
