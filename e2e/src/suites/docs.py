"""Opens /docs in a browser that can reach nothing but this machine, calls a capability, and says what it saw."""

import json
import sys

from playwright.sync_api import sync_playwright

base, capability, request, screenshot = sys.argv[1:]
seen = {"requests": [], "complaints": []}

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    )
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.on("request", lambda sent: seen["requests"].append(sent.url))
    page.on("console", lambda line: line.type in ("error", "warning") and seen["complaints"].append(line.text))
    page.on("pageerror", lambda error: seen["complaints"].append(str(error)))
    page.goto(f"{base}/docs")
    operation = page.locator(f".opblock:has(.opblock-summary-path[data-path='/{capability}'])")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea.body-param__text").fill(request)
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .highlight-code").first
    answer.wait_for()
    seen["answer"] = answer.inner_text()
    seen["title"] = page.title()
    page.screenshot(path=screenshot)
    browser.close()

print(json.dumps(seen))
