"""What counts as a failure of the server: every 5xx but the one that the contract asks for."""

import schemathesis


@schemathesis.check
def no_server_error(context, response, case):
    if response.status_code < 500:
        return
    try:
        (response.request.body or b"").decode()
    except UnicodeDecodeError:
        # A body that is not UTF-8 is a 500, as on the reference.
        return
    raise AssertionError(f"the server answered {response.status_code}")
