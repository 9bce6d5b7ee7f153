//! The attributes that the app has beyond the standard ones.

use lumos_connector::prelude::*;

use crate::settings::Mock;

const DEPARTMENT: &str = "department";
const BADGE: &str = "badge";
pub(crate) const COST_CENTER: &str = "cost_center";

/// The custom attributes of accounts.
pub(crate) const ACCOUNT_ATTRIBUTES: [&str; 2] = [DEPARTMENT, BADGE];

pub(crate) async fn list_custom_attributes_schema(
    _: Mock,
    _: ListCustomAttributesSchema,
) -> Result<Vec<CustomAttributeSchema>> {
    Ok(vec![
        CustomAttributeSchema {
            customized_type: CustomAttributeCustomizedType::Account,
            name: DEPARTMENT.to_owned(),
            attribute_type: CustomAttributeType::String,
            description: Some("Where they work.".to_owned()),
        },
        CustomAttributeSchema {
            customized_type: CustomAttributeCustomizedType::Account,
            name: BADGE.to_owned(),
            attribute_type: CustomAttributeType::Integer,
            description: None,
        },
        CustomAttributeSchema {
            customized_type: CustomAttributeCustomizedType::Entitlement,
            name: COST_CENTER.to_owned(),
            attribute_type: CustomAttributeType::String,
            description: None,
        },
    ])
}
