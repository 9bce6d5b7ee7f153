//! The settings of a connection: where the service is, what stands where in it, and where it strays from the RFCs.

use lumos_connector::prelude::*;

use crate::attribute_path::AttributePath;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ScimSettings {
    /// Address of the SCIM service without the name of a resource, such as `https://acme.test/scim/v2`.
    #[schemars(title = "SCIM base URL", extend("x-semantic" = "tenant-id"))]
    pub(crate) base_url: String,
    /// Where the OAuth client gets its tokens. Only needed for OAuth client credentials.
    #[schemars(title = "OAuth token URL")]
    pub(crate) token_url: Option<String>,
    /// Rows of a page when the platform asks for no number in particular.
    #[serde(default = "Bounded::<1, 1_000>::of::<100>")]
    #[schemars(title = "Page size", extend("x-primary" = false))]
    pub(crate) page_size: Bounded<1, 1_000>,

    /// The attribute that holds an account's email address.
    #[serde(default = "emails")]
    #[schemars(title = "Email attribute", with = "String", extend("x-field_group" = "Attributes", "x-primary" = false))]
    pub(crate) email_attribute: AttributePath,
    /// The attribute that holds the name with which an account signs in.
    #[serde(default = "user_name")]
    #[schemars(title = "User name attribute", with = "String", extend("x-field_group" = "Attributes", "x-primary" = false))]
    pub(crate) username_attribute: AttributePath,
    /// The attribute that holds a person's given name.
    #[serde(default = "given_name")]
    #[schemars(title = "Given name attribute", with = "String", extend("x-field_group" = "Attributes", "x-primary" = false))]
    pub(crate) given_name_attribute: AttributePath,
    /// The attribute that holds a person's family name.
    #[serde(default = "family_name")]
    #[schemars(title = "Family name attribute", with = "String", extend("x-field_group" = "Attributes", "x-primary" = false))]
    pub(crate) family_name_attribute: AttributePath,
    /// The attribute that holds the time of an account's last login. SCIM has no standard one; without it, no activity is
    /// reported.
    #[schemars(title = "Last login attribute", with = "Option<String>", extend("x-field_group" = "Attributes", "x-primary" = false))]
    pub(crate) last_login_attribute: Option<AttributePath>,

    /// Name of the endpoint whose resources are the groups that accounts belong to.
    #[serde(default = "groups")]
    #[schemars(title = "Group endpoint", extend("x-field_group" = "Endpoints", "x-primary" = false))]
    pub(crate) group_endpoint: String,
    /// Name of an endpoint that lists the roles, such as `Roles`. Without it, the roles are those that users have.
    #[schemars(title = "Role endpoint", extend("x-field_group" = "Endpoints", "x-primary" = false))]
    pub(crate) role_endpoint: Option<String>,
    /// Name of an endpoint that lists the entitlements, such as `Entitlements`. Without it, the entitlements are those
    /// that users have.
    #[schemars(title = "Entitlement endpoint", extend("x-field_group" = "Endpoints", "x-primary" = false))]
    pub(crate) entitlement_endpoint: Option<String>,
    /// Name of an endpoint whose resources are listed as resources, such as `Applications`.
    #[schemars(title = "Resource endpoint", extend("x-field_group" = "Endpoints", "x-primary" = false))]
    pub(crate) resource_endpoint: Option<String>,

    /// How the service's listings are paged.
    #[serde(default)]
    #[schemars(title = "Paging", extend("x-field_group" = "Server", "x-primary" = false))]
    pub(crate) paging: PagingSetting,
    /// Where memberships are read: from the members of groups, or from the groups of users, for services that do not show
    /// the members of large groups.
    #[serde(default)]
    #[schemars(title = "Memberships", extend("x-field_group" = "Server", "x-primary" = false))]
    pub(crate) memberships: Memberships,
    /// Whether the service changes single attributes; `never` replaces whole resources.
    #[serde(default)]
    #[schemars(title = "PATCH", extend("x-field_group" = "Server", "x-primary" = false))]
    pub(crate) patch: PatchSetting,
    /// How a PATCH names the value that it removes; `path` falls back to `value` where the path is refused or does
    /// nothing, and the other members can be seen.
    #[serde(default)]
    #[schemars(title = "PATCH removal", extend("x-field_group" = "Server", "x-primary" = false))]
    pub(crate) removal: Removal,
    /// Whether what was changed is read again before it is reported. `never` believes the service: for one that does not
    /// show its changes, or shows them much later.
    #[serde(default)]
    #[schemars(title = "Read back", extend("x-field_group" = "Server", "x-primary" = false))]
    pub(crate) read_back: ReadBack,
}

wire_enum! {
    /// How listings are paged.
    pub(crate) enum PagingSetting = Auto {
        /// The best that the service says it can.
        Auto = "auto",
        /// After the last id, by filter and order.
        Keyset = "keyset",
        /// By cursors of the service (RFC 9865).
        Cursor = "cursor",
        /// By `startIndex`.
        Index = "index",
    }
}

wire_enum! {
    /// Where memberships are read.
    pub(crate) enum Memberships = Groups {
        /// From the members of groups: as their list shows them or, where it shows none at all, of each group on its
        /// own; where no group shows any, from the groups of users.
        Groups = "groups",
        /// From the members of groups, each read on its own.
        EachGroup = "each_group",
        /// By asking for the groups of each user with a filter, which is believed.
        Filter = "filter",
        /// From the groups of users.
        Users = "users",
    }
}

wire_enum! {
    /// Whether single attributes are changed.
    pub(crate) enum PatchSetting = Auto {
        /// When the service says that it can.
        Auto = "auto",
        /// Never: whole resources are replaced.
        Never = "never",
    }
}

wire_enum! {
    /// How a PATCH names the value that it removes.
    pub(crate) enum Removal = Path {
        /// `members[value eq "7"]`, as RFC 7644 §3.5.2.2 has it.
        Path = "path",
        /// `members` with the value in the operation, as some services want it.
        Value = "value",
    }
}

wire_enum! {
    /// Whether changes are read again before they are reported.
    pub(crate) enum ReadBack = Always {
        /// Always; one request more for each change.
        Always = "always",
        /// Never.
        Never = "never",
    }
}

/// The name of the endpoint of groups (RFC 7644 §3.2).
pub(crate) const DEFAULT_GROUPS: &str = "Groups";

fn groups() -> String {
    DEFAULT_GROUPS.to_owned()
}

fn emails() -> AttributePath {
    AttributePath::known(None, "emails", None)
}

fn user_name() -> AttributePath {
    AttributePath::known(None, "userName", None)
}

fn given_name() -> AttributePath {
    AttributePath::known(None, "name", Some("givenName"))
}

fn family_name() -> AttributePath {
    AttributePath::known(None, "name", Some("familyName"))
}
