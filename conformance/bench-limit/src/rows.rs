//! The rows of `list_accounts`.

use indexmap::IndexMap;
use serde::Serialize;

const GIVEN_NAMES: [&str; 8] = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Zoë", "Łukasz", "Margaret"];
const FAMILY_NAMES: [&str; 7] = ["Lovelace", "Hopper", "Turing", "Dijkstra", "O'Brien", "Núñez", "Hamilton"];
const DEPARTMENTS: [&str; 5] = ["Engineering", "Finance", "Legal", "Operations", "Sales"];

#[derive(Serialize)]
pub(crate) struct Account {
    integration_specific_id: String,
    resource_id: Option<String>,
    email: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    username: Option<String>,
    user_status: Option<Status>,
    extra_data: Option<serde_json::Value>,
    custom_attributes: Option<IndexMap<String, String>>,
    account_type: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Active,
}

pub(crate) fn accounts(count: i64, host: &str) -> Vec<Account> {
    (0..count).map(|number| account(number, host)).collect()
}

fn account(number: i64, host: &str) -> Account {
    Account {
        integration_specific_id: format!("acct-{number:07}"),
        resource_id: None,
        email: Some(format!("user{number:07}@{host}")),
        given_name: Some(chosen(&GIVEN_NAMES, number)),
        family_name: Some(chosen(&FAMILY_NAMES, number)),
        username: None,
        user_status: Some(Status::Active),
        extra_data: None,
        custom_attributes: Some(IndexMap::from([
            ("department".to_owned(), chosen(&DEPARTMENTS, number)),
            ("cost_center".to_owned(), format!("CC-{:03}", number % 97)),
            ("employee_number".to_owned(), (100_000 + number).to_string()),
        ])),
        account_type: None,
    }
}

fn chosen(names: &[&str], number: i64) -> String {
    let place = usize::try_from(number).unwrap_or_default() % names.len();
    names[place].to_owned()
}
