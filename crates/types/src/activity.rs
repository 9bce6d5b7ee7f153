//! What accounts did and when: last activity, records of single events, and how recent the connector's data
//! is.
//! An author meets these in [`GetLastActivity`], [`ListActivityRecords`] and [`GetDataRecency`].

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::DateTime;
use crate::wire_enum;

wire_enum! {
    /// What a last-activity time is the time of, for non-human accounts and credentials.
    pub enum ActivityEventType {
        /// The last time of signing in.
        LastLogin = "last_login",
        /// The last time of any use.
        LastActivity = "last_activity",
    }
}

/// Latest event of one kind for one account, an item of the answer to `get_last_activity`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LastActivityData {
    /// Identifier, in the app, of the account that was active.
    pub account_id: String,
    /// What the time is the time of, such as `last_login` or `last_activity`; the contract allows any text.
    pub event_type: String,
    /// When it happened: RFC 3339 text as the app gives it.
    pub happened_at: String,
}

/// Request of `get_last_activity`, which tells when the named accounts were last active.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct GetLastActivity {
    /// Identifiers, in the app, of the accounts to report on.
    pub account_ids: Vec<String>,
}

wire_enum! {
    /// Standard kinds of activity, used in activity records; any other kind is named by free text.
    pub enum ActivityType {
        /// An account signed in.
        AccountLogin = "ACCOUNT_LOGIN",
    }
}

/// One event in the app: who did what, when and to what. It is an item of the answer to
/// `list_activity_records`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-unique-hash" = ["id"]))]
pub struct ActivityRecord {
    /// Identifier that tells this event from all others of the app.
    pub id: String,
    /// What happened: a standard type or free text. It is written as an object whose `actual_instance` holds
    /// the value.
    pub activity_type: ActivityRecordActivityType,
    /// When the event happened: RFC 3339 text as the app gives it.
    pub timestamp: String,
    /// Account that caused the event.
    pub actor: ActivityRecordActor,
    /// Accounts and entitlements that the event touched; may be empty.
    pub targets: Vec<ActivityRecordTarget>,
    /// Further facts about the event as text values by name; null when there are none.
    pub metadata: Option<IndexMap<String, String>>,
}

/// An account as the cause of events: in activity records, and in requests that ask for its events.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ActivityRecordActor {
    /// Identifier of the account in the app.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: String,
}

/// An entitlement that an event touched, within a target of an activity record.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ActivityRecordEntitlement {
    /// Identifier of the entitlement in the app.
    #[schemars(extend("x-semantic" = "entitlement-id"))]
    pub id: String,
    /// Type of the entitlement: `type_id` of a declared entitlement type.
    pub r#type: String,
    /// Identifier, in the app, of the resource the entitlement is on; null when it is on none or unknown.
    #[schemars(extend("x-semantic" = "resource-id"))]
    pub resource_id: Option<String>,
    /// Type of that resource: `type_id` of a declared resource type; null when there is none or it is
    /// unknown.
    pub resource_type: Option<String>,
}

/// What an event touched, within an activity record: an account, an entitlement, or both.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ActivityRecordTarget {
    /// Identifier, in the app, of the account touched; null when it was not an account.
    #[schemars(extend("x-semantic" = "account-id"))]
    pub account_id: Option<String>,
    /// Entitlement touched; null when it was not an entitlement.
    pub entitlement: Option<ActivityRecordEntitlement>,
}

/// Request of `list_activity_records`, which returns the events since a date, page by page.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct ListActivityRecords {
    /// Start of the wanted period, as date or RFC 3339 text such as `2024-03-01`.
    pub since_date: String,
    /// Accounts whose events are wanted; an empty list names none in particular.
    pub actors: Vec<ActivityRecordActor>,
}

/// Request of `get_data_recency`, which tells how old the data behind the other capabilities is, for instance
/// when it comes from a nightly export. It has no fields.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct GetDataRecency {}

/// Answer of `get_data_recency`: how recent the data behind each capability is.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DataRecency {
    /// By name of a standard capability, the moment up to which its data is current; null when that is not
    /// known.
    pub data: IndexMap<String, Option<DateTime>>,
}

/// A position in a stream of changes. No standard capability carries this type; `list_updated_accounts` has a
/// cursor of its own.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Delta {
    /// Position from which to go on, in a text form of the connector's choice; null at the start.
    pub cursor: Option<String>,
}

/// The kind of an activity: a standard one, or the app's own word for it.
///
/// The platform reads and writes it in a wrapped form (contract §1): an object whose `actual_instance` is the word.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a standard word or any other")]
pub enum ActivityRecordActivityType {
    /// A standard kind.
    Standard(ActivityType),
    /// The app's own word.
    Other(String),
}

impl ActivityRecordActivityType {
    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Standard(standard) => standard.as_str(),
            Self::Other(word) => word,
        }
    }
}

impl From<ActivityType> for ActivityRecordActivityType {
    fn from(standard: ActivityType) -> Self {
        Self::Standard(standard)
    }
}

impl From<String> for ActivityRecordActivityType {
    /// A word that is a standard one becomes that.
    fn from(word: String) -> Self {
        ActivityType::from_wire(&word).map_or(Self::Other(word), Self::Standard)
    }
}

impl From<&str> for ActivityRecordActivityType {
    fn from(word: &str) -> Self {
        word.to_owned().into()
    }
}

/// The wrapped form.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ActivityRecordActivityType")]
struct WrappedActivityType {
    #[serde(default)]
    anyof_schema_1_validator: Option<ActivityType>,
    #[serde(default)]
    anyof_schema_2_validator: Option<String>,
    #[serde(default)]
    #[schemars(schema_with = "actual_instance_schema")]
    actual_instance: Option<String>,
    #[serde(default = "any_of_schemas")]
    #[schemars(extend("uniqueItems" = true))]
    any_of_schemas: Vec<String>,
}

fn any_of_schemas() -> Vec<String> {
    vec!["ActivityType".to_owned(), "str".to_owned()]
}

fn actual_instance_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"default": null})
}

impl Serialize for ActivityRecordActivityType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WrappedActivityType {
            anyof_schema_1_validator: None,
            anyof_schema_2_validator: None,
            actual_instance: Some(self.as_str().to_owned()),
            any_of_schemas: any_of_schemas(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ActivityRecordActivityType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WrappedActivityType::deserialize(deserializer)
            .map(|wrapped| wrapped.actual_instance.unwrap_or_default().into())
    }
}

impl JsonSchema for ActivityRecordActivityType {
    fn schema_name() -> Cow<'static, str> {
        "ActivityRecordActivityType".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        WrappedActivityType::json_schema(generator)
    }
}

impl LastActivityData {
    /// An account was active at a moment, written as RFC 3339.
    #[must_use]
    pub fn new(
        account_id: impl Into<String>,
        event_type: ActivityEventType,
        happened_at: impl Into<String>,
    ) -> Self {
        Self {
            account_id: account_id.into(),
            event_type: event_type.to_string(),
            happened_at: happened_at.into(),
        }
    }
}
