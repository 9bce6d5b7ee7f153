//! What is shown of a tenant.

use crate::browser::{Browser, Served};
use crate::fixture::{Tenant, store};

fn rows(page: &str) -> Vec<String> {
    page.split("data-row=\"\"")
        .skip(1)
        .map(|rest| {
            let text = rest.split_once('>').unwrap().1;
            text.split("</a>").next().unwrap().to_owned()
        })
        .collect()
}

fn link(page: &str, rel: &str) -> Option<String> {
    let rest = page.split_once(&format!("rel=\"{rel}\" href=\""))?.1;
    Some(rest.split('"').next().unwrap().replace("&amp;", "&"))
}

/// Every page of a table, forward, then back again.
fn walk(browser: &Browser, first: &str) -> Vec<String> {
    let mut pages = vec![browser.get(first)];
    let mut all = rows(&pages[0]);
    while let Some(next) = link(pages.last().unwrap(), "next") {
        pages.push(browser.get(&next));
        all.extend(rows(pages.last().unwrap()));
        assert!(pages.len() < 100);
    }
    let mut page = pages.pop().unwrap();
    for earlier in pages.iter().rev() {
        page = browser.get(&link(&page, "prev").unwrap());
        assert_eq!(rows(&page), rows(earlier), "{first}");
    }
    all
}

#[test]
fn tables_are_gone_through_in_any_order_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(&folder, &[Tenant { accounts: 230, is_changed: false }]);
    let served = Served::over(&path);
    let browser = Browser::enter(&served);
    let mut by_name = walk(&browser, "tenants/0/1/accounts");
    assert_eq!(by_name.len(), 230);
    let mut sorted = by_name.clone();
    sorted.sort_by_key(|name| name.to_lowercase());
    assert_eq!(by_name[4..], sorted[4..]);
    for column in ["email", "username", "status", "type", "grants", "last_activity", "key"] {
        for direction in ["", "&desc=true"] {
            let mut found = walk(&browser, &format!("tenants/0/1/accounts?sort={column}{direction}"));
            assert_eq!(found.len(), 230, "{column}{direction}");
            found.sort();
            by_name.sort();
            assert_eq!(found, by_name, "{column}{direction}");
        }
    }
    let suspended = walk(&browser, "tenants/0/1/accounts?status=SUSPENDED&sort=email");
    assert_eq!(suspended.len(), 46);
    let found = walk(&browser, "tenants/0/1/accounts?q=PERSON%20000");
    assert_eq!(found.len(), 6, "{found:?}");
    assert_eq!(walk(&browser, "tenants/0/1/accounts?q=p17%40acme").len(), 1);
    assert_eq!(walk(&browser, "tenants/0/1/accounts?q=pe").len(), 226);
    assert_eq!(
        walk(&browser, "tenants/0/1/accounts?q=acme.test&sort=grants&desc=true&status=ACTIVE").len(),
        184
    );
    assert!(browser.get("tenants/0/1/accounts?q=nobody").contains("Nothing is found"));
}

#[test]
fn accounts_entitlements_and_resources_have_pages_that_lead_to_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(&folder, &[Tenant { accounts: 40, is_changed: false }]);
    let served = Served::over(&path);
    let browser = Browser::enter(&served);
    assert!(browser.get("home").contains("tenant.db"));
    let verdicts = browser.get("tenants/0/1");
    assert!(
        verdicts.contains("read to its end") && verdicts.contains("find_entitlement_associations")
            || verdicts.contains("associations")
    );
    let found = browser.get("tenants/0/1/accounts?q=p7%40acme.test");
    let n = found
        .split("tenants/0/1/accounts/")
        .filter_map(|rest| rest.split('"').next()?.parse::<u32>().ok())
        .next()
        .unwrap();
    let account = browser.get(&format!("tenants/0/1/accounts/{n}"));
    assert!(account.contains("4 entitlements"), "{account}");
    assert!(account.contains("2026-11-01"), "{account}");
    assert!(account.contains("the app as a whole"), "{account}");
    let row = account.split("listings/associations/").nth(1).unwrap().split('"').next().unwrap();
    assert!(browser.get(&format!("tenants/0/1/listings/associations/{row}")).contains("a7"));
    let entitlements = browser.get("tenants/0/1/entitlements?sort=holders&desc=true");
    let n = entitlements
        .split("tenants/0/1/entitlements/")
        .filter_map(|rest| rest.split('"').next()?.parse::<u32>().ok())
        .next()
        .unwrap();
    assert!(browser.get(&format!("tenants/0/1/entitlements/{n}")).contains("40 accounts"));
    let tree = browser.get("tenants/0/1/tree");
    assert!(tree.contains("3 resources") && tree.contains("The app as a whole"), "{tree}");
    assert!(browser.get("tenants/0/1/tree?resource=").contains("Role 5"));
}

#[test]
fn pictures_show_what_was_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(
        &folder,
        &[Tenant { accounts: 40, is_changed: false }, Tenant { accounts: 44, is_changed: false }],
    );
    let served = Served::over(&path);
    let browser = Browser::enter(&served);
    let page = browser.get("tenants/0/2/pictures");
    assert!(page.contains("110 grants in all"), "{page}");
    assert!(page.contains("4 combinations"), "{page}");
    for id in ["held", "histogram", "matrix", "layers", "activity", "growth"] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert_eq!(page.matches("<svg class=\"picture\"").count(), 6, "{page}");
    assert!(page.contains("accounts, sync 2: 44"), "{page}");
}

#[test]
fn two_syncs_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(
        &folder,
        &[Tenant { accounts: 40, is_changed: false }, Tenant { accounts: 41, is_changed: true }],
    );
    let served = Served::over(&path);
    let browser = Browser::enter(&served);
    let page = browser.get("tenants/0/2/changes");
    assert!(page.contains("p40@acme.test") && page.contains("family_name"), "{page}");
    assert!(page.contains("<ins>Changed</ins>"), "{page}");
    assert!(browser.get("tenants/0/1/changes").contains("no earlier sync"));
    assert_eq!(browser.status("tenants/0/2/changes?with=77").0, 404);
}

#[test]
fn an_index_of_another_store_is_made_anew_and_a_foreign_file_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(&folder, &[Tenant { accounts: 12, is_changed: false }]);
    let index = folder.path().join("tenant.db.index");
    drop(Browser::enter(&Served::over(&path)).get("home"));
    {
        let served = Served::over(&path);
        Browser::enter(&served).get("tenants/0/1/accounts");
        assert!(index.exists());
    }
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(folder.path().join(format!("tenant.db{end}"))));
    }
    // Other rows under the same name and the same number of the sync.
    std::thread::sleep(std::time::Duration::from_millis(5));
    store(&folder, &[Tenant { accounts: 13, is_changed: false }]);
    {
        let served = Served::over(&path);
        assert!(Browser::enter(&served).get("tenants/0/1/accounts").contains("13 accounts in all"));
    }
    for end in ["-wal", "-shm"] {
        drop(std::fs::remove_file(folder.path().join(format!("tenant.db.index{end}"))));
    }
    std::fs::write(&index, "something else that is long enough to be looked at").unwrap();
    let served = Served::over(&path);
    let (status, page) = Browser::enter(&served).status("tenants/0/1/accounts");
    assert_eq!(status, 500);
    assert!(page.contains("index"), "{page}");
    assert_eq!(
        std::fs::read_to_string(&index).unwrap(),
        "something else that is long enough to be looked at"
    );
}
