"""What counts as a failure of the server: every 5xx."""

import schemathesis


@schemathesis.check
def no_server_error(context, response, case):
    if response.status_code >= 500:
        raise AssertionError(f"the server answered {response.status_code}")
