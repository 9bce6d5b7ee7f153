//! The payload of a listing's requests.

use serde_json::{Value, json};

use super::listing::{ListingKind, RequestForm};

/// What requests are made of, known once the custom attributes are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestValues {
    /// Kind and name of each custom attribute that the app has.
    pub attributes: Vec<(String, String)>,
    /// The day from which activities and expenses are read, as `YYYY-MM-DD` or RFC 3339.
    pub since: String,
}

impl RequestValues {
    /// The payload for a listing; `accounts` are the keys of the accounts that it is about, where it goes through them.
    #[must_use]
    pub fn payload(&self, kind: &ListingKind, accounts: &[String]) -> String {
        let of_kind = |wanted: &str| -> Vec<&String> {
            self.attributes.iter().filter(|(kind, _)| kind == wanted).map(|(_, name)| name).collect()
        };
        let payload = match kind.request {
            RequestForm::Empty => json!({}),
            RequestForm::AttributeNames(wanted) => match of_kind(wanted) {
                names if names.is_empty() => json!({}),
                names => json!({ "custom_attributes": names }),
            },
            RequestForm::AttributeParameters(kinds) => {
                let parameters: Vec<Value> = kinds
                    .iter()
                    .flat_map(|&kind| {
                        of_kind(kind).into_iter().map(move |name| json!({"label": name, "type": kind}))
                    })
                    .collect();
                if parameters.is_empty() { json!({}) } else { json!({ "custom_attributes": parameters }) }
            }
            RequestForm::Since => json!({"since_date": self.since, "actors": []}),
            RequestForm::SinceTransaction => {
                json!({"filters": {"transaction_date": {"start_date": self.since}}})
            }
            RequestForm::AccountIds => json!({ "account_ids": accounts }),
            RequestForm::AccountId => json!({ "account_id": accounts.first() }),
        };
        payload.to_string()
    }

    /// The payload for `list_updated_accounts`.
    #[must_use]
    pub fn updated_accounts(&self) -> String {
        let names: Vec<&String> =
            self.attributes.iter().filter(|(kind, _)| kind == "account").map(|(_, name)| name).collect();
        let mut payload = json!({ "since": self.since });
        if !names.is_empty() {
            payload["custom_attributes"] = json!(names);
        }
        payload.to_string()
    }
}

#[cfg(test)]
mod tests {
    use lumos_connector_types::capability::StandardCapability;
    use lumos_connector_types::payload;

    use super::*;
    use crate::plan::LISTINGS;

    /// Each payload is one that the contract's type reads.
    #[test]
    fn payloads_are_those_of_the_contract() {
        let attribute = |kind: &str| (kind.to_owned(), "badge".to_owned());
        let values = RequestValues {
            attributes: vec![attribute("account"), attribute("entitlement"), attribute("resource")],
            since: "2026-11-01".to_owned(),
        };
        let updated: payload::ListUpdatedAccounts = serde_json::from_str(&values.updated_accounts()).unwrap();
        assert_eq!(updated.custom_attributes.unwrap(), ["badge"]);
        for kind in LISTINGS {
            let text = values.payload(kind, &["a".to_owned()]);
            match kind.capability {
                StandardCapability::ListAccounts => {
                    let read: payload::ListAccounts = serde_json::from_str(&text).unwrap();
                    assert_eq!(read.custom_attributes.unwrap(), ["badge"]);
                }
                StandardCapability::GetLastActivity => {
                    let read: payload::GetLastActivity = serde_json::from_str(&text).unwrap();
                    assert_eq!(read.account_ids, ["a"]);
                }
                StandardCapability::GetAccountEntitlementAssociations => {
                    let read: payload::GetAccountEntitlementAssociations =
                        serde_json::from_str(&text).unwrap();
                    assert_eq!(read.account_id, "a");
                }
                StandardCapability::ListActivityRecords => {
                    let read: payload::ListActivityRecords = serde_json::from_str(&text).unwrap();
                    assert_eq!(read.since_date, "2026-11-01");
                }
                StandardCapability::ListExpenses => {
                    let read: payload::ListExpenses = serde_json::from_str(&text).unwrap();
                    assert_eq!(read.filters.transaction_date.unwrap().start_date.unwrap(), "2026-11-01");
                }
                StandardCapability::FindResourceGraph => {
                    let read: payload::FindResourceGraph = serde_json::from_str(&text).unwrap();
                    assert_eq!(read.custom_attributes.unwrap().len(), 1);
                }
                _ => assert!(serde_json::from_str::<Value>(&text).unwrap().is_object()),
            }
        }
    }
}
