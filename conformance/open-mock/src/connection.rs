//! The connection as a whole: whether it works, and how fresh its data is.

use lumos_connector::prelude::*;

pub(crate) async fn validate_credentials(
    call: Call,
    _: ValidateCredentials,
) -> Result<Reply<ValidatedCredentials>> {
    let raw_data = Json::new(&IndexMap::from([("settings", call.raw_settings())]))?;
    let validated = ValidatedCredentials { valid: true, unique_tenant_id: "open".to_owned() };
    Ok(Reply::new(validated).raw_data(raw_data))
}

pub(crate) async fn get_data_recency(_: (), _: GetDataRecency) -> Result<DataRecency> {
    Ok(DataRecency {
        data: IndexMap::from([
            ("utc".to_owned(), Some("2024-01-02T03:04:05Z".parse::<DateTime>()?)),
            ("offset".to_owned(), Some("2024-01-02T03:04:05+05:30".parse::<DateTime>()?)),
            ("micros".to_owned(), Some("2024-01-02T03:04:05.120000Z".parse::<DateTime>()?)),
            ("naive".to_owned(), Some("2024-01-02T03:04:05".parse::<DateTime>()?)),
            ("never".to_owned(), None),
        ]),
    })
}
