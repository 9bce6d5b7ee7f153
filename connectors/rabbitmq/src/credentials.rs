//! Whether a login is good.

use lumos_connector::prelude::*;

use crate::broker::{Broker, User};

const ADMINISTRATOR: &str = "administrator";

#[derive(Deserialize)]
struct ClusterId {
    value: String,
}

#[derive(Deserialize)]
struct ClusterName {
    name: String,
}

/// The login must be an administrator's. The tenant is the cluster, by the id that it has made for itself, or by its name
/// where there is none.
pub(crate) async fn validate_credentials(
    broker: Broker,
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    let own: User = broker.http.get("api/whoami").read().await?;
    if !own.tags().iter().any(|tag| tag == ADMINISTRATOR) {
        return Err(ConnectorError::authorization(format!(
            "The user {:?} has no tag {ADMINISTRATOR:?}",
            own.name
        )));
    }
    let id =
        broker.http.get("api/global-parameters/internal_cluster_id").read_optional::<ClusterId>().await?;
    let tenant = match id {
        Some(id) => id.value,
        None => broker.http.get("api/cluster-name").read::<ClusterName>().await?.name,
    };
    Ok(ValidatedCredentials::valid(tenant))
}
