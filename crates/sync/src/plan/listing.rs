//! The listings of the contract that together are a tenant: what identifies a row of each, and what its rows refer to.

use lumos_connector_types::capability::StandardCapability as Standard;

/// A listing that a sync reads to its end.
///
/// The table of all of them is [`LISTINGS`], in the order in which they start.
#[derive(Debug)]
pub struct ListingKind {
    /// The capability that is called.
    pub capability: Standard,
    /// What its rows are called: the name for `--only`, and the name of its view in the store.
    pub label: &'static str,
    /// The fields that tell its rows apart (`x-unique-hash` of the contract; where the contract names none, the fields
    /// that describe what the row is about).
    pub identity: &'static [IdentityField],
    /// Which rows of other listings its rows name.
    pub references: &'static [Reference],
    /// How it is read.
    pub walk: Walk,
    /// What goes into its request.
    pub request: RequestForm,
}

/// A field of a row's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityField {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether an empty text is a value: the resource of an entitlement that belongs to the app as a whole.
    pub may_be_empty: bool,
}

/// Rows of another listing that a row names through parts of its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The labels of the listings that may hold the row: it is dangling when none of them does.
    pub to: &'static [&'static str],
    /// Which fields of the identity, by position, are the key of the row that is named.
    pub fields: &'static [usize],
}

/// How a listing is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Page after page until a page has no token.
    Pages,
    /// The same, where a page is an object whose members are lists of rows, each with an identity of its own. Rows of
    /// other members are identified by all that they say.
    Objects(&'static [Member]),
    /// For every so many accounts of this sync, page after page.
    Accounts {
        /// How many accounts a request names.
        batch: usize,
    },
}

/// A member of a page that is an object, and what tells its rows apart. Keys in the store begin with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// The fields that tell its rows apart.
    pub identity: &'static [IdentityField],
}

/// What goes into the request of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestForm {
    /// Nothing.
    Empty,
    /// `custom_attributes`: the names of those that the app has for records of this kind.
    AttributeNames(&'static str),
    /// `custom_attributes`: name and kind of those that the app has for records of these kinds.
    AttributeParameters(&'static [&'static str]),
    /// `since_date`, and no actor in particular.
    Since,
    /// `filters.transaction_date.start_date`.
    SinceTransaction,
    /// `account_ids`: a batch of accounts.
    AccountIds,
    /// `account_id`: one account.
    AccountId,
}

const fn field(name: &'static str) -> IdentityField {
    IdentityField { name, may_be_empty: false }
}

const fn resource(name: &'static str) -> IdentityField {
    IdentityField { name, may_be_empty: true }
}

const fn to(labels: &'static [&'static str], fields: &'static [usize]) -> Reference {
    Reference { to: labels, fields }
}

const fn listing(
    capability: Standard,
    label: &'static str,
    identity: &'static [IdentityField],
) -> ListingKind {
    ListingKind {
        capability,
        label,
        identity,
        references: &[],
        walk: Walk::Pages,
        request: RequestForm::Empty,
    }
}

impl ListingKind {
    const fn references(mut self, references: &'static [Reference]) -> Self {
        self.references = references;
        self
    }

    const fn walk(mut self, walk: Walk) -> Self {
        self.walk = walk;
        self
    }

    const fn request(mut self, request: RequestForm) -> Self {
        self.request = request;
        self
    }

    /// Whether `--only` or `--without` means this listing by that name: its label or its capability.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        let name = name.trim().replace('-', "_");
        self.label == name || self.capability.as_str() == name
    }

    /// The listing of a capability.
    #[must_use]
    pub fn of(capability: &str) -> Option<&'static Self> {
        LISTINGS.iter().find(|listing| listing.capability.as_str() == capability)
    }

    /// The listing with that label.
    #[must_use]
    pub fn labelled(label: &str) -> Option<&'static Self> {
        LISTINGS.iter().find(|listing| listing.label == label)
    }
}

const PEOPLE: &[&str] = &["accounts"];

/// Every listing, in the order in which they start.
pub static LISTINGS: &[ListingKind] = &[
    listing(
        Standard::ListCustomAttributesSchema,
        "custom_attributes",
        &[field("customized_type"), field("name")],
    ),
    listing(Standard::ListAccounts, "accounts", &[field("integration_specific_id")])
        .request(RequestForm::AttributeNames("account")),
    listing(Standard::ListResources, "resources", &[field("integration_specific_id")]),
    listing(
        Standard::ListEntitlements,
        "entitlements",
        &[field("integration_specific_id"), resource("integration_specific_resource_id")],
    )
    .references(&[to(&["resources"], &[1])])
    .request(RequestForm::AttributeNames("entitlement")),
    listing(Standard::FindEntitlementAssociations, "associations", ASSOCIATION)
        .references(ASSOCIATION_REFERENCES),
    listing(Standard::GetAccountEntitlementAssociations, "account_associations", ASSOCIATION)
        .references(ASSOCIATION_REFERENCES)
        .walk(Walk::Accounts { batch: 1 })
        .request(RequestForm::AccountId),
    listing(Standard::ListNonHumanAccounts, "non_human_accounts", &[field("resource_id")])
        .request(RequestForm::AttributeNames("non_human_account")),
    listing(Standard::ListCredentials, "credentials", &[field("resource_id")])
        .request(RequestForm::AttributeNames("credential")),
    listing(Standard::ListApplications, "applications", &[field("id")]),
    listing(
        Standard::ListApplicationsAccounts,
        "application_accounts",
        &[field("account_id"), field("application_instance_id")],
    )
    .references(&[to(PEOPLE, &[0]), to(&["applications"], &[1])]),
    listing(
        Standard::ListApplicationsResources,
        "application_resources",
        &[field("integration_specific_id"), field("application_instance_id")],
    )
    .references(&[to(&["applications"], &[1])]),
    listing(
        Standard::ListApplicationsEntitlements,
        "application_entitlements",
        &[
            field("integration_specific_id"),
            resource("integration_specific_resource_id"),
            field("application_instance_id"),
        ],
    )
    .references(&[to(&["applications"], &[2])])
    .request(RequestForm::AttributeNames("entitlement")),
    listing(
        Standard::ListApplicationsEntitlementAssociations,
        "application_associations",
        &[
            field("account_id"),
            field("integration_specific_entitlement_id"),
            resource("integration_specific_resource_id"),
            field("application_instance_id"),
        ],
    )
    .references(&[
        to(PEOPLE, &[0]),
        to(&["application_entitlements"], &[1, 2, 3]),
        to(&["applications"], &[3]),
    ]),
    listing(Standard::GetLastActivity, "last_activity", &[field("account_id"), field("event_type")])
        .references(&[to(PEOPLE, &[0])])
        .walk(Walk::Accounts { batch: 100 })
        .request(RequestForm::AccountIds),
    listing(
        Standard::GetNonHumanAccountLastActivity,
        "non_human_account_last_activity",
        &[field("non_human_account_id"), field("event_type")],
    ),
    listing(
        Standard::GetCredentialLastActivity,
        "credential_last_activity",
        &[field("credential_id"), field("event_type")],
    ),
    listing(Standard::ListActivityRecords, "activity_records", &[field("id")]).request(RequestForm::Since),
    listing(Standard::ListApplicationsActivityRecords, "application_activity_records", &[field("id")])
        .request(RequestForm::Since),
    listing(Standard::ListExpenses, "expenses", &[field("id")]).request(RequestForm::SinceTransaction),
    listing(Standard::FindResourceGraph, "resource_graph", &[])
        .walk(Walk::Objects(&[
            Member { name: "resources", identity: &[field("id"), field("resource_type")] },
            ATTRIBUTE_VALUES,
        ]))
        .request(RequestForm::AttributeParameters(&["resource"])),
    listing(Standard::FindEntitlementGraph, "entitlement_graph", &[])
        .walk(Walk::Objects(&[
            Member { name: "nodes", identity: &[field("id"), resource("resource_id")] },
            ATTRIBUTE_VALUES,
        ]))
        .request(RequestForm::AttributeParameters(&["entitlement"])),
    listing(
        Standard::FindEntitlementAssignments,
        "entitlement_assignments",
        &[field("resource_id"), field("entitlement_id"), resource("entitlement_resource_id")],
    ),
];

const ATTRIBUTE_VALUES: Member =
    Member { name: "custom_attributes", identity: &[field("record_id"), field("label"), field("type")] };

const ASSOCIATION: &[IdentityField] = &[
    field("account_id"),
    field("integration_specific_entitlement_id"),
    resource("integration_specific_resource_id"),
];

const ASSOCIATION_REFERENCES: &[Reference] =
    &[to(PEOPLE, &[0]), to(&["entitlements"], &[1, 2]), to(&["resources"], &[2])];

#[cfg(test)]
mod tests {
    use lumos_connector_types::schema::Refs;

    use super::*;

    /// The identity of every listing whose rows the contract identifies is the contract's.
    #[test]
    fn identities_are_those_of_the_contract() {
        for listing in LISTINGS {
            let document = listing.capability.response_schema(Refs::Defs).map(serde_json::Value::Object);
            let Some(document) = document else { continue };
            let rows = document["properties"]["response"]["items"]["$ref"].as_str().unwrap_or_default();
            let name = rows.rsplit('/').next().unwrap_or_default();
            let Some(unique) = document["$defs"][name]["x-unique-hash"].as_array() else { continue };
            let ours: Vec<_> = listing.identity.iter().map(|field| field.name).collect();
            assert_eq!(unique, &ours, "{}", listing.label);
        }
    }

    #[test]
    fn references_name_listings_and_fields_that_exist() {
        for listing in LISTINGS {
            for reference in listing.references {
                assert!(
                    reference.fields.iter().all(|&field| field < listing.identity.len()),
                    "{}",
                    listing.label
                );
                for label in reference.to {
                    let target = ListingKind::labelled(label);
                    assert!(
                        target.is_some_and(|target| target.identity.len() == reference.fields.len()),
                        "{label}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_listing_is_named_by_its_label_or_its_capability() {
        let accounts = ListingKind::labelled("accounts").into_iter().next();
        assert!(accounts.is_some_and(|it| it.is_named("accounts") && it.is_named("list-accounts")));
        assert!(accounts.is_some_and(|it| !it.is_named("account")));
    }
}
