"""A case as the bytes to send, and what came back as an observation.

An observation is a dict with some of `exit_code`, `http_status`, `content_type`, `stdout` (parsed
JSON) or `stdout_raw`, `files` (decompressed result files) and `token_requests`.
"""

import base64
import json
from typing import Any

from .cases import Case

# Stands in requests and expectations for the address of the fake token server.
TOKEN_BASE = "{TOKEN_BASE}"


def request_text(case: Case, token_base: str) -> str:
    return case.get("request", "").replace(TOKEN_BASE, token_base)


def request_bytes(case: Case, token_base: str) -> bytes:
    if "request_b64" in case:
        return base64.b64decode(case["request_b64"])
    return request_text(case, token_base).encode()


def parse_output(text: str) -> dict[str, Any]:
    try:
        return {"stdout": json.loads(text)}
    except ValueError:
        return {"stdout_raw": text}
