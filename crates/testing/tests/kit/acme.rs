//! A small connector, and what a suite says about it.

use lumos_connector::error;
use lumos_connector::prelude::*;
use lumos_connector::retry::Retries;
use lumos_connector_testing::prelude::*;

/// Where the connector finds its app when the settings do not say.
const APP: &str = "https://api.acme.test/v1";

#[derive(Deserialize, JsonSchema)]
struct AcmeSettings {
    base_url: Option<String>,
    /// What the connector does wrong.
    #[serde(default)]
    fault: String,
}

struct Acme {
    http: HttpClient,
    fault: String,
    password: Secret,
}

impl FromCall for Acme {
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: AcmeSettings = call.settings()?;
        let login: BasicCredential = call.auth()?;
        let password = login.password.clone();
        let base_url = settings.base_url.as_deref().unwrap_or(APP);
        let mut http = call.http().basic(login);
        if settings.fault == "does not wait" {
            http = http.retries(Retries::none());
        }
        Ok(Self { http: http.base_url(base_url)?, fault: settings.fault, password })
    }
}

#[derive(Deserialize)]
struct User {
    id: String,
    email: Option<String>,
}

impl From<User> for FoundAccountData {
    fn from(user: User) -> Self {
        Self { email: user.email, ..Self::new(user.id) }
    }
}

async fn list_accounts(
    (acme, page): (Acme, PageRequest),
    _: ListAccounts,
) -> Result<Reply<Vec<FoundAccountData>>> {
    let listing = page.listing::<Offset>(PageSizes { default: 100, max: 100 })?;
    let (Offset { offset }, size) = (listing.position(), listing.size() as u64);
    if acme.fault == "logs the password" {
        tracing::info!("logging in with {}", acme.password.expose());
    }
    let parameters = [("limit", size), ("offset", offset)];
    if acme.fault == "does not wait" {
        acme.http.get("users").query(&parameters).send_any().await?;
    }
    let users: Vec<User> = acme.http.get("users").query(&parameters).read().await?;
    let full = users.len() as u64 == size;
    let next = match acme.fault.as_str() {
        "stands still" => Some(Offset { offset }),
        "repeats a row" => full.then_some(Offset { offset: offset + size - 1 }),
        _ => full.then_some(Offset { offset: offset + size }),
    };
    listing.next_page(users.into_iter().map(Into::into).collect(), next)
}

async fn get_account(acme: Acme, request: GetAccount) -> Result<FoundAccountData> {
    if acme.fault == "shows the password" {
        return Ok(FoundAccountData::new(acme.password.expose()));
    }
    if acme.fault == "waits for ever" {
        std::future::pending::<()>().await;
    }
    let user: User = acme.http.get(["users", &request.account_id]).read().await?;
    Ok(user.into())
}

pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("acme", "1.0.0")
        .about("Acme", [AppCategory::Developers])
        .auth::<BasicCredential>()
        .settings::<AcmeSettings>()
        .on_error(error::http_status)
        .capability(capability::ListAccounts, list_accounts)
        .capability(capability::GetAccount, get_account)
        .build()
}

/// The suite of the connector with a case; the other capability is covered.
pub(crate) fn suite(cases: impl IntoIterator<Item = Case>) -> Suite {
    let covering = [
        case(capability::ListAccounts, "covers").upstream(users(0)).expect(response(json!([]))),
        case(capability::GetAccount, "covers")
            .request(json!({"account_id": "0"}))
            .upstream(get("/v1/users/0").answers(json!({"id": "0"})))
            .expect(response(json!({"integration_specific_id": "0"}))),
    ];
    Suite::new(integration)
        .auth(json!({"basic": {"username": "ada", "password": "correct horse"}}))
        .settings(json!({}))
        .cases(covering)
        .cases(cases)
}

/// What the suite says about one case; nothing when it passes.
pub(crate) fn verdict(case: Case) -> String {
    suite([case]).check().err().map(|failures| failures.to_string()).unwrap_or_default()
}

/// The app's listing of so many users.
pub(crate) fn users(count: usize) -> Exchange {
    get("/v1/users").any_query().any_times().answers_with(move |call| {
        let number = |name| call.parameter(name).and_then(|value| value.parse().ok()).unwrap_or(0);
        let (offset, limit): (usize, usize) = (number("offset"), number("limit"));
        let page = (offset..count.min(offset + limit)).map(|id| json!({"id": id.to_string()}));
        answer(200).json(page.collect::<Vec<_>>())
    })
}
