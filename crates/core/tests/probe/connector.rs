//! A connector to probe: its listings are closures, and it writes down how they are called.

use std::sync::{Arc, Mutex};

use lumos_connector_core::error::Result;
use lumos_connector_core::host::Host;
use lumos_connector_core::integration::Builder;
use lumos_connector_core::probe::ProbeSettings;
use lumos_connector_core::{Call, Integration, Reply};
use lumos_connector_types::capability::marker;
use lumos_connector_types::page::Page;
use lumos_connector_types::payload::*;
use serde_json::{Value, json};

/// What a listing answers to a page token.
pub(crate) type Rows<T> = Result<Reply<Vec<T>>>;

pub(crate) struct Connector {
    builder: Builder,
    calls: Arc<Mutex<Vec<Value>>>,
}

macro_rules! listings {
    ($($name:ident: $marker:ident($request:ty) -> $row:ty;)+) => {
        impl Connector {
            $(
                pub(crate) fn $name(mut self, rows: impl Fn(&$request, Option<&str>) -> Rows<$row> + Send + Sync + 'static) -> Self {
                    let (calls, rows) = (Arc::clone(&self.calls), Arc::new(rows));
                    self.builder = self.builder.capability(marker::$marker, move |call: Call, request: $request| {
                        let page = call.page();
                        calls.lock().unwrap().push(json!({
                            "capability": call.capability(),
                            "request": request,
                            "token": page.token,
                            "size": page.size,
                        }));
                        let reply = rows(&request, page.token.as_deref());
                        async move { reply }
                    });
                    self
                }
            )+
        }
    };
}

listings! {
    accounts: ListAccounts(ListAccounts) -> FoundAccountData;
    attributes: ListCustomAttributesSchema(ListCustomAttributesSchema) -> CustomAttributeSchema;
    entitlements: ListEntitlements(ListEntitlements) -> FoundEntitlementData;
    associations: FindEntitlementAssociations(FindEntitlementAssociations) -> FoundEntitlementAssociation;
    associations_of_one: GetAccountEntitlementAssociations(GetAccountEntitlementAssociations) -> FoundEntitlementAssociation;
}

impl Connector {
    pub(crate) fn new() -> Self {
        Self {
            builder: Integration::builder("acme", "1.0.0").auth::<BasicCredential>(),
            calls: Arc::default(),
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.builder = change(self.builder);
        self
    }

    pub(crate) fn probing(self, settings: ProbeSettings) -> Self {
        self.with(|builder| builder.probe(settings))
    }

    pub(crate) fn declares(self, types: &[&str]) -> Self {
        let types =
            types.iter().map(|id| EntitlementType { type_id: (*id).to_owned(), ..Default::default() });
        let types: Vec<_> = types.collect();
        self.with(|builder| builder.entitlement_types(types))
    }

    pub(crate) async fn probe(self, request: Value) -> Probed {
        let auth = json!({"basic": {"username": "u", "password": "p"}});
        self.answer(json!({"auth": auth, "request": request, "settings": {}})).await
    }

    pub(crate) async fn answer(self, envelope: Value) -> Probed {
        let acme = self.builder.build().unwrap();
        let answer = acme
            .dispatch(&Host::default(), "probe_integration", &envelope.to_string())
            .await
            .into_bytes()
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let calls = std::mem::take(&mut *self.calls.lock().unwrap());
        Probed { answer, calls }
    }
}

/// The answer of a probe, and the calls it made.
pub(crate) struct Probed {
    pub answer: Value,
    pub calls: Vec<Value>,
}

impl Probed {
    pub(crate) fn status(&self) -> &Value {
        &self.answer["response"]["status"]
    }

    pub(crate) fn checks(&self) -> &[Value] {
        self.answer["response"]["checks"].as_array().unwrap()
    }

    pub(crate) fn check(&self, name: &str) -> &Value {
        self.checks().iter().find(|check| check["check"] == name).unwrap()
    }

    /// The names of the checks with one of their fields.
    pub(crate) fn summary(&self, field: &str) -> Value {
        self.checks().iter().map(|check| json!([check["check"], check[field]])).collect()
    }

    pub(crate) fn called(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call["capability"].as_str().unwrap()).collect()
    }
}

/// The values of a list of `{key: …, "status": …}` as pairs.
pub(crate) fn coverage(results: &Value, key: &str) -> Value {
    results.as_array().unwrap().iter().map(|result| json!([result[key], result["status"]])).collect()
}

pub(crate) fn account(id: &str) -> FoundAccountData {
    FoundAccountData { integration_specific_id: id.to_owned(), ..Default::default() }
}

pub(crate) fn accounts(count: usize) -> Vec<FoundAccountData> {
    (0..count).map(|index| account(&format!("a{index}"))).collect()
}

pub(crate) fn entitlement(id: &str, of_type: &str) -> FoundEntitlementData {
    FoundEntitlementData {
        integration_specific_id: id.to_owned(),
        integration_specific_resource_id: "r".to_owned(),
        entitlement_type: of_type.to_owned(),
        label: id.to_uppercase(),
        ..Default::default()
    }
}

pub(crate) fn association(account_id: &str, entitlement_id: &str) -> FoundEntitlementAssociation {
    FoundEntitlementAssociation {
        account_id: account_id.to_owned(),
        integration_specific_entitlement_id: entitlement_id.to_owned(),
        integration_specific_resource_id: "r".to_owned(),
    }
}

pub(crate) fn page<T>(rows: Vec<T>, token: Option<&str>) -> Rows<T> {
    Ok(Reply::new(rows).page(Page { token: token.map(str::to_owned), size: None }))
}

pub(crate) fn last<T>(rows: Vec<T>) -> Rows<T> {
    Ok(Reply::new(rows))
}
