"""A SCIM service of any size that is read only, and counts its requests.

    python walk_server.py USERS LARGE SMALL PORT

It has USERS users, two groups of LARGE members each (the first and the last users), and SMALL groups of one member.

| path | its service |
| --- | --- |
| /keyset | filters and sorts by id |
| /index | pages by number only; filters are refused |
| /requests | how many requests came so far, as a number |
"""

import bisect
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, urlsplit

USERS, LARGE, SMALL, PORT = map(int, sys.argv[1:])
MOST = 1000


def user_id(number):
    return f"u{number:07}"


def user(number):
    name = f"user{number}"
    return {
        "id": user_id(number), "userName": name, "active": number % 7 != 0,
        "name": {"givenName": "Given", "familyName": f"Family {number}"},
        "emails": [{"value": f"{name}@acme.test", "type": "work", "primary": True}],
    }


def members_of(number):
    if number == 0:
        return range(LARGE)
    if number == 1:
        return range(USERS - LARGE, USERS)
    return range(number - 2, number - 1)


def group(number, with_members):
    found = {"id": f"g{number:07}", "displayName": f"Group {number}"}
    if with_members:
        found["members"] = [{"value": user_id(member), "type": "User"} for member in members_of(number)]
    return found


NUMBERS = {"Users": range(USERS), "Groups": range(2 + SMALL)}
PREFIX = {"Users": "u", "Groups": "g"}
REQUESTS = count()


def resource(kind, number, query):
    if kind == "Users":
        return user(number)
    attributes = query.get("attributes", ["members"])[0].split(",")
    return group(number, "members" in attributes and "members" not in query.get("excludedAttributes", [""])[0])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/requests":
            return self.answer(200, next(REQUESTS))
        next(REQUESTS)
        _, way, kind, *rest = url.path.split("/")
        query = parse_qs(url.query)
        if kind == "ServiceProviderConfig":
            able = {"supported": way == "keyset"}
            return self.answer(200, {"filter": able, "sort": able, "patch": {"supported": False}})
        if kind not in NUMBERS:
            return self.answer(404, {"detail": "There is no such endpoint", "status": "404"})
        if rest:
            number = int(rest[0][1:])
            return self.answer(200, resource(kind, number, query))
        filtered = query.get("filter", [""])[0]
        if filtered and way == "index":
            return self.answer(400, {"scimType": "invalidFilter", "detail": "Filters are not supported", "status": "400"})
        numbers = NUMBERS[kind]
        if after := re.search(r'id gt "([^"]*)"', filtered):
            numbers = numbers[bisect.bisect_right(numbers, after[1], key=lambda number: f"{PREFIX[kind]}{number:07}"):]
        if " pr" in filtered:
            numbers = range(0)  # Nobody has a role.
        start = max(int(query.get("startIndex", ["1"])[0]), 1)
        rows = numbers[start - 1:][:min(int(query.get("count", ["100"])[0]), MOST)]
        found = {"totalResults": len(numbers), "startIndex": start, "itemsPerPage": len(rows)}
        self.answer(200, {**found, "Resources": [resource(kind, number, query) for number in rows]})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


Server(("127.0.0.1", PORT), Handler).serve_forever()
