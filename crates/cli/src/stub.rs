//! What a capability begins as: a function that says that it is not written yet, its registration, and a case.

use lumos_connector_runtime::failure::Failure;
use lumos_connector_types::capability::{Authentication, Level, StandardCapability};
use lumos_connector_types::schema::{Example, Object, Refs};
use serde_json::{Value, json};

/// Longer lines are broken, as the `rustfmt.toml` of new projects says.
const WIDTH: usize = 120;

/// The one capability that reads and yet counts as writing for rate limits (contract §12.1).
const READS_AFTER_ALL: StandardCapability = StandardCapability::ListExpenses;

/// What the SDK answers by itself.
const BROUGHT: &[StandardCapability] = &[
    StandardCapability::AppInfo,
    StandardCapability::ProbeIntegration,
    StandardCapability::ValidateCredentialConfig,
];

/// What a case of a capability that is to be written expects.
const UNWRITTEN: &str = "is not written yet";

/// The capabilities of these names, each once.
pub(crate) fn capabilities(names: &[String]) -> Result<Vec<StandardCapability>, Failure> {
    let mut capabilities = Vec::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let one = capability(name)?;
        if !capabilities.contains(&one) {
            capabilities.push(one);
        }
    }
    Ok(capabilities)
}

/// The standard capability of a name, if a connector implements it itself.
fn capability(name: &str) -> Result<StandardCapability, Failure> {
    let Some(capability) = StandardCapability::from_wire(name) else {
        let nearest = implemented().min_by_key(|known| strsim::levenshtein(known.as_str(), name));
        let nearest = nearest.map_or("list_accounts", StandardCapability::as_str);
        return Err(Failure::new(format!("there is no standard capability {name:?}")).advice(format!(
            "did you mean {nearest}? `connector spec` has them all; a capability of the app's own is a \
                             marker type that implements `Capability`"
        )));
    };
    if implemented().any(|known| known == capability) {
        return Ok(capability);
    }
    let refusal = Failure::new(format!("{name} is not written by the author of a connector"));
    Err(if !capability.is_served() {
        refusal.advice("the name is reserved; no connector answers it")
    } else if BROUGHT.contains(&capability) {
        refusal.advice("every connector on this SDK answers it already")
    } else {
        refusal.advice("it is there when OAuth is declared: `.oauth(…)` where the credential is")
    })
}

/// The standard capabilities that a connector implements itself.
pub(crate) fn implemented() -> impl Iterator<Item = StandardCapability> {
    StandardCapability::ALL.iter().copied().filter(|capability| {
        capability.authentication() == Authentication::Required && !BROUGHT.contains(capability)
    })
}

/// Whether it reads or writes, as its function is filed.
pub(crate) fn level(capability: StandardCapability) -> Level {
    if capability == READS_AFTER_ALL { Level::Read } else { capability.level() }
}

/// A capability that is to be written.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) capability: StandardCapability,
    /// The type that stands for it when it is registered.
    pub(crate) marker: String,
    payload: String,
    answer: String,
    is_listing: bool,
    /// A request with every field that it needs.
    sample: Value,
    /// Whether the function takes `NewAccount`, a payload of the connector's own.
    takes_new_account: bool,
}

/// The payload of the connector's own that `create_account` begins with.
pub(crate) const NEW_ACCOUNT: &str = "NewAccount";

/// How names are written where a stub goes.
pub(crate) trait Names {
    /// A name of the SDK's prelude.
    fn sdk(&self, name: &str) -> String;
}

impl Stub {
    pub(crate) fn of(capability: StandardCapability) -> Result<Self, Failure> {
        let unknown = || Failure::new(format!("this tool does not know the types of {capability}"));
        let request = capability.request_schema(Refs::Defs).ok_or_else(unknown)?;
        let response = capability.response_schema(Refs::Defs).ok_or_else(unknown)?;
        let title = request.get("title").and_then(Value::as_str);
        let marker = title.and_then(|title| title.strip_suffix("Request")).ok_or_else(unknown)?;
        let payload = field(&request, "request").and_then(referenced).ok_or_else(unknown)?;
        let answer = field(&response, "response").ok_or_else(unknown)?;
        let row = answer.get("items").and_then(referenced);
        let answer = row.or_else(|| referenced(answer)).ok_or_else(unknown)?;
        Ok(Self {
            capability,
            takes_new_account: false,
            marker: marker.to_owned(),
            payload: payload.to_owned(),
            answer: answer.to_owned(),
            is_listing: row.is_some(),
            sample: Example::new("1").definition(&request, payload).unwrap_or_default(),
        })
    }

    /// With a payload of the connector's own, if it is one that an app has fields of its own for.
    pub(crate) fn with_new_account(mut self) -> Self {
        if self.capability == StandardCapability::CreateAccount {
            self.takes_new_account = true;
            self.sample = json!({"email": "ada@example.com"});
        }
        self
    }

    /// How its marker is written where it is registered, its payload being that of a module.
    pub(crate) fn marker(&self, module: &str, names: &impl Names) -> String {
        let marker = format!("{}::{}", names.sdk("capability"), self.marker);
        let own = if module.is_empty() { NEW_ACCOUNT.to_owned() } else { format!("{module}::{NEW_ACCOUNT}") };
        if self.takes_new_account { format!("{marker}::of::<{own}>()") } else { marker }
    }

    /// Its name, which is also that of its function.
    pub(crate) const fn name(&self) -> &'static str {
        self.capability.as_str()
    }

    /// Its function, which takes `client` from the call.
    pub(crate) fn function(&self, client: &str, names: &impl Names) -> String {
        let (result, error) = (names.sdk("Result"), names.sdk("ConnectorError"));
        let payload = if self.takes_new_account { NEW_ACCOUNT.to_owned() } else { names.sdk(&self.payload) };
        let (name, answer) = (self.name(), names.sdk(&self.answer));
        let (takes, gives) = if self.is_listing {
            (
                format!("({client}, {})", names.sdk("PageRequest")),
                format!("{}<Vec<{answer}>>", names.sdk("Reply")),
            )
        } else {
            (client.to_owned(), answer)
        };
        let mut signature = format!("pub async fn {name}(_: {takes}, _: {payload}) -> {result}<{gives}> {{");
        if signature.len() > WIDTH {
            signature = format!(
                "pub async fn {name}(\n    _: {takes},\n    _: {payload},\n) -> {result}<{gives}> {{"
            );
        }
        let summary = self.capability.summary();
        let own = if self.takes_new_account { new_account(names) } else { String::new() };
        format!(
            "{own}/// {summary}\n{signature}\n    Err({error}::unsupported_operation(\"{name} {UNWRITTEN}\"))\n}}\n"
        )
    }

    /// Its case, at an indentation, without a comma behind it.
    pub(crate) fn case(&self, indent: &str, marker: &str, names: &impl Names) -> String {
        let mut parts = vec![format!("{}({marker}, {UNWRITTEN:?})", names.sdk("case"))];
        if self.sample.as_object().is_some_and(|sample| !sample.is_empty()) {
            parts.push(format!(".request({}!({}))", names.sdk("json"), spaced(&self.sample)));
        }
        let (error, code) = (names.sdk("error"), names.sdk("ConnectorErrorCode"));
        parts.push(format!(".expect({error}({code}::UnsupportedOperation))"));
        let line = parts.concat();
        if indent.len() + line.len() < WIDTH { line } else { parts.join(&format!("\n{indent}    ")) }
    }
}

/// JSON on one line, as people write it.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// The payload of the connector's own that `create_account` begins with.
fn new_account(names: &impl Names) -> String {
    let [deserialize, schema, entitlement] =
        ["Deserialize", "JsonSchema", "CreateAccountEntitlement"].map(|name| names.sdk(name));
    format!(
        "/// What the app needs to know of a new account: the standard field `entitlements`, and fields of its own.\n\
         #[derive({deserialize}, {schema})]\n\
         // As the standard payload says it in its schema.\n\
         #[schemars(extend(\"x-capability-level\" = \"write\"))]\n\
         pub struct {NEW_ACCOUNT} {{\n    \
             /// What the account is to hold from the start.\n    \
             #[serde(default)]\n    \
             pub entitlements: Vec<{entitlement}>,\n    \
             /// The address of the new account.\n    \
             #[schemars(title = \"Email\")]\n    \
             pub email: String,\n\
         }}\n\n"
    )
}

fn field<'a>(schema: &'a Object, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

fn referenced(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Short;

    impl Names for Short {
        fn sdk(&self, name: &str) -> String {
            name.to_owned()
        }
    }

    #[test]
    fn every_capability_that_a_connector_implements_has_a_stub() {
        let stubs: Vec<_> =
            implemented().map(|one| Stub::of(one).unwrap_or_else(|failure| panic!("{failure}"))).collect();
        // All 52, without 2 reserved names, 4 steps of OAuth, and 3 that the SDK answers.
        assert_eq!(stubs.len(), 43);
        for stub in stubs {
            let text =
                stub.function("AppClient", &Short) + &format!("fn f() {{ {} }}", stub.case("", "x", &Short));
            assert!(syn::parse_file(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_sample_has_what_the_request_needs() {
        let stub =
            Stub::of(StandardCapability::DeactivateAccount).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(stub.sample.to_string(), r#"{"account_id":"1"}"#);
    }

    #[test]
    fn what_an_author_does_not_write_is_refused_with_what_to_do() {
        for (name, advice) in [
            ("list_acounts", "did you mean list_accounts?"),
            ("app_info", "answers it already"),
            ("refresh_access_token", "when OAuth is declared"),
        ] {
            let refusal = capability(name).expect_err(name).to_string();
            assert!(refusal.contains(advice), "{refusal}");
        }
    }
}
