"""How a description says that credentials are sent: a header of a load test, from a variable.

Bearer tokens and keys in headers are what can be written down for people to fill in; for anything
else (OAuth, cookies, signatures) a bearer token is a beginning that they adapt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

VARIABLE = "API_TOKEN"
BEARER = "Authorization"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")


def header_of(document: Mapping[str, Any], wanted: Iterable[str]) -> str:
    """The header that holds the credentials of the first of these schemes that names one."""
    for name in wanted:
        scheme = _schemes(document).get(name)
        if not isinstance(scheme, Mapping):
            continue
        header = str(scheme.get("name", ""))
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            return header if _NAME.fullmatch(header) else BEARER
        if scheme.get("type") == "http":
            return BEARER
    return BEARER


def _schemes(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """By name, of OpenAPI 3 or of Swagger 2."""
    components = document.get("components")
    inner = components.get("securitySchemes") if isinstance(components, Mapping) else None
    found = inner if inner is not None else document.get("securityDefinitions")
    return found if isinstance(found, Mapping) else {}


def code_of(header: str) -> list[str]:
    """The lines of a locustfile that send them."""
    token = f"os.environ.get('{VARIABLE}', '')"
    value = f'f"Bearer {{{token}}}"' if header == BEARER else token.replace("'", '"')
    return [
        "    # the description asks for credentials: adapt this to how yours are sent",
        f'    default_headers = {{"{header}": {value}}}',
    ]
