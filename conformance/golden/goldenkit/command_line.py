"""Running a case through the command line of a twin, one process a case."""

import gzip
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from .cases import Case, Observation
from .target import Target
from .wire import TOKEN_BASE, parse_output, request_bytes, request_text

TIMEOUT_SECONDS = 60


class CommandLine:
    def __init__(self, target: Target) -> None:
        self._target = target

    def run(self, case: Case, token_base: str) -> Observation:
        """The case with exactly the arguments that it names."""
        with tempfile.TemporaryDirectory() as folder:
            for name, content in case.get("input_files", {}).items():
                data = content.replace(TOKEN_BASE, token_base).encode()
                Path(folder, name).write_bytes(data)

            text = request_text(case, token_base)
            template = case.get("argv", [case["capability"], "--json", "{JSON}"])
            arguments = [part.replace("{JSON}", text).replace("{TMP}", folder) for part in template]
            observation = self._call(arguments, folder)
            if "output_files" in case:
                observation["files"] = {
                    name: _read_result_file(Path(folder, name)) for name in case["output_files"]
                }
            return observation

    def run_dispatch(self, case: Case, token_base: str) -> Observation:
        """The case's request out of a file, so that its bytes arrive untouched."""
        with tempfile.TemporaryDirectory() as folder:
            request = Path(folder, "request.json")
            request.write_bytes(request_bytes(case, token_base))
            return self._call([case["capability"], "--json-file", str(request)], folder)

    def _call(self, arguments: list[str], folder: str) -> Observation:
        completed = subprocess.run(
            self._target.command("cli") + arguments,
            cwd=folder,
            env=self._target.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
        )
        output = parse_output(completed.stdout.decode("utf-8", "replace"))
        return {"exit_code": completed.returncode, **output}


def _read_result_file(path: Path) -> Any:
    if not path.exists():
        return "<absent>"
    return parse_output(gzip.decompress(path.read_bytes()).decode())
