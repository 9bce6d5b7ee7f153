//! What the connector says about itself.
//!
//! | file | what is checked |
//! | --- | --- |
//! | this one | `info` and `app_info` against the contract and each other |
//! | [`info`] | the document of `info`, which everything else depends on |
//! | [`schemas`] | the schemas of capabilities |
//! | [`forms`] | what people fill in: settings and credentials |
//! | [`types`] | the declared types of entitlements and resources |

mod forms;
mod info;
mod schemas;
mod types;

use std::collections::{BTreeSet, HashSet};

use lumos_connector_types::capability::StandardCapability;
use serde_json::{Value, json};

pub(crate) use self::info::learn;
pub(crate) use self::types::types_used;
use crate::rule::rules;
use crate::run::Run;
use crate::subject::{Call, bare};

rules! { Declaration, "declaration";
    INFO_ANSWERS = "info-answers", Error, "s5",
        "`info` does not answer with an envelope.",
        "Make the command `info` print one success envelope and end with status 0; it needs neither credentials nor settings.";
    INFO_FIELDS = "info-fields", Error, "s5-document",
        "`info` lacks a field, or has one of another type.",
        "Write every field of the document, null where there is nothing to say.";
    INFO_WRITING = "info-writing", Warning, "s5-document",
        "`info` is not written with sorted keys, `, ` and `: ` as separators, and in ASCII.",
        "Write it as Python's `json.dumps(…, sort_keys=True)` does; whoever compares versions by text relies on it.";
    INFO_STABLE = "info-stable", Error, "s5",
        "`info` says something else when it is asked again.",
        "Leave out what depends on time or chance; the platform reads it once for a version.";
    APP_INFO = "app-info", Error, "s6",
        "`app_info` does not answer `{\"request\": {}}` with an OpenAPI document.",
        "Answer it without credentials and settings.";
    INFO_AGREES = "info-agrees", Error, "s6-document",
        "`info` and `app_info` contradict each other.",
        "Make both from one declaration.";
    CAPABILITIES_SORTED = "capabilities-sorted", Warning, "s5-document",
        "The capabilities are not sorted, or one is named twice.",
        "Sort them by name, each once.";
    CAPABILITY_NAMES = "capability-names", Error, "s18",
        "A capability has a name that cannot be called.",
        "Use a standard name, or words of `a` to `z` joined by single underscores.";
    CAPABILITY_SCHEMAS = "capability-schemas", Error, "s5-schemas",
        "`capability_schema` does not describe exactly the capabilities there are.",
        "Give each capability `argument`, `output`, `display_name` and `description`, and nothing else an entry.";
    SCHEMAS_VALID = "schemas-valid", Error, "s5-schemas",
        "A schema is not a valid JSON Schema, or refers to a definition that is not there.",
        "Put definitions under `$defs` of the same schema.";
    STANDARD_PAYLOADS = "standard-payloads", Error, "s18",
        "A standard capability asks for other fields than the contract's.",
        "Keep every standard field with its requiredness; only `create_account` and `update_account` may add fields.";
    ALWAYS_THERE = "always-there", Error, "s5-capabilities",
        "A capability is missing that every such connector has.",
        "Offer `app_info`, and with credentials `validate_credential_config`.";
    SECRETS_MARKED = "secrets-marked", Error, "s10-settings",
        "A field looks like a secret and is not marked as one.",
        "Mark it `x-secret: true`, or give it a name that does not say `token`, `secret`, `password` or `key`.";
    FIELD_ORDER = "field-order", Warning, "s5-schemas",
        "`field_order` does not name each field of a form exactly once.",
        "List every property; forms are shown in this order.";
    FIELD_TITLES = "field-titles", Warning, "s5-schemas",
        "A field of a form has no title.",
        "Give it the words that a person who fills in the form knows.";
    FIELD_DESCRIPTIONS = "field-descriptions", Note, "s4-settings",
        "A field of a form has no description.",
        "Say where a person finds the value.";
    APP_ID = "app-id", Error, "s18",
        "The app id is empty or has white space in it.",
        "Use lower-case words joined by hyphens or underscores.";
    VERSION = "version", Warning, "s16",
        "The version is empty or not of the form 1.2.3.",
        "Number versions as SemVer or PEP 440 do.";
    NAME = "name", Note, "s5-document",
        "The connector has no name or no description for people.",
        "Declare both.";
    LOGO = "logo", Warning, "s5-document",
        "The logo's address is not a URL.",
        "Give a whole `https` address.";
    TYPES_UNIQUE = "types-unique", Error, "s6-types",
        "An entitlement or resource type has no id, or two have the same one.",
        "Give every type an id of its own.";
    TYPES_REFER = "types-refer", Error, "s6-types",
        "An entitlement type is for a resource type that is not declared.",
        "Declare the resource type, or leave `resource_type_id` empty for the app as a whole.";
    TYPES_SENSIBLE = "types-sensible", Error, "s6-types",
        "An entitlement type allows fewer assignments than it requires.",
        "Set `max` to at least `min`, or to null.";
    TYPES_USED = "types-used", Warning, "s6-types",
        "A declared type is in no row of its complete listing.",
        "Take it out, or list the rows.";
    LISTINGS_COMPLETE = "listings-complete", Warning, "s13-checks",
        "A listing is offered whose rows name rows of another one that is not offered.",
        "Offer the other listing as well.";
    CREDENTIAL_IDS = "credential-ids", Error, "s4-several",
        "A credential has no id, or two have the same one.",
        "Give every credential an id of its own.";
    ALLOWED_CREDENTIALS = "allowed-credentials", Error, "s4-combinations",
        "A combination of credentials names an id that is not declared, so that it is never satisfied.",
        "Name declared credentials only.";
}

pub(crate) async fn check(run: &mut Run<'_>) {
    let Some(info) = run.known.info.clone() else { return };
    let info = &info.info;
    let app_info = run.send("app_info", &bare(json!({}))).await;
    let schema = &app_info.response().map(|response| response["app_schema"].clone()).unwrap_or_default();
    run.expect(
        APP_INFO,
        schema["openapi"] == "3.0.0" && schema["info"].is_object() && schema["paths"].is_object(),
        "app_info",
        || app_info.summary(),
        &[&app_info],
    );
    if schema["info"].is_object() {
        agreement(run, &app_info, schema);
    }

    let names: Vec<&str> = info.capabilities.iter().map(String::as_str).collect();
    run.expect(
        CAPABILITIES_SORTED,
        names.is_sorted_by(|one, next| one < next),
        "info",
        || "`capabilities` is not sorted, or names one twice".to_owned(),
        &[],
    );
    for name in &names {
        let standard = StandardCapability::from_wire(name);
        let kept = standard.map_or_else(|| is_custom_name(name), StandardCapability::is_served);
        run.expect(CAPABILITY_NAMES, kept, *name, || format!("`{name}` cannot be called"), &[]);
    }
    let described: BTreeSet<&str> = info.capability_schema.keys().map(String::as_str).collect();
    let declared: BTreeSet<&str> = names.iter().copied().collect();
    run.expect(
        CAPABILITY_SCHEMAS,
        described == declared,
        "capability_schema",
        || {
            let odd: Vec<_> = described.symmetric_difference(&declared).copied().collect();
            format!("described or declared alone: {}", odd.join(", "))
        },
        &[],
    );
    schemas::schemas(run);
    run.expect(
        ALWAYS_THERE,
        declared.contains("app_info")
            && (info.credentials_schema.is_empty() || declared.contains("validate_credential_config")),
        "capabilities",
        || {
            "`app_info`, or `validate_credential_config` of a connector with credentials, is missing"
                .to_owned()
        },
        &[],
    );
    forms::forms(run);
    texts(run);
    types::types(run);
    let needs = [
        ("find_entitlement_associations", "list_accounts"),
        ("find_entitlement_associations", "list_entitlements"),
        ("get_last_activity", "list_accounts"),
        ("list_applications_accounts", "list_applications"),
    ];
    for (listing, other) in needs.iter().filter(|(listing, _)| declared.contains(listing)) {
        run.expect(
            LISTINGS_COMPLETE,
            declared.contains(other),
            *listing,
            || format!("`{listing}` is there without `{other}`"),
            &[],
        );
    }
    credentials(run, &app_info, schema);
}

/// Credentials with ids, and the combinations of them.
fn credentials(run: &Run<'_>, app_info: &Call, schema: &Value) {
    let Some(info) = &run.known.info else { return };
    let info = &info.info;
    let ids: Vec<String> = info
        .credentials_schema
        .iter()
        .map(|schema| object(schema.text())["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    let unique: HashSet<&String> = ids.iter().collect();
    if ids.is_empty() {
        run.skip(CREDENTIAL_IDS, "the connector has no credentials with ids");
        run.skip(ALLOWED_CREDENTIALS, "the connector has no credentials with ids");
    } else {
        run.expect(
            CREDENTIAL_IDS,
            unique.len() == ids.len() && ids.iter().all(|id| !id.is_empty()),
            "credentials_schema",
            || "an id is empty or there twice".to_owned(),
            &[],
        );
        let combinations = schema["info"]["x-allowed-credentials"].as_array();
        let unknown = combinations
            .into_iter()
            .flatten()
            .flat_map(|combination| combination.as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .find(|id| !ids.iter().any(|known| known == id));
        run.expect(
            ALLOWED_CREDENTIALS,
            unknown.is_none(),
            "x-allowed-credentials",
            || format!("`{}` is not declared", unknown.unwrap_or_default()),
            &[app_info],
        );
    }
}

fn agreement(run: &Run<'_>, app_info: &Call, schema: &Value) {
    let Some(info) = &run.known.info else { return };
    let (info, head) = (&info.info, &schema["info"]);
    let as_value = |value: Result<Value, serde_json::Error>| value.unwrap_or_default();
    let pairs = [
        ("app_id", json!(info.app_id), head["x-app-id"].clone()),
        ("version", json!(info.version), head["version"].clone()),
        ("capabilities", json!(info.capabilities), head["x-capabilities"].clone()),
        (
            "entitlement_types",
            as_value(serde_json::to_value(&info.entitlement_types)),
            head["x-entitlement-types"].clone(),
        ),
        (
            "resource_types",
            as_value(serde_json::to_value(&info.resource_types)),
            head["x-resource-types"].clone(),
        ),
        ("user_friendly_name", json!(info.user_friendly_name), head["title"].clone()),
    ];
    for (field, ours, theirs) in pairs {
        let kept = ours == theirs || ours.is_null() && (theirs.is_null() || theirs == "");
        run.expect(
            INFO_AGREES,
            kept,
            field,
            || format!("`{field}` of `info` is not that of `app_info`"),
            &[app_info],
        );
    }
    let paths: BTreeSet<String> = schema["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(path, _)| path.trim_start_matches('/').to_owned())
        .collect();
    let declared: BTreeSet<String> = info.capabilities.iter().cloned().collect();
    run.expect(
        INFO_AGREES,
        paths == declared,
        "paths",
        || "the paths of `app_info` are not the capabilities of `info`".to_owned(),
        &[app_info],
    );
}

fn texts(run: &Run<'_>) {
    let Some(info) = &run.known.info else { return };
    let info = &info.info;
    run.expect(
        APP_ID,
        !info.app_id.is_empty() && !info.app_id.contains(char::is_whitespace),
        "app_id",
        || "`app_id` is empty or has white space".to_owned(),
        &[],
    );
    let mut parts = info.version.split(['.', '-', '+']);
    run.expect(
        VERSION,
        info.version.contains('.') && parts.next().is_some_and(|part| part.parse::<u64>().is_ok()),
        "version",
        || format!("`{}` is not a version", info.version),
        &[],
    );
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    run.expect(
        NAME,
        given(&info.user_friendly_name) && given(&info.description),
        "info",
        || "`user_friendly_name` or `description` is empty".to_owned(),
        &[],
    );
    if let Some(logo) = info.logo_url.as_deref().filter(|logo| !logo.is_empty()) {
        let whole = logo.strip_prefix("https://").or_else(|| logo.strip_prefix("http://"));
        run.expect(
            LOGO,
            whole.is_some_and(|rest| rest.contains('.') && !rest.contains(char::is_whitespace)),
            "logo_url",
            || "`logo_url` is not a URL".to_owned(),
            &[],
        );
    }
}

fn is_custom_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('_').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// A text that is a JSON object; empty for any other.
fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({}))
}
