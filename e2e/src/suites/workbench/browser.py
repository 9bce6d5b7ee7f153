"""Goes through the workbench in a browser that can reach nothing but this machine, and says what it saw."""

import json
import re
import sys
import traceback

from playwright.sync_api import sync_playwright

given = json.loads(sys.argv[1])
base = given["origin"]
axe = open(given["axe"], encoding="utf-8").read()
seen = {"steps": [], "requests": [], "complaints": [], "axe": [], "screenshots": []}

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


def step(what):
    """Notes how a part of the walk went; the others are gone through all the same."""

    def run(part):
        try:
            part()
            seen["steps"].append({"what": what, "problem": None})
        except Exception:
            seen["steps"].append({"what": what, "problem": traceback.format_exc(limit=4)[-3000:]})
            page.screenshot(path=f"{given['folder']}/failed-{len(seen['steps'])}.png")

    return run


def expect(condition, problem):
    assert condition, f"{problem}; the page says: {page.inner_text('main')[:1500]}"


def look(name):
    """Takes pictures in light and dark, wide and narrow, and has axe look at each."""
    for scheme in ("light", "dark"):
        for size, viewport in (("1280", WIDE), ("390", NARROW)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(viewport)
            path = f"{given['folder']}/{name}-{scheme}-{size}.png"
            page.screenshot(path=path, full_page=True)
            seen["screenshots"].append(path)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if overflow > 1:
                seen["axe"].append(f"{name} {scheme} {size}: the page is {overflow} pixels wider than the window")
            # Evaluated by the debugger: the policy of the page would refuse a script that is added to it.
            page.evaluate(axe)
            found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
            for violation in found["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                    seen["axe"].append(f"{name} {scheme} {size}: {violation['id']}: {violation['help']}: {nodes}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)


def sync(number):
    """Runs a sync of a connection to its end, watching its progress."""
    page.goto(f"{home}connections/{number}/sync")
    page.get_by_role("button", name="Start a sync").click()
    page.get_by_role("link", name="What was read").wait_for(timeout=60_000)


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    )
    context = browser.new_context(viewport=WIDE, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base)
    page = context.new_page()
    page.set_default_timeout(15_000)
    # What the provider's own pages ask for is not the workbench's.
    page.on("request", lambda sent: page.url.startswith(given["issuer"]) or seen["requests"].append(sent.url))
    page.on("console", lambda line: line.type in ("error", "warning") and seen["complaints"].append(f"{page.url}: {line.text}"))
    page.on("pageerror", lambda error: seen["complaints"].append(f"{page.url}: {error}"))
    page.goto(given["url"])
    page.wait_for_url("**/home")
    home = page.url.removesuffix("home")
    connections = given["connections"]
    mock = connections["mock"]

    @step("the first page lists the connections")
    def _():
        for name in connections:
            page.get_by_role("link", name=name, exact=True).wait_for()
        look("home")

    @step("mock: the form, rendered from info, is filled in; secrets are hidden")
    def _():
        page.goto(f"{home}connections/{mock}")
        page.get_by_label("Username").fill("e2e")
        page.get_by_label("Where Password is").select_option("typed")
        password = page.get_by_label("Password", exact=True).last
        expect(password.get_attribute("type") == "password", "the password can be read")
        password.fill(given["password"])
        page.get_by_label("Host").fill("acme.test")
        page.get_by_role("button", name="Apply").click()
        page.wait_for_load_state()
        expect(given["password"] not in page.content(), "the password is on the page")
        look("connection")

    @step("mock: credentials are validated, and the probe is told in sentences")
    def _():
        page.get_by_role("button", name="Validate credentials").click()
        page.get_by_text("The credentials are valid").wait_for()
        page.locator("#trial li").first.wait_for()
        page.screenshot(path=f"{given['folder']}/trial.png", full_page=True)

    @step("mock: list_accounts is called, and its pages gone through forward and back")
    def _():
        page.goto(f"{home}connections/{mock}/calls")
        look("calls")
        page.goto(f"{home}connections/{mock}/calls/list_accounts")
        page.get_by_text("Page, raw data, HTTP exchanges").click()
        page.get_by_label("Rows of a page").fill("10")
        page.get_by_role("button", name="Run").click()
        page.get_by_text("10 rows").wait_for()
        first = page.locator("#answer tbody tr").first.inner_text()
        page.get_by_role("button", name="Next page").click()
        page.get_by_text("Page 2").wait_for()
        expect(page.locator("#answer tbody tr").first.inner_text() != first, "the second page is the first")
        look("call")
        page.get_by_role("button", name="Previous page").click()
        page.get_by_text("Page 1", exact=True).wait_for()
        expect(page.locator("#answer tbody tr").first.inner_text() == first, "the first page is another")

    @step("mock: a call as JSON, its answer as JSON, an error with its code, and copies")
    def _():
        page.goto(f"{home}connections/{mock}/calls/get_account")
        page.get_by_label("Request", exact=True).select_option("json")
        page.get_by_label("Payload, as JSON").fill('{"account_id": "acct-nobody"}')
        page.get_by_role("button", name="Run").click()
        page.locator("#answer .mark.bad").wait_for()
        expect("not_found" in page.inner_text("#answer"), "the code is not told")
        page.get_by_text("Command line").click()
        page.get_by_role("button", name="Copy").first.click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        expect("connector call" in copied and "acct-nobody" in copied, f"what was copied is {copied}")
        expect(given["password"] not in page.content(), "the password is on the page")

    @step("mock: a call that makes no HTTP request says so")
    def _():
        expect("made no HTTP request" in page.inner_text("#answer"), "nothing is said of HTTP exchanges")

    if "scim" in connections:

        @step("scim: the HTTP exchanges behind a call, and the recorded case that is copied")
        def _():
            page.goto(f"{home}connections/{connections['scim']}/calls/list_accounts")
            page.get_by_role("button", name="Run").click()
            page.locator("#exchanges > summary").click()
            exchange = page.locator("#exchanges details.exchange").first
            exchange.locator("summary").click()
            shown = page.inner_text("#exchanges")
            for text in ("GET /", "/Users", "200", "authorization: Bearer (secret)", "content-type:"):
                expect(text in shown, f"{text} is not shown")
            look("exchanges")
            page.get_by_text("Test case", exact=True).click()
            page.locator("button[data-copy=copy-case]").click()
            page.get_by_role("button", name="Copied").wait_for()
            recording = json.loads(page.evaluate("navigator.clipboard.readText()"))
            expect(recording["capability"] == "list_accounts" and recording["exchanges"], "it is not the recording")
            expect(given["token"] not in page.content() and given["token"] not in json.dumps(recording), "a secret is shown")
            open(f"{given['folder']}/recorded.json", "w", encoding="utf-8").write(json.dumps(recording))

    @step("mock: a sync with live progress, and its verdicts")
    def _():
        sync(mock)
        look("sync")
        page.get_by_role("link", name="What was read").click()
        page.get_by_text("Only a complete listing").wait_for()
        expect("read to its end" in page.inner_text("main"), "no evidence is told")
        look("verdicts")

    tenant = page.url

    @step("accounts are searched while one types, filtered, sorted, and gone through by keys")
    def _():
        page.goto(f"{tenant}/accounts")
        all_rows = page.locator("#rows tbody tr").count()
        look("accounts")
        name = page.locator("[data-row]").nth(3).inner_text()
        page.keyboard.press("/")
        page.keyboard.type(name)
        # Not by a script: the policy of the pages lets nobody evaluate a text.
        page.locator("#rows tbody tr").nth(all_rows - 1).wait_for(state="detached")
        expect(name in page.inner_text("#rows"), "what was searched for is not found")
        page.goto(f"{tenant}/accounts?sort=grants&desc=true")
        expect(page.locator("th[aria-sort=descending]").count() == 1, "no column is sorted")
        page.locator("main").click()
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="What it holds").wait_for()
        look("account")
        with page.expect_download() as download:
            page.goto(f"{tenant}/accounts")
            page.get_by_role("link", name="CSV").click()
        expect(open(download.value.path(), encoding="utf-8").readline().startswith("name,email"), "the file has no head")

    @step("entitlements, resources, the tree, and pages that lead to each other")
    def _():
        page.goto(f"{tenant}/entitlements?sort=holders&desc=true")
        look("entitlements")
        page.locator("[data-row]").first.click()
        page.get_by_role("heading", name="Who holds it").wait_for()
        look("entitlement")
        page.goto(f"{tenant}/resources")
        look("resources")
        page.goto(f"{tenant}/tree")
        page.locator("details summary").first.click()
        page.locator("ul.tree ul.tree li, ul.tree ul.tree a").first.wait_for()
        look("tree")

    @step("pictures")
    def _():
        page.goto(f"{tenant}/pictures")
        expect(page.locator("svg.picture").count() >= 4, "pictures are missing")
        look("pictures")

    @step("a second sync, and what changed since the first; growth")
    def _():
        page.goto(f"{home}connections/{mock}")
        page.get_by_label(re.compile("Account Count", re.I)).fill("27")
        page.get_by_role("button", name="Apply").click()
        page.wait_for_load_state()
        sync(mock)
        page.get_by_role("link", name="What was read").click()
        page.get_by_role("link", name="Changes").click()
        page.get_by_role("heading", name="Changes since").wait_for()
        expect("added" in page.inner_text("main").lower(), "nothing was added")
        look("changes")
        page.get_by_role("link", name="Pictures").click()
        page.locator("#growth + .scroll svg").wait_for()

    for name in given["apps"]:

        @step(f"{name}: validated, synced, and looked at")
        def _():
            number = connections[name]
            page.goto(f"{home}connections/{number}")
            page.get_by_role("button", name="Validate credentials").click()
            page.get_by_text("The credentials are valid").wait_for(timeout=30_000)
            sync(number)
            page.get_by_role("link", name="What was read").click()
            where = page.url
            page.screenshot(path=f"{given['folder']}/{name}-verdicts.png", full_page=True)
            page.goto(f"{where}/accounts")
            expect(page.locator("#rows tbody tr").count() >= given["apps"][name], "accounts are missing")
            page.screenshot(path=f"{given['folder']}/{name}-accounts.png", full_page=True)
            page.goto(f"{where}/pictures")
            expect(page.locator("svg.picture").count() >= 4, "pictures are missing")
            page.screenshot(path=f"{given['folder']}/{name}-pictures.png", full_page=True)

    @step("mock: a check, its verdicts, and the report as a file")
    def _():
        page.goto(f"{home}connections/{mock}/check")
        page.get_by_role("button", name="Start a check").click()
        page.get_by_role("heading", name="Rules").wait_for(timeout=120_000)
        look("check")
        with page.expect_download() as download:
            page.get_by_role("link", name="The report as a file").click()
        expect("Check of" in open(download.value.path(), encoding="utf-8").read(), "the report is another file")

    @step("a connector without a file: its form, then consent at a real provider with PKCE")
    def _():
        page.goto(f"{home}connections/new")
        look("new")
        page.get_by_label("Name").fill("person")
        page.get_by_label("Program and its arguments").fill(given["oidc"])
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("Issuer").fill(given["issuer"])
        for use in page.get_by_label("Use this credential").all():
            use.select_option("no")
        page.get_by_role("button", name="Apply").click()
        page.wait_for_load_state()
        consent = page.locator("fieldset", has=page.get_by_role("button", name="Ask the provider for consent"))
        consent.get_by_label("Client id").fill("person")
        consent.get_by_label("Client secret", exact=True).fill("secret-of-person")
        consent.get_by_label("Scopes").fill("openid api:read")
        consent.get_by_role("button", name="Ask the provider").click()
        page.locator("a.consent").click()
        page.locator("input[name=login]").fill("ada")
        page.locator("input[name=password]").fill("any")
        page.locator("button[type=submit], input[type=submit]").first.click()
        page.locator("button[type=submit], input[type=submit]").first.click()
        page.wait_for_url(f"{home}connections/*")
        page.get_by_text("There is an access token").wait_for()

    @step("a connection is saved with its typed secret in the keyring, and read back from there")
    def _():
        page.goto(f"{home}connections/{mock}")
        page.get_by_label("Name of the file").fill("in-keyring.toml")
        page.get_by_label("Secrets that were typed").select_option("yes")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved as").wait_for()
        expect(page.get_by_label("Where Password is").input_value() == "keyring", "the password is not in the keyring")
        page.get_by_role("button", name="Validate credentials").click()
        page.get_by_text("The credentials are valid").wait_for()
        expect(given["password"] not in page.content(), "the password is on the page")

    @step("a connection is saved as a file without a secret")
    def _():
        page.goto(f"{home}connections/{mock}")
        page.get_by_label("Where Password is").select_option("env")
        page.locator("input[name='auth.password.reference']").fill("E2E_PASSWORD")
        page.get_by_role("button", name="Apply").click()
        page.wait_for_load_state()
        page.get_by_label("Name of the file").fill("saved.toml")
        if page.get_by_label("Secrets that were typed").count():
            page.get_by_label("Secrets that were typed").select_option("")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved as").wait_for()

    browser.close()

print(json.dumps(seen))
