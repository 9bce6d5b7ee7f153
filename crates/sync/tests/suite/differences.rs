//! What changed between two syncs: only a complete listing says that something is gone.

use lumos_sync::diff::{Change, Chosen, ListingDiff, RemovalLimit, Side, SideError, SideName, diff};
use lumos_sync::execute::policy::RetryPolicy;
use lumos_sync::execute::{CallFailure, SyncOptions};
use lumos_sync::report::changes::{ChangesForm, write_end, write_head, write_row};
use lumos_sync::verdict::Thresholds;

use crate::tenant::{Place, Reply, Tenant, account, association};

struct Found {
    rows: Vec<(String, String, String, &'static str)>,
    listings: Vec<ListingDiff>,
    text: [String; 3],
}

fn compare(place: &Place, old: i64, new: i64) -> Found {
    let side = |sync| Side::open(&SideName { path: place.path(), sync: Chosen::Number(sync) }).unwrap();
    let (mut rows, mut outputs) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    let forms = [ChangesForm::Text, ChangesForm::Json, ChangesForm::Csv];
    forms.iter().zip(&mut outputs).for_each(|(form, output)| write_head(*form, output).unwrap());
    let listings = diff(&side(old), &side(new), |row| {
        rows.push((row.label.to_owned(), row.key.to_owned(), row.name.to_owned(), row.change.as_str()));
        for (form, output) in forms.iter().zip(&mut outputs) {
            write_row(*form, row, output)?;
        }
        if let Change::Changed(fields) = row.change {
            assert!(!fields.is_empty());
        }
        Ok(())
    })
    .unwrap();
    forms.iter().zip(&mut outputs).for_each(|(form, output)| write_end(*form, &listings, output).unwrap());
    Found { rows, listings, text: outputs.map(|output| String::from_utf8(output).unwrap()) }
}

/// The tenant without its last account, with another email of the first, and a new association.
fn later() -> Tenant {
    let mut tenant = Tenant::small();
    let accounts = tenant.pages.get_mut("list_accounts").unwrap();
    accounts[5].pop();
    accounts[0][0] = accounts[0][0].replace("0@example.test", "zero@example.test");
    let associations = tenant.pages.get_mut("find_entitlement_associations").unwrap();
    associations[11].truncate(3);
    associations[0].push(association(0, 3));
    tenant
}

#[tokio::test(start_paused = true)]
async fn added_changed_and_removed_rows_have_names() {
    let place = Place::new();
    place.sync(&Tenant::small()).await;
    place.sync(&later()).await;
    let found = compare(&place, 1, 2);
    let row = |label: &str, key: &str, name: &str, change| {
        (label.to_owned(), key.to_owned(), name.to_owned(), change)
    };
    let accounts: Vec<_> = found.rows.iter().filter(|row| row.0 == "accounts").cloned().collect();
    assert_eq!(
        accounts,
        [
            row("accounts", "a0000", "zero@example.test", "changed"),
            row("accounts", "a0029", "29@example.test", "removed")
        ]
    );
    let associations: Vec<_> = found.rows.iter().filter(|row| row.0 == "associations").cloned().collect();
    assert_eq!(
        associations[0],
        row("associations", r#"["a0000","e3",""]"#, "zero@example.test · Role 3", "added")
    );
    assert_eq!(associations[1].2, "29@example.test · Role 1");
    assert_eq!(associations.len(), 3);
    let [text, json, csv] = found.text;
    assert!(
        text.contains("~ accounts a0000  zero@example.test\n    email: 0@example.test → zero@example.test"),
        "{text}"
    );
    assert!(text.contains("accounts: 30 → 29 rows, 0 added, 1 changed, 1 removed, 0 not seen"), "{text}");
    assert!(json.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    assert!(
        csv.contains("accounts,changed,a0000,zero@example.test,email,0@example.test,zero@example.test\r\n"),
        "{csv}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_of_an_incomplete_listing_was_not_seen() {
    let place = Place::new();
    place.sync(&Tenant::small()).await;
    let cut = Tenant::small().fault(|call, _, reply| {
        let failure = CallFailure::new("permission_denied", "no");
        if call.token.as_deref() == Some("list_accounts:3") {
            Reply { failure: Some(failure), ..reply }
        } else {
            reply
        }
    });
    place.sync(&cut).await;
    let found = compare(&place, 1, 2);
    let accounts = &found.listings[0];
    assert_eq!((accounts.removed, accounts.not_seen, accounts.doubt.as_deref()), (0, 15, Some("page 3: no")));
    assert!(RemovalLimit::default().check(&found.listings).is_empty());
}

#[tokio::test(start_paused = true)]
async fn many_removals_are_not_believed() {
    let place = Place::new();
    place.sync(&Tenant::small()).await;
    let mut options = SyncOptions::new("acme");
    options.thresholds = Thresholds::accept_shrinking();
    place.sync_with(&Tenant::of(10), &options).await.unwrap();
    let found = compare(&place, 1, 2);
    let too_many = RemovalLimit::default().check(&found.listings);
    assert_eq!(too_many.len(), 3);
    assert!(too_many[0].to_string().starts_with("accounts: 20 of 30 rows are gone"), "{}", too_many[0]);
}

#[tokio::test(start_paused = true)]
async fn a_side_that_has_not_ended_is_refused() {
    let place = Place::new();
    drop(lumos_sync::store::Store::open(&place.path()).unwrap());
    let error = Side::open(&SideName { path: place.path(), sync: Chosen::Latest }).unwrap_err();
    assert!(matches!(error, SideError::NoSync { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn of_several_connections_in_a_store_one_is_named() {
    let place = Place::new();
    let first = place.sync(&Tenant::of(10)).await;
    place.sync_with(&Tenant::of(20), &SyncOptions::new("other")).await.unwrap();
    let latest = place.sync(&Tenant::of(30)).await;
    assert_ne!(first.sync, latest.sync);
    let side = |sync: &str| Side::open(&format!("{}{sync}", place.path().display()).parse().unwrap());
    assert_eq!(side("#acme").unwrap().sync.id, latest.sync);
    assert_eq!(side("#other").unwrap().sync.connection, "other");
    assert_eq!(side(&format!("#{}", first.sync)).unwrap().sync.id, first.sync);
    let text = |sync| side(sync).unwrap_err().to_string();
    assert!(text("").ends_with("tenant.db#acme"), "{}", text(""));
    assert!(
        text("#nobody").ends_with("no sync of the connection nobody that has ended"),
        "{}",
        text("#nobody")
    );
}

#[tokio::test(start_paused = true)]
async fn exported_rows_are_those_that_came() {
    use lumos_sync::export::{Format, write_folder};
    let place = Place::new();
    let end = place.sync(&Tenant::small()).await;
    let side = Side::open(&SideName { path: place.path(), sync: Chosen::Latest }).unwrap();
    let folder = place.folder.path().join("rows");
    let files = write_folder(&side, Format::Ndjson, &folder).unwrap();
    let rows: usize =
        files.iter().map(|file| std::fs::read_to_string(&file.path).unwrap().lines().count()).sum();
    assert_eq!(rows, place.rows(end.sync).len());
    write_folder(&side, Format::Csv, &folder).unwrap();
    let accounts = std::fs::read_to_string(folder.join("accounts.csv")).unwrap();
    let mut lines = accounts.split("\r\n");
    assert_eq!(
        lines.next().unwrap(),
        "integration_specific_id,resource_id,email,given_name,family_name,username,user_status,extra_data,\
         custom_attributes,account_type"
    );
    assert_eq!(lines.next().unwrap(), "a0000,,0@example.test,,,,,,,");
}

#[tokio::test(start_paused = true)]
async fn exported_parquet_has_the_types_of_the_contract_and_says_what_it_leaves_out() {
    use lumos_sync::export::{Format, write_folder};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    let place = Place::new();
    let mut tenant = Tenant::small();
    let entitlements = &mut tenant.pages.get_mut("list_entitlements").unwrap()[0];
    for (row, assignable) in entitlements.iter_mut().zip(["true", "null", "\"yes\"", "false"]) {
        *row = row.replace("\"label\"", &format!("\"is_assignable\":{assignable},\"label\""));
    }
    entitlements.push("7".to_owned());
    place.sync(&tenant).await;
    let side = Side::open(&SideName { path: place.path(), sync: Chosen::Latest }).unwrap();
    let folder = place.folder.path().join("rows");
    let files = write_folder(&side, Format::Parquet, &folder).unwrap();
    let read = |label: &str| {
        SerializedFileReader::new(std::fs::File::open(folder.join(format!("{label}.parquet"))).unwrap())
            .unwrap()
    };
    let accounts = read("accounts");
    let facts = accounts.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let fact = |key: &str| facts.iter().find(|fact| fact.key == key).unwrap().value.clone().unwrap();
    assert_eq!(
        (fact("lumos.verdict"), fact("lumos.listing")),
        ("complete".to_owned(), "accounts".to_owned())
    );
    let rows: Vec<_> = accounts.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 30);
    let column = |row: usize, name: &str| {
        rows[row].get_column_iter().find(|(column, _)| *column == name).unwrap().1.clone()
    };
    assert_eq!(column(29, "email"), Field::Str("29@example.test".to_owned()));
    assert_eq!(column(0, "user_status"), Field::Null);
    let assignable: Vec<_> = read("entitlements")
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            row.unwrap().get_column_iter().find(|(name, _)| *name == "is_assignable").unwrap().1.clone()
        })
        .collect();
    assert_eq!(assignable, [Field::Bool(true), Field::Null, Field::Null, Field::Bool(false), Field::Null]);
    let left_out: Vec<_> =
        files.iter().flat_map(|file| &file.left_out).map(std::string::ToString::to_string).collect();
    assert_eq!(
        left_out,
        [
            "is_assignable of 1 rows has another type than the contract's and is empty",
            "1 rows are not objects and have no fields"
        ]
    );
    // An empty listing is a file without rows, not no file.
    assert_eq!(side.listings.len(), files.len());
}

/// Accounts of which the connector says that they changed, two on a page.
fn with_updates(accounts: &[String]) -> Tenant {
    let mut tenant = Tenant::small();
    tenant.pages.insert("list_updated_accounts", accounts.chunks(2).map(<[String]>::to_vec).collect());
    tenant
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_a_sync_is_compared_field_by_field_and_says_what_it_cannot_see() {
    use lumos_sync::diff::{NOT_SEEN, UpdatedSince, diff_since};
    use lumos_sync::report::changes::write_updates_end;
    let place = Place::new();
    let updates = [
        account(3),
        account(4).replace("4@example.test", "four@example.test"),
        account(30),
        account(4).replace("4@example.test", "fourth@example.test"),
        "{}".to_owned(),
    ];
    let tenant = with_updates(&updates);
    place.sync(&tenant).await;
    let side = Side::open(&SideName { path: place.path(), sync: Chosen::Latest }).unwrap();
    let mut rows = Vec::new();
    let found = diff_since(&tenant, &side, &RetryPolicy::default(), |row| {
        rows.push(format!("{} {} {}", row.change.as_str(), row.key, row.name));
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(rows, ["changed a0004 four@example.test", "added a0030 30@example.test"]);
    let since = found.since.clone();
    let expected = UpdatedSince {
        since: since.clone(),
        updated: 3,
        added: 1,
        changed: 1,
        unchanged: 1,
        without_identity: 1,
        doubt: None,
    };
    assert_eq!(found, expected);
    let calls = tenant.calls.lock().unwrap();
    let call = calls.iter().rfind(|call| call.capability == "list_updated_accounts").unwrap();
    assert_eq!(call.request, format!(r#"{{"since":"{since}"}}"#));
    let mut text = Vec::new();
    write_updates_end(ChangesForm::Text, &found, &mut text).unwrap();
    assert!(String::from_utf8(text).unwrap().contains(NOT_SEEN));
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_a_sync_is_refused_where_it_cannot_be_known() {
    use lumos_sync::diff::{UpdatesError, diff_since};
    let place = Place::new();
    place.sync(&Tenant::small()).await;
    let side = Side::open(&SideName { path: place.path(), sync: Chosen::Latest }).unwrap();
    let ask = async |tenant: &Tenant| {
        diff_since(tenant, &side, &RetryPolicy::default(), |_| Ok(())).await.unwrap_err()
    };
    let error = ask(&Tenant::small()).await;
    assert!(matches!(error, UpdatesError::NoCapability), "{error}");
    let mut other = with_updates(&[account(1)]);
    other.fingerprint = "two".to_owned();
    let error = ask(&other).await;
    assert!(matches!(error, UpdatesError::OtherTenant { sync: 1 }), "{error}");
    let circle = with_updates(&[account(1), account(2), account(3)]).fault(|call, _, reply| Reply {
        next: (call.capability == "list_updated_accounts")
            .then(|| "list_updated_accounts:1".to_owned())
            .or(reply.next),
        ..reply
    });
    let error = ask(&circle).await;
    assert!(
        error.to_string().contains("page 1: gave a token that an earlier page was asked with"),
        "{error}"
    );
    let failing = with_updates(&[account(1)]).fault(|call, _, reply| Reply {
        failure: (call.capability == "list_updated_accounts")
            .then(|| CallFailure::new("not_found", "no feed")),
        ..reply
    });
    let error = ask(&failing).await;
    assert!(error.to_string().contains("page 0: no feed; not all that changed was read"), "{error}");
}
