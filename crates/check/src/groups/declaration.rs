//! What the connector says about itself.

use std::collections::{BTreeSet, HashSet};

use lumos_connector_types::capability::StandardCapability;
use lumos_connector_types::schema::Refs;
use serde_json::{Map, Value, json};

use crate::known::Known;
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

/// The members of `response`.
const FIELDS: &[&str] = &[
    "app_id",
    "app_vendor_domain",
    "version",
    "capabilities",
    "capability_schema",
    "oauth_scopes",
    "authentication_schema",
    "credentials_schema",
    "logo_url",
    "user_friendly_name",
    "description",
    "categories",
    "entitlement_types",
    "access_graph_entitlement_types",
    "access_graph_entitlement_rules",
    "implied_access_rules",
    "resource_types",
    "request_settings_schema",
];

/// Parts of names that secrets have.
const SECRET_NAMES: &[&str] = &[
    "token",
    "secret",
    "password",
    "passphrase",
    "api_key",
    "api-key",
    "apikey",
    "private_key",
    "private-key",
    "privatekey",
];

/// Ends of names that do not name the secret itself.
const HARMLESS: &[&str] =
    &["_url", "_name", "_prefix", "_endpoint", "_source", "_id", "_type", "_ttl", "_lifetime"];

/// Asks what the connector is. Everything else depends on it.
pub(crate) async fn learn(run: &mut Run<'_>) -> Result<(), String> {
    if let Some(call) = run.run("info", &["info"], None).await {
        let kept = call.is_success() && matches!(call.status, crate::subject::Status::Exit(Some(0), _));
        run.expect(INFO_ANSWERS, kept, "info", || call.summary(), &[&call]);
        if let Some(response) = call.response() {
            document(run, &call, response);
        }
        let again = run.run("info", &["info"], None).await;
        let started = again.as_ref().map_or(call.elapsed, |again| again.elapsed.min(call.elapsed));
        run.expect(
            crate::groups::process::START_UP,
            started <= run.options.start_up,
            "info",
            || {
                format!(
                    "{:.1} s; more than {:.1} s are long",
                    started.as_secs_f64(),
                    run.options.start_up.as_secs_f64()
                )
            },
            &[&call],
        );
        if let (true, Some(again)) = (call.is_success(), again) {
            run.expect(
                INFO_STABLE,
                again.text == call.text,
                "info",
                || "the second answer differs from the first".to_owned(),
                &[&call, &again],
            );
        }
    } else {
        for rule in [INFO_ANSWERS, INFO_FIELDS, INFO_WRITING, INFO_STABLE] {
            run.skip(rule, "the connection has no program");
        }
    }
    match run.subject.connection.info().await {
        Ok(info) => {
            run.known.info = Some(info);
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn document(run: &Run<'_>, call: &Call, response: &Value) {
    let missing: Vec<_> = FIELDS.iter().filter(|field| response.get(**field).is_none()).copied().collect();
    let mut problems = Vec::new();
    if !missing.is_empty() {
        problems.push(format!("{} missing", missing.join(", ")));
    }
    let schema =
        Value::Object(lumos_connector_types::schema::of::<lumos_connector_types::info::Info>(Refs::Defs));
    if let Ok(validator) = jsonschema::validator_for(&schema) {
        problems.extend(
            validator
                .iter_errors(response)
                .take(5)
                .map(|error| format!("{}: {}", error.instance_path(), error.masked())),
        );
    }
    run.expect(INFO_FIELDS, problems.is_empty(), "info", || problems.join("; "), &[call]);
    let problem = writing_problem(call.text.trim_end_matches('\n'));
    run.expect(INFO_WRITING, problem.is_none(), "info", || problem.unwrap_or_default().to_owned(), &[call]);
}

fn writing_problem(text: &str) -> Option<&'static str> {
    if !text.is_ascii() {
        return Some("characters beyond ASCII are not escaped");
    }
    let value: Value = serde_json::from_str(text).ok()?;
    if !is_sorted(&value) {
        return Some("keys are not sorted");
    }
    let (mut inside, mut escaped) = (false, false);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (inside, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => inside = !inside,
            (false, b',' | b':') if bytes.get(at + 1) != Some(&b' ') => {
                return Some("there is no space after a separator");
            }
            (false, b' ') if !matches!(bytes.get(at.wrapping_sub(1)), Some(b',' | b':')) => {
                return Some("there is a space that does not follow a separator");
            }
            (false, b'\n' | b'\t' | b'\r') => return Some("it has line breaks"),
            _ => {}
        }
    }
    None
}

fn is_sorted(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.keys().zip(members.keys().skip(1)).all(|(one, next)| one <= next)
                && members.values().all(is_sorted)
        }
        Value::Array(items) => items.iter().all(is_sorted),
        _ => true,
    }
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
    schemas(run);
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
    forms(run);
    texts(run);
    types(run);
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
            &[&app_info],
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

fn schemas(run: &Run<'_>) {
    let Some(info) = run.known.info.clone() else { return };
    let from_program = info.source == lumos_connection::InfoSource::Program;
    for (name, schema) in &info.info.capability_schema {
        for (part, text) in [("argument", schema.argument.text()), ("output", schema.output.text())] {
            let value = object(text);
            if from_program {
                valid(run, &format!("{name}.{part}"), &value);
            }
            if part == "argument" && from_program {
                standard_payload(run, name, &value);
            }
        }
    }
    if from_program {
        valid(run, "request_settings_schema", &object(info.info.request_settings_schema.text()));
        valid(run, "authentication_schema", &object(info.info.authentication_schema.text()));
        for (number, schema) in info.info.credentials_schema.iter().enumerate() {
            valid(run, &format!("credentials_schema[{number}]"), &object(schema.text()));
        }
    } else {
        run.skip(SCHEMAS_VALID, "schemas of `app_info` are those of OpenAPI 3.0");
        run.skip(STANDARD_PAYLOADS, "schemas of `app_info` are those of OpenAPI 3.0");
    }
}

fn valid(run: &Run<'_>, name: &str, schema: &Value) {
    let problem = jsonschema::validator_for(schema).err().map(|error| error.masked().to_string());
    run.expect(
        SCHEMAS_VALID,
        problem.is_none(),
        name,
        || format!("`{name}`: {}", problem.unwrap_or_default()),
        &[],
    );
}

/// The fields of a standard payload are the contract's, with their requiredness.
fn standard_payload(run: &Run<'_>, name: &str, argument: &Value) {
    let Some(request) = StandardCapability::from_wire(name).and_then(|it| it.request_schema(Refs::Defs))
    else {
        return;
    };
    let request = Value::Object(request);
    let mut payload = &request["properties"]["request"];
    if let Some(target) = payload["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        payload = request.pointer(target).unwrap_or(payload);
    }
    let fields = |schema: &Value| -> BTreeSet<String> {
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let required = |schema: &Value| -> BTreeSet<String> {
        schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let (ours, theirs) = (fields(payload), fields(argument));
    let own = matches!(name, "create_account" | "update_account");
    let kept = if own {
        ours.is_subset(&theirs) && required(payload).is_subset(&required(argument))
    } else {
        ours == theirs && required(payload) == required(argument)
    };
    run.expect(
        STANDARD_PAYLOADS,
        kept,
        name,
        || format!("`{name}` has the fields {}; the contract has {}", list(&theirs), list(&ours)),
        &[],
    );
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "none".to_owned() } else { names.iter().cloned().collect::<Vec<_>>().join(", ") }
}

fn forms(run: &Run<'_>) {
    let Some(info) = run.known.info.clone() else { return };
    let mut forms = vec![("settings".to_owned(), object(info.info.request_settings_schema.text()))];
    let single = object(info.info.authentication_schema.text());
    if single["properties"].is_object() {
        forms.push(("auth".to_owned(), single));
    }
    for schema in &info.info.credentials_schema {
        let schema = object(schema.text());
        forms.push((format!("credentials.{}", schema["id"].as_str().unwrap_or_default()), schema));
    }
    for (form, schema) in &forms {
        let properties: Map<String, Value> = schema["properties"].as_object().cloned().unwrap_or_default();
        let order = ["field_order", "x-field_order"].iter().find_map(|key| schema[*key].as_array());
        if let Some(order) = order {
            let mut named: Vec<&str> = order.iter().filter_map(Value::as_str).collect();
            let mut fields: Vec<&str> = properties.keys().map(String::as_str).collect();
            named.sort_unstable();
            fields.sort_unstable();
            run.expect(
                FIELD_ORDER,
                named == fields,
                form.as_str(),
                || format!("`field_order` of `{form}` is not the list of its fields"),
                &[],
            );
        }
        for (name, field) in &properties {
            let place = format!("{form}.{name}");
            let refers = field.get("$ref").is_some()
                || ["anyOf", "allOf"].iter().any(|key| {
                    field[*key]
                        .as_array()
                        .is_some_and(|parts| parts.iter().any(|part| part.get("$ref").is_some()))
                });
            run.expect(
                FIELD_TITLES,
                refers || field["title"].as_str().is_some_and(|title| !title.trim().is_empty()),
                place.as_str(),
                || format!("`{place}` has no title"),
                &[],
            );
            if form == "settings" {
                run.expect(
                    FIELD_DESCRIPTIONS,
                    refers || field["description"].as_str().is_some_and(|text| !text.trim().is_empty()),
                    place.as_str(),
                    || format!("`{place}` has no description"),
                    &[],
                );
                run.expect(
                    SECRETS_MARKED,
                    !looks_secret(name, field) || field["x-secret"] == true,
                    place.as_str(),
                    || format!("`{place}` is not marked `x-secret`"),
                    &[],
                );
            }
        }
    }
}

fn looks_secret(name: &str, field: &Value) -> bool {
    let is_text = field["type"] == "string"
        || field["anyOf"].as_array().is_some_and(|parts| parts.iter().any(|part| part["type"] == "string"));
    let name = name.to_lowercase();
    is_text
        && !HARMLESS.iter().any(|end| name.ends_with(end))
        && (name.ends_with("_pem") || SECRET_NAMES.iter().any(|part| name.contains(part)))
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

fn types(run: &Run<'_>) {
    let Some(info) = &run.known.info else { return };
    let info = &info.info;
    let entitlements: Vec<&str> = info.entitlement_types.iter().map(|it| it.type_id.as_str()).collect();
    let resources: Vec<&str> = info.resource_types.iter().map(|it| it.type_id.as_str()).collect();
    for (what, ids) in [("entitlement_types", &entitlements), ("resource_types", &resources)] {
        let unique: HashSet<_> = ids.iter().collect();
        run.expect(
            TYPES_UNIQUE,
            unique.len() == ids.len() && ids.iter().all(|id| !id.is_empty()),
            what,
            || format!("an id of `{what}` is empty or there twice"),
            &[],
        );
    }
    for kind in &info.entitlement_types {
        run.expect(
            TYPES_REFER,
            kind.resource_type_id.is_empty() || resources.contains(&kind.resource_type_id.as_str()),
            kind.type_id.as_str(),
            || format!("`{}` is for `{}`, which is not declared", kind.type_id, kind.resource_type_id),
            &[],
        );
        run.expect(
            TYPES_SENSIBLE,
            kind.max.is_none_or(|max| max >= kind.min),
            kind.type_id.as_str(),
            || format!("`{}` has a `max` below its `min`", kind.type_id),
            &[],
        );
    }
}

/// Whether declared types occur. Only after the listings were read.
pub(crate) fn types_used(run: &Run<'_>) {
    let Some(info) = run.known.info.clone() else { return };
    let info = &info.info;
    let entitlements = info.entitlement_types.iter().map(|it| it.type_id.as_str());
    let resources = info.resource_types.iter().map(|it| it.type_id.as_str());
    let used = |known: &Known, listing: &str, field: &str| -> Option<HashSet<String>> {
        let read = known.listings.get(listing).filter(|read| read.complete && !read.rows.is_empty())?;
        Some(read.rows.iter().filter_map(|row| row[field].as_str()).map(str::to_owned).collect())
    };
    for (listing, field, declared) in [
        ("list_entitlements", "entitlement_type", entitlements.collect::<Vec<_>>()),
        ("list_resources", "resource_type", resources.collect()),
    ] {
        match used(&run.known, listing, field) {
            Some(used) => {
                for kind in declared {
                    run.expect(
                        TYPES_USED,
                        used.contains(kind),
                        kind,
                        || format!("no row of `{listing}` has the type `{kind}`"),
                        &[],
                    );
                }
            }
            None => run.skip(TYPES_USED, format!("`{listing}` has no rows, or was not read to its end")),
        }
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
