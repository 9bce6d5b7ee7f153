//! `list_accounts`: as many accounts as asked for, made while they are written.

use lumos_connector::prelude::*;

use crate::settings::BenchSettings;

const GIVEN_NAMES: [&str; 8] = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Zoë", "Łukasz", "Margaret"];
const FAMILY_NAMES: [&str; 7] = ["Lovelace", "Hopper", "Turing", "Dijkstra", "O'Brien", "Núñez", "Hamilton"];
const DEPARTMENTS: [&str; 5] = ["Engineering", "Finance", "Legal", "Operations", "Sales"];

pub(crate) async fn list(
    (Settings(settings), page): (Settings<BenchSettings>, PageRequest),
    _: ListAccounts,
) -> Result<Reply<Rows<FoundAccountData>>> {
    let numbers = settings.numbers(&page, 1);
    let is_paged = settings.is_paged();
    let reply = Reply::iter(numbers.rows.map(move |number| Ok(account(number, &settings.host))));
    Ok(if is_paged { reply.page(numbers.next) } else { reply })
}

fn account(number: i64, host: &str) -> FoundAccountData {
    FoundAccountData {
        email: Some(format!("user{number:07}@{host}")),
        given_name: Some(chosen(&GIVEN_NAMES, number)),
        family_name: Some(chosen(&FAMILY_NAMES, number)),
        user_status: Some(AccountStatus::Active),
        custom_attributes: Some(IndexMap::from([
            ("department".to_owned(), chosen(&DEPARTMENTS, number)),
            ("cost_center".to_owned(), format!("CC-{:03}", number % 97)),
            ("employee_number".to_owned(), (100_000 + number).to_string()),
        ])),
        ..FoundAccountData::new(identifier(number))
    }
}

/// The identifier of an account, which its associations name too.
pub(crate) fn identifier(number: i64) -> String {
    format!("acct-{number:07}")
}

/// One of the names in turn.
fn chosen(names: &[&str], number: i64) -> String {
    let place = usize::try_from(number).unwrap_or_default() % names.len();
    names[place].to_owned()
}
