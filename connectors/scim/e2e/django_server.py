"""django-scim2 as it comes, over users and groups in an SQLite file.

    python django_server.py FILE PORT

It stands for a service that pages by index, has no filters on groups, ignores the members of a group that is created or
replaced, and changes members by PATCH with their values alone.
"""

import os
import sys
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

ADMIN = "admin-token"
FILE, PORT = sys.argv[1], int(sys.argv[2])


def login(get_response):
    def answer(request):
        is_admin = request.headers.get("Authorization") == f"Bearer {ADMIN}"
        request.user = SimpleNamespace(is_authenticated=is_admin, is_anonymous=not is_admin)
        return get_response(request)

    return answer


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


def main():
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        AUTH_USER_MODEL="django_tenant.User",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FILE, "OPTIONS": {"timeout": 30}}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django_scim", "django_tenant"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=["__main__.login", "django_scim.middleware.SCIMAuthCheckMiddleware"],
        ROOT_URLCONF="django_tenant.urls",
        SECRET_KEY="not a secret",
        USE_TZ=True,
        SCIM_SERVICE_PROVIDER={
            "NETLOC": f"127.0.0.1:{PORT}",
            "SCHEME": "http",
            "GROUP_MODEL": "django_tenant.models.Group",
            "AUTHENTICATION_SCHEMES": [
                {"type": "oauthbearertoken", "name": "Bearer token", "description": "A token", "primary": True}
            ],
        },
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    with make_server("127.0.0.1", PORT, get_wsgi_application(), server_class=Server, handler_class=Quiet) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
