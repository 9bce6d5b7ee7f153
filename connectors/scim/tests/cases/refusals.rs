//! What the platform is told when the service refuses.

use lumos_connector::prelude::capability;
use lumos_connector_testing::prelude::*;

use crate::scim_error;

pub(crate) fn cases() -> Vec<Case> {
    let types = [
        (409, "uniqueness", ConnectorErrorCode::Conflict),
        (400, "uniqueness", ConnectorErrorCode::Conflict),
        (400, "invalidValue", ConnectorErrorCode::InvalidValue),
        (400, "invalidPath", ConnectorErrorCode::InvalidValue),
        (400, "invalidSyntax", ConnectorErrorCode::BadRequest),
        (400, "mutability", ConnectorErrorCode::InvalidValue),
        (400, "noTarget", ConnectorErrorCode::UnknownValue),
        (403, "sensitive", ConnectorErrorCode::PermissionDenied),
        (400, "invalidVers", ConnectorErrorCode::UnsupportedOperation),
        (400, "somethingNew", ConnectorErrorCode::BadRequest),
    ];
    let mut cases: Vec<_> = types
        .into_iter()
        .map(|(status, scim_type, code)| {
            case(capability::CreateAccount, format!("tells {status} {scim_type}"))
                .request(json!({"username": "ada"}))
                .upstream(post("/v2/Users").any_body().answers(scim_error(
                    status,
                    scim_type,
                    "What is wrong",
                )))
                .expect(
                    error(code)
                        .message("What is wrong")
                        .status_code(status)
                        .app_error_code(format!("scim.{scim_type}")),
                )
        })
        .collect();
    cases.extend([
        case(capability::CreateAccount, "tells a password policy from other values")
            .request(json!({"username": "ada", "password": "a weak one"}))
            .upstream(post("/v2/Users").any_body().answers(scim_error(
                400,
                "invalidValue",
                "Password too weak",
            )))
            .expect(
                error(ConnectorErrorCode::InvalidValue).app_error_code("scim.passwordPolicy").hint("policy"),
            ),
        case(capability::CreateAccount, "does not blame the password when there was none")
            .request(json!({"username": "password"}))
            .upstream(post("/v2/Users").any_body().answers(scim_error(
                400,
                "invalidValue",
                "userName: 'password' is reserved",
            )))
            .expect(error(ConnectorErrorCode::InvalidValue).app_error_code("scim.invalidValue")),
        case(capability::CreateAccount, "takes the account back when an entitlement cannot be given")
            .settings(crate::changing::trusting(json!({})))
            .request(json!({"username": "ada", "entitlements": [
                {"entitlement_type": "group", "integration_specific_id": "g"},
            ]}))
            .upstream(post("/v2/Users").any_body().answers((201, json!({"id": "1"}))))
            .upstream(patch("/v2/Groups/g").any_body().answers(scim_error(404, "", "No group g")))
            .upstream(delete("/v2/Users/1").answers(204))
            .expect(error(ConnectorErrorCode::NotFound).message("No group g")),
        case(capability::ValidateCredentials, "names the token URL that OAuth needs")
            .credentials(json!([]))
            .expect(error(ConnectorErrorCode::BadRequest)),
    ]);
    cases
}
