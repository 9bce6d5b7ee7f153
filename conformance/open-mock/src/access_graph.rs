//! The access graph: a vault that one person may open.

use lumos_connector::prelude::*;

pub(crate) async fn find_resources(_: (), request: FindResourceGraph) -> Result<ResourceGraph> {
    let vault = AccessGraphResource {
        id: "vault-1".to_owned(),
        resource_type: "vault".to_owned(),
        label: "Vault".to_owned(),
        ..Default::default()
    };
    let person = AccessGraphResource {
        id: "person-1".to_owned(),
        resource_type: "person".to_owned(),
        reference: Some(Reference { id: "acct-0000".to_owned(), r#type: ReferenceType::Account }),
        label: "Person".to_owned(),
        is_terminal: Some(true),
        is_credential_bearing: Some(false),
        linked_credential_ids: Some(vec!["cred:1".to_owned()]),
        ..Default::default()
    };
    let contains = AccessGraphResourceRelationship {
        from_id: vault.id.clone(),
        to_ids: vec![person.id.clone()],
        label: "contains".to_owned(),
    };
    let wanted = request.custom_attributes.unwrap_or_default().into_iter();
    let custom_attributes = wanted.map(|attribute| CustomAttribute {
        record_id: vault.id.clone(),
        label: attribute.label,
        value: json!(1).into(),
        r#type: attribute.r#type,
    });
    Ok(ResourceGraph {
        custom_attributes: custom_attributes.collect(),
        resources: vec![vault, person],
        resource_relationships: vec![contains],
    })
}

pub(crate) async fn find_entitlements(_: (), _: FindEntitlementGraph) -> Result<EntitlementGraph> {
    let open = AccessGraphEntitlement {
        id: "open".to_owned(),
        entitlement_type: "opener".to_owned(),
        resource_id: "vault-1".to_owned(),
        label: "Open".to_owned(),
        ..Default::default()
    };
    let implies_nothing = AccessGraphImpliedAccess {
        from_entitlement: AccessGraphEntitlementIdentifier {
            entitlement_id: open.id.clone(),
            resource_id: open.resource_id.clone(),
        },
        to_entitlements: vec![],
    };
    let unknown_cost = CustomAttribute {
        record_id: open.id.clone(),
        label: "cost".to_owned(),
        value: Json::default(),
        r#type: CustomAttributeCustomizedType::Entitlement,
    };
    Ok(EntitlementGraph {
        nodes: vec![open],
        entitlement_implications: vec![implies_nothing],
        custom_attributes: vec![unknown_cost],
        ..Default::default()
    })
}

pub(crate) async fn find_assignments(
    _: (),
    _: FindEntitlementAssignments,
) -> Result<Vec<AccessGraphEntitlementAssignment>> {
    Ok(vec![AccessGraphEntitlementAssignment {
        resource_id: "person-1".to_owned(),
        entitlement_id: "open".to_owned(),
        entitlement_resource_id: "vault-1".to_owned(),
    }])
}
