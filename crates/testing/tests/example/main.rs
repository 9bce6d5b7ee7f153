//! The suite of a small connector, as authors write it: `docs/guide/test-your-connector.md` explains it.

use std::process::ExitCode;

use lumos_connector::error;
use lumos_connector::prelude::*;
use lumos_connector_testing::prelude::*;

struct Acme(HttpClient);

impl FromCall for Acme {
    async fn from_call(call: &Call) -> Result<Self> {
        let token: TokenCredential = call.auth()?;
        Ok(Self(call.http().bearer(token).base_url("https://api.acme.test/v2")?))
    }
}

#[derive(Deserialize)]
struct User {
    id: String,
    email: String,
}

async fn list_accounts(
    (acme, page): (Acme, PageRequest),
    _: ListAccounts,
) -> Result<Reply<Vec<FoundAccountData>>> {
    let listing = page.listing::<usize>(PageSizes { default: 100, max: 100 })?;
    let (first, size) = (listing.position(), listing.size());
    let users: Vec<User> = acme.0.get("users").query(&[("offset", first), ("limit", size)]).read().await?;
    let next = (users.len() == size).then_some(first + size);
    let account = |user: User| FoundAccountData { email: Some(user.email), ..FoundAccountData::new(user.id) };
    listing.next_page(users.into_iter().map(account).collect(), next)
}

async fn get_account(acme: Acme, request: GetAccount) -> Result<FoundAccountData> {
    let user: User = acme.0.get(["users", &request.account_id]).read().await?;
    Ok(FoundAccountData { email: Some(user.email), ..FoundAccountData::new(user.id) })
}

fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("acme", "1.0.0")
        .about("Acme", [AppCategory::Developers])
        .auth::<TokenCredential>()
        .on_error(error::http_status)
        .capability(capability::ListAccounts, list_accounts)
        .capability(capability::GetAccount, get_account)
        .build()
}

fn ada() -> Case {
    case(capability::GetAccount, "gives one user")
        .request(json!({"account_id": "a/7"}))
        .upstream(
            get("/v2/users/a%2F7")
                .header("authorization", "Bearer correct-horse")
                .answers(json!({"id": "a/7", "email": "ada@acme.test"})),
        )
        .expect(response(json!({"integration_specific_id": "a/7", "email": "ada@acme.test"})))
}

fn users_of_the_app(count: usize) -> Exchange {
    get("/v2/users").any_query().any_times().answers_with(move |call| {
        let number = |name| call.parameter(name).and_then(|value| value.parse().ok()).unwrap_or(0);
        let (first, limit): (usize, usize) = (number("offset"), number("limit"));
        let user = |id: usize| json!({"id": id.to_string(), "email": format!("{id}@acme.test")});
        answer(200).json((first..count.min(first + limit)).map(user).collect::<Vec<_>>())
    })
}

fn main() -> ExitCode {
    Suite::new(integration)
        .auth(json!({"token": {"token": "correct-horse"}}))
        .cases([
            ada(),
            case(capability::GetAccount, "says who is missing")
                .request(json!({"account_id": "9"}))
                .upstream(get("/v2/users/9").answers((404, json!({"message": "no user 9"}))))
                .expect(error(ConnectorErrorCode::NotFound).message("no user 9").status_code(404)),
            case(capability::ListAccounts, "gives every user once")
                .page_size(2)
                .upstream(users_of_the_app(5))
                .expect(listing().rows(5).pages(3).unique_by("integration_specific_id")),
        ])
        .cases(app_failures(ada()))
        .cases([waits_when_throttled(ada())])
        .run()
}
