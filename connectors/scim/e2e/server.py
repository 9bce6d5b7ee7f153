"""scim2-server with what its own command line cannot show: permissions, a password policy, logins, slowness, throttling.

    python server.py PORT

| tenant | its service |
| --- | --- |
| /full/v2, /small/v2, /large/v2 | filters, sorts, patches; has an extension of its own, /Applications and /Roles |
| /cursor/v2 | pages by cursor only (RFC 9865), does not patch |
| /plain/v2 | does nothing that is optional: pages by index, neither filters nor sorts nor patches, has no versions |

POST /token is a token endpoint for OAuth client credentials.
"""

import base64
import json
import sys
import time
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from scim2_models import (
    ForbiddenException,
    InvalidValueException,
    ResourceType,
    Schema,
    ScimProvider,
    ServiceProviderConfig,
    UnauthorizedException,
)
from scim2_server.applications.wsgi import TenantDispatcher, WSGIApplication
from scim2_server.memory import InMemoryStorage
from scim2_server.routing import Operation
from scim2_server.service import ScimService
from scim2_server.utils import load_json_resource

ADMIN, READER, SLOW, BUSY = "admin-token", "reader-token", "slow-token", "busy-token"
ISSUED = "issued-by-the-token-endpoint"
USER, PASSWORD = "scim-admin", "correct horse: battery"
CLIENT, SECRET = "scim-client", "client secret & more"

READING = {Operation.query, Operation.search, Operation.search_with_body}
SHORTEST_PASSWORD = 8


class Busy(Exception):
    """The caller is to come back later."""


class Service(ScimService):
    """Knows who may write, and which passwords are good."""

    def authorize(self, request, target, resource_type):
        if request.subject == READER and target.operation not in READING:
            raise ForbiddenException(detail="This token may only read")

    def read_creation(self, *arguments):
        return self.with_good_password(super().read_creation(*arguments))

    def apply_patch(self, current, *arguments):
        return self.with_good_password(super().apply_patch(current, *arguments))

    def apply_replacement(self, current, *arguments):
        return self.with_good_password(super().apply_replacement(current, *arguments))

    @staticmethod
    def with_good_password(resource):
        password = getattr(resource, "password", None)
        if password is not None and len(password) < SHORTEST_PASSWORD:
            raise InvalidValueException(detail="The password is too short: at least 8 characters are needed")
        return resource


class Application(WSGIApplication):
    """Knows the callers, and is slow or busy for some of them."""

    refused = 0

    def check_auth(self, request):
        scheme, _, credential = (request.header("Authorization") or "").partition(" ")
        if scheme == "Basic" and base64.b64decode(credential).decode() == f"{USER}:{PASSWORD}":
            credential = ADMIN
        elif scheme != "Bearer" or credential not in (ADMIN, READER, SLOW, BUSY, ISSUED):
            raise UnauthorizedException
        if credential == SLOW:
            time.sleep(5)
        if credential == BUSY and Application.refused < 2:
            Application.refused += 1
            raise Busy
        request.subject = credential

    def dispatch_request(self, request):
        if self.needs_auth(request):
            self.check_auth(request)
        return self.handler.handle(request)

    def __call__(self, environ, start_response):
        request = self.read_request(environ)
        try:
            response = self.dispatch_request(request)
        except Busy:
            start_response("429 Too Many Requests", [("Retry-After", "1"), ("Content-Type", "text/plain")])
            return [b"come back later"]
        except Exception as exception:
            response = self.handle_exception(request, exception)
        response = self.finalize_response(request, response)
        body = b"" if response.body is None else json.dumps(response.body).encode()
        start_response(f"{response.status.value} {response.status.phrase}", list(response.headers.items()))
        return [body]


def attribute(name, kind="string", **more):
    return {"name": name, "type": kind, "multiValued": False, "returned": "default", "mutability": "readWrite", **more}


def schema(urn, name, attributes):
    return {"id": urn, "name": name, "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "attributes": attributes}


ACME = "urn:acme:scim:User"
OWN_SCHEMAS = [
    schema(ACME, "AcmeUser", [attribute("lastLogin", "dateTime"), attribute("badge", "integer"), attribute("vip", "boolean")]),
    schema("urn:acme:scim:Application", "Application", [attribute("displayName"), attribute("description")]),
    schema("urn:acme:scim:Role", "Role", [attribute("value"), attribute("display"), attribute("description")]),
]


def application(features):
    schemas = load_json_resource("default-schemas.json") + OWN_SCHEMAS
    types = load_json_resource("default-resource-types.json")
    types[0]["schemaExtensions"].append({"schema": ACME, "required": False})
    for name in ("Application", "Role"):
        types.append({
            "schemas": types[0]["schemas"], "id": name, "name": name, "endpoint": f"/{name}s",
            "schema": f"urn:acme:scim:{name}",
        })
    config = load_json_resource("default-service-provider-config.json") | features
    provider = ScimProvider.from_discovery(
        [Schema.model_validate(one) for one in schemas],
        [ResourceType.model_validate(one) for one in types],
        config=ServiceProviderConfig.model_validate(config),
    )
    return Application(InMemoryStorage(), provider, service=Service(provider, secret="not a secret"))


NOT_SUPPORTED = {"supported": False}
TENANTS = {
    "full": {},
    "small": {},
    "large": {},
    "cursor": {
        "patch": NOT_SUPPORTED,
        "sort": NOT_SUPPORTED,
        "pagination": {"cursor": True, "index": False, "defaultPaginationMethod": "cursor", "maxPageSize": 200},
    },
    "plain": {
        "patch": NOT_SUPPORTED, "filter": {"supported": False, "maxResults": 200}, "sort": NOT_SUPPORTED,
        "etag": NOT_SUPPORTED, "bulk": {"supported": True, "maxOperations": 1000, "maxPayloadSize": 1048576},
    },
}


def token(environ, start_response):
    """RFC 6749 §4.4, with the client in the body."""
    form = parse_qs(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode())
    is_client = form.get("client_id") == [CLIENT] and form.get("client_secret") == [SECRET]
    status, body = ("200 OK", {"access_token": ISSUED, "token_type": "Bearer", "expires_in": 3600})
    if not is_client or form.get("grant_type") != ["client_credentials"]:
        status, body = ("401 Unauthorized", {"error": "invalid_client"})
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


def main():
    tenants = TenantDispatcher(lambda name: application(TENANTS[name]) if name in TENANTS else None)

    def root(environ, start_response):
        serve = token if environ["PATH_INFO"] == "/token" else tenants
        return serve(environ, start_response)

    with make_server("127.0.0.1", int(sys.argv[1]), root, server_class=Server, handler_class=Quiet) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
