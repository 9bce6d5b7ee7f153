//! Payloads of a connector's own for creating and updating accounts: they may add fields and change none (contract
//! §18).

use lumos_connector_core::Integration;
use lumos_connector_core::error::Result;
use lumos_connector_core::integration::Mistake;
use lumos_connector_types::capability::marker::{CreateAccount, UpdateAccount};
use lumos_connector_types::payload::{AccountStatus, CreateAccountEntitlement, CreatedAccount};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::acme::{answer, builder, refusal};

/// What a connector's own request for an account adds.
#[derive(Deserialize, JsonSchema)]
struct Person {
    #[serde(default)]
    entitlements: Vec<CreateAccountEntitlement>,
    email: String,
    rank: Option<i64>,
}

fn created<Q: DeserializeOwned + JsonSchema + Send + 'static>(
    id: fn(&Q) -> String,
) -> Result<Integration, Vec<Mistake>> {
    let handler = move |_: (), request: Q| {
        let id = Some(id(&request));
        async move { Ok(CreatedAccount { id, status: AccountStatus::Active, created: true }) }
    };
    let acme = builder().requires_authentication(false).capability(CreateAccount::of::<Q>(), handler);
    acme.build().map_err(|error| error.mistakes)
}

fn updated<Q, R>() -> Result<Integration, Vec<Mistake>>
where
    Q: DeserializeOwned + JsonSchema + Send + 'static,
    R: Default + Serialize + JsonSchema + Send + 'static,
{
    let handler = async |_: (), _: Q| Ok(R::default());
    let acme = builder().requires_authentication(false).capability(UpdateAccount::of::<Q, R>(), handler);
    acme.build().map_err(|error| error.mistakes)
}

fn changed(capability: &'static str, field: &str) -> Mistake {
    Mistake::ChangedPayload { capability, field: field.to_owned() }
}

#[test]
fn fields_may_be_added_and_are_read_with_coercion() {
    let acme = created::<Person>(|person| {
        format!("{} {:?} {}", person.email, person.rank, person.entitlements.len())
    })
    .unwrap();
    let request = r#"{"request": {"email": "a@b.c", "rank": "7", "shoe_size": 42}, "settings": null}"#;
    assert_eq!(answer(&acme, "create_account", request)["response"]["id"], "a@b.c Some(7) 0");
    let refusal = refusal(&acme, "create_account", r#"{"request": {"rank": 7}, "settings": null}"#);
    assert!(refusal.contains("request.email"), "{refusal}");
}

#[test]
fn a_customized_request_must_have_settings_though_they_may_be_null() {
    let acme = created::<Person>(|person| person.email.clone()).unwrap();
    refusal(&acme, "create_account", r#"{"request": {"email": "a@b.c"}}"#);
    answer(&acme, "create_account", r#"{"request": {"email": "a@b.c"}, "settings": null}"#);
}

#[test]
fn titles_descriptions_and_annotations_may_change() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Retitled {
        /// What the person may do.
        #[serde(default)]
        #[schemars(title = "Rights", extend("x-field_group" = "Access"))]
        entitlements: Vec<CreateAccountEntitlement>,
    }
    assert!(created::<Retitled>(|_| String::new()).is_ok());
}

#[test]
fn a_standard_field_may_not_be_left_out() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Without {
        email: String,
    }
    assert_eq!(
        created::<Without>(|_| String::new()).unwrap_err(),
        [changed("create_account", "entitlements")]
    );
}

#[test]
fn a_standard_field_keeps_its_type() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Texts {
        #[serde(default)]
        entitlements: Vec<String>,
    }
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Nullable {
        entitlements: Option<Vec<CreateAccountEntitlement>>,
    }
    assert_eq!(created::<Texts>(|_| String::new()).unwrap_err(), [changed("create_account", "entitlements")]);
    assert_eq!(
        created::<Nullable>(|_| String::new()).unwrap_err(),
        [changed("create_account", "entitlements")]
    );
}

#[test]
fn a_type_of_the_same_name_is_not_the_same_type() {
    mod own {
        use super::{Deserialize, JsonSchema};

        #[derive(Deserialize, JsonSchema)]
        #[expect(dead_code, reason = "only its shape matters")]
        pub(super) struct CreateAccountEntitlement {
            pub(super) name: i64,
        }
    }
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Lookalike {
        #[serde(default)]
        entitlements: Vec<own::CreateAccountEntitlement>,
    }
    assert_eq!(
        created::<Lookalike>(|_| String::new()).map(drop),
        Err(vec![changed("create_account", "entitlements")])
    );
}

#[test]
fn a_standard_field_keeps_its_requiredness() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Required {
        entitlements: Vec<CreateAccountEntitlement>,
    }
    assert_eq!(
        created::<Required>(|_| String::new()).unwrap_err(),
        [changed("create_account", "entitlements")]
    );
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
struct Nicknamed {
    id: String,
    nickname: Option<String>,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
struct Numbered {
    id: i64,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
struct Anonymous {}

#[test]
fn an_update_keeps_the_id_in_request_and_answer() {
    assert!(updated::<Nicknamed, Nicknamed>().is_ok());
    let id = || changed("update_account", "id");
    assert_eq!(updated::<Anonymous, Nicknamed>().unwrap_err(), [id()]);
    assert_eq!(updated::<Nicknamed, Anonymous>().unwrap_err(), [id()]);
    assert_eq!(updated::<Numbered, Numbered>().unwrap_err(), [id(), id()]);
}
