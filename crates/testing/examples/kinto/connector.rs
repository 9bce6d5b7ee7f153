//! The connector: what Kinto gives in pages with a header `Next-Page`, and groups that are changed only if nobody else has.

use lumos_connector::error::http_status;
use lumos_connector::prelude::*;
use lumos_connector::stream::TryStreamExt as _;
use serde_json::Value;

const BUCKET: &str = "bucket";
const GROUP: &str = "group";
const SIZES: PageSizes = PageSizes { default: 100, max: 1000 };

#[derive(Deserialize, JsonSchema)]
struct KintoSettings {
    /// Address of the API with its version, such as `https://kinto.example.com/v1`.
    #[schemars(title = "Server URL", extend("x-semantic" = "tenant-id"))]
    base_url: String,
}

struct Kinto(HttpClient);

impl FromCall for Kinto {
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: KintoSettings = call.settings()?;
        let login: BasicCredential = call.auth()?;
        let http = call.http().basic(login).map_error(explained);
        // The version in `If-Match` is no longer the one that there is.
        let http = http.on_status(412, ConnectorErrorCode::Conflict);
        Ok(Self(http.base_url(&settings.base_url)?))
    }
}

/// The error with the server's own words.
fn explained(answer: &HttpAnswer, error: ConnectorError) -> ConnectorError {
    #[derive(Deserialize)]
    struct Problem {
        errno: u32,
        error: String,
        message: Option<String>,
    }
    let Ok(Problem { errno, error: title, message }) = answer.json() else { return error };
    let error = error.with_app_error_code(errno.to_string());
    error.with_message(format!("Kinto answers {}: {}", answer.status(), message.unwrap_or(title)))
}

/// What stands around every object and every page.
#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Object {
    id: String,
}

#[derive(Deserialize)]
struct Group {
    id: String,
    members: Vec<String>,
}

impl Kinto {
    /// One page of a list: the address of the next one is in a header.
    async fn page<T: for<'de> Deserialize<'de>>(
        &self,
        first: HttpRequest,
        at: Continuation,
        size: usize,
    ) -> Result<Batch<T, Continuation>> {
        let request = match at.as_deref() {
            Some(next) => self.0.follow(next),
            None => first.query(&(("_limit", size), ("_sort", "id"))),
        };
        let answer = request.send().await?;
        let next = at.next(answer.header("next-page"))?;
        Ok(Batch::new(answer.json::<Data<Vec<T>>>()?.data, next))
    }

    async fn groups(&self, bucket: &str) -> Result<Vec<Group>> {
        let groups = |at| self.page(self.0.get(["buckets", bucket, "groups"]), at, SIZES.max);
        lumos_connector::listing::whole(Continuation::default(), groups).try_collect().await
    }

    async fn account(&self, id: &str) -> Result<Option<Data<Object>>> {
        self.0.get(["accounts", id]).read_optional().await
    }

    /// Adds a member to a group, or takes one out of it, unless somebody else has changed the group since it was read.
    async fn set_member(&self, change: &Change<'_>, wanted: bool) -> Result<bool> {
        let Change { bucket, group, account } = *change;
        let missing = |what: &str| ConnectorError::not_found(format!("Kinto has no such {what}"));
        self.account(account).await?.ok_or_else(|| missing("account"))?;
        let read = || self.0.get(["buckets", bucket, "groups", group]);
        let answer = read().send_any().await?.optional()?.ok_or_else(|| missing("group"))?;
        let version = answer.header("etag").unwrap_or_default().to_owned();
        let mut members = answer.json::<Data<Group>>()?.data.members;
        let member = format!("account:{account}");
        if members.contains(&member) == wanted {
            return Ok(false);
        }
        members.retain(|other| *other != member);
        if wanted {
            members.push(member.clone());
        }
        let body = json!({"data": {"members": members}});
        let path = ["buckets", bucket, "groups", group];
        self.0.patch(path).header("if-match", &version).json(&body).expect_status([200]).await?;
        if read().read::<Data<Group>>().await?.data.members.contains(&member) != wanted {
            return Err(ConnectorError::conflict("Kinto accepted the change, and the group is as it was"));
        }
        Ok(true)
    }
}

/// A member of a group.
struct Change<'a> {
    bucket: &'a str,
    group: &'a str,
    account: &'a str,
}

/// The server must be one, and the login one that it knows. A server has no id; its address is the tenant's.
async fn validate_credentials(kinto: Kinto, _: ValidateCredentials) -> Result<ValidatedCredentials> {
    let server: Value = kinto.0.get("/").read().await?;
    if server["user"]["principals"].as_array().is_none() {
        return Err(ConnectorError::authentication("Kinto does not know the user or the password"));
    }
    Ok(ValidatedCredentials::valid(kinto.0.base().as_str().trim_end_matches('/')))
}

async fn list_accounts(
    (kinto, page): (Kinto, PageRequest),
    _: ListAccounts,
) -> Result<Reply<Vec<FoundAccountData>>> {
    let listing = page.listing(SIZES)?;
    let size = listing.size();
    let accounts = async |at| kinto.page::<Object>(kinto.0.get("accounts"), at, size).await;
    listing.batches(async |at| Ok(accounts(at).await?.map(|account| FoundAccountData::new(account.id)))).await
}

async fn get_account(kinto: Kinto, request: GetAccount) -> Result<FoundAccountData> {
    let found = kinto.account(&request.account_id).await?;
    found
        .map(|found| FoundAccountData::new(found.data.id))
        .ok_or_else(|| ConnectorError::not_found("No such account"))
}

async fn list_resources(
    (kinto, page): (Kinto, PageRequest),
    _: ListResources,
) -> Result<Reply<Vec<FoundResourceData>>> {
    let listing = page.listing(SIZES)?;
    let size = listing.size();
    let found = |bucket: Object| FoundResourceData::new(BUCKET, bucket.id.clone(), bucket.id);
    listing.batches(async |at| Ok(kinto.page(kinto.0.get("buckets"), at, size).await?.map(found))).await
}

/// The groups of each bucket, bucket by bucket.
async fn list_entitlements(
    (kinto, page): (Kinto, PageRequest),
    _: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    let found = |bucket: &str, group: Group| {
        vec![(group.id.clone(), FoundEntitlementData::new(GROUP, group.id.clone(), bucket, group.id))]
    };
    of_groups(&kinto, &page, found).await
}

/// The members of each group.
async fn find_entitlement_associations(
    (kinto, page): (Kinto, PageRequest),
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let found = |bucket: &str, group: Group| {
        let accounts = group.members.iter().filter_map(|member| member.strip_prefix("account:"));
        let row = |account: &str| {
            let row = FoundEntitlementAssociation::new(account, group.id.as_str(), bucket);
            (format!("{}/{account}", group.id), row)
        };
        accounts.map(row).collect()
    };
    of_groups(&kinto, &page, found).await
}

/// A page of rows that groups bring, each with a key that is unique in its bucket.
async fn of_groups<T>(
    kinto: &Kinto,
    page: &PageRequest,
    rows: impl Fn(&str, Group) -> Vec<(String, T)>,
) -> Result<Reply<Vec<T>>> {
    page.listing(SIZES)?
        .expand(async |at| {
            let buckets = kinto.page::<Object>(kinto.0.get("buckets"), at, 10).await?;
            let mut expanded = Vec::new();
            for bucket in buckets.rows {
                let groups = kinto.groups(&bucket.id).await?;
                let mut found: Vec<_> =
                    groups.into_iter().flat_map(|group| rows(&bucket.id, group)).collect();
                found.sort_by(|one, other| one.0.cmp(&other.0));
                expanded.push(Expanded::new(bucket.id, found));
            }
            Ok(Batch::new(expanded, buckets.next))
        })
        .await
}

async fn assign_entitlement(kinto: Kinto, request: AssignEntitlement) -> Result<Reply<AssignedEntitlement>> {
    let change = Change {
        bucket: &request.resource_integration_specific_id,
        group: &request.entitlement_integration_specific_id,
        account: &request.account_integration_specific_id,
    };
    let changed = kinto.set_member(&change, true).await?;
    Reply::new(AssignedEntitlement::assigned()).did(Effect::updated_unless(!changed), &request, true)
}

async fn unassign_entitlement(
    kinto: Kinto,
    request: UnassignEntitlement,
) -> Result<Reply<UnassignedEntitlement>> {
    let change = Change {
        bucket: &request.resource_integration_specific_id,
        group: &request.entitlement_integration_specific_id,
        account: &request.account_integration_specific_id,
    };
    let changed = kinto.set_member(&change, false).await?;
    Reply::new(UnassignedEntitlement::unassigned()).did(Effect::updated_unless(!changed), &request, true)
}

async fn delete_account(kinto: Kinto, request: DeleteAccount) -> Result<Reply<DeletedAccount>> {
    kinto.0.delete(["accounts", &request.account_id]).expect_status([200]).await?;
    if kinto.account(&request.account_id).await?.is_some() {
        return Err(ConnectorError::conflict("Kinto accepted the deletion, and the account is still there"));
    }
    Reply::new(DeletedAccount::deleted()).did(Effect::deleted(), &request, true)
}

/// The connector.
pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("kinto", "1.0.0")
        .about("Kinto", [AppCategory::Developers])
        .auth::<BasicCredential>()
        .settings::<KintoSettings>()
        .resource_types([ResourceType::new(BUCKET, "Bucket")])
        .entitlement_types([EntitlementType::new(GROUP, "Group", BUCKET)])
        .on_error(http_status)
        .capability(capability::ValidateCredentials, validate_credentials)
        .capability(capability::ListAccounts, list_accounts)
        .capability(capability::GetAccount, get_account)
        .capability(capability::ListResources, list_resources)
        .capability(capability::ListEntitlements, list_entitlements)
        .capability(capability::FindEntitlementAssociations, find_entitlement_associations)
        .capability(capability::AssignEntitlement, assign_entitlement)
        .capability(capability::UnassignEntitlement, unassign_entitlement)
        .capability(capability::DeleteAccount, delete_account)
        .build()
}
