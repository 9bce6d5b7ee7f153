//! Which models are others with more fields. Readers that generate code from the document make base classes of them.

use lumos_connector_types::schema::Object;
use serde_json::{Value, json};

const PREFIX: &str = "#/components/schemas/";

/// A model without fields, on which every other one without fields stands.
const EMPTY: &str = "EmptyButCreateAnyway";

/// The model, what it extends, and its own fields.
const EXTENDED: &[(&str, &str, &[&str])] = &[
    ("ApplicationActivityRecord", "ActivityRecord", &["application_instance_id"]),
    ("ApplicationEntitlementAssociation", "FoundEntitlementAssociation", &["application_instance_id"]),
    ("ApplicationEntitlementData", "FoundEntitlementData", &["application_instance_id"]),
    ("ApplicationResourceData", "FoundResourceData", &["application_instance_id"]),
    ("AssignedApplicationEntitlement", "AssignedEntitlement", &[]),
    ("CreateAccount", "CreatableAccount", &["email", "username", "given_name", "family_name", "user_status"]),
    ("ListApplicationsActivityRecords", "ListActivityRecords", &[]),
    ("ListApplicationsEntitlements", "ListEntitlements", &[]),
    ("ListApplicationsResources", "ListResources", &[]),
    ("OAuthCredential", "OAuthAuthentication", &["access_token"]),
    ("UnassignedApplicationEntitlement", "UnassignedEntitlement", &[]),
    ("AppInfoRequestPayload", EMPTY, &[]),
    ("EmptyCredential", EMPTY, &[]),
    ("FindEntitlementAssignments", EMPTY, &[]),
    ("FindEntitlementAssociations", EMPTY, &[]),
    ("GetConnectedInfo", EMPTY, &[]),
    ("GetCredentialLastActivity", EMPTY, &[]),
    ("GetDataRecency", EMPTY, &[]),
    ("GetNonHumanAccountLastActivity", EMPTY, &[]),
    ("ListApplications", EMPTY, &[]),
    ("ListApplicationsAccounts", EMPTY, &[]),
    ("ListApplicationsEntitlementAssociations", EMPTY, &[]),
    ("ListCustomAttributesSchema", EMPTY, &[]),
    ("ListResources", EMPTY, &[]),
    ("ValidateCredentials", EMPTY, &[]),
];

/// The envelopes: a model in place that they extend, and their own fields.
const ENVELOPES: &[(&str, &[&str])] = &[
    ("AppInfoRequest", &["auth", "credentials"]),
    ("GetAuthorizationUrlRequest", &[]),
    ("HandleAuthorizationCallbackRequest", &[]),
    ("HandleClientCredentialsRequest", &[]),
];

/// Answers without an envelope.
const PLAIN_ANSWERS: &[&str] = &["ArbitraryResponse", "ErrorResponse"];

/// Whether the document defines an envelope of requests; the others stand in their operations.
pub(super) fn is_named_request(name: &str) -> bool {
    ENVELOPES.iter().any(|(envelope, _)| *envelope == name)
}

/// The model as another one with its own fields; models that extend nothing stay as they are.
pub(super) fn composed(name: &str, schema: Object) -> Object {
    if let Some((_, base, own)) = EXTENDED.iter().find(|(model, ..)| *model == name) {
        return extending(json!({ "$ref": format!("{PREFIX}{base}") }), schema, own);
    }
    let own: &[&str] = match ENVELOPES.iter().find(|(envelope, _)| *envelope == name) {
        Some((_, own)) => own,
        None if name.ends_with("Response") && !PLAIN_ANSWERS.contains(&name) => &[],
        None => return schema,
    };
    let base = json!({
        "type": "object",
        "required": schema.get("required"),
        "properties": fields(&schema, |field| !own.contains(&field)),
    });
    extending(base, schema, own)
}

fn extending(base: Value, mut schema: Object, own: &[&str]) -> Object {
    let properties = fields(&schema, |field| own.contains(&field));
    let required: Vec<Value> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|field| field.as_str().is_some_and(|field| own.contains(&field)))
        .cloned()
        .collect();
    schema.shift_remove("properties");
    schema.shift_remove("required");
    schema.insert("allOf".to_owned(), json!([base]));
    if !required.is_empty() {
        schema.insert("required".to_owned(), Value::Array(required));
    }
    if !properties.is_empty() {
        schema.insert("properties".to_owned(), Value::Object(properties));
    }
    schema
}

/// The fields of a schema that are wanted.
fn fields(schema: &Object, wanted: impl Fn(&str) -> bool) -> Object {
    let all = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    all.filter(|(name, _)| wanted(name)).map(|(name, field)| (name.clone(), field.clone())).collect()
}
