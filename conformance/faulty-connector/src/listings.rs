//! The listings, and the faults that an SDK lets one make.

use lumos_connector::prelude::*;

use crate::fault::{Fault, is, times_before};
use crate::tenant::{
    ACCOUNTS, ATTRIBUTE, Member, Store, account, association, entitlement, entitlement_id, resource,
};
use crate::{Login, LoginAndSettings};

/// How many rows a page has when nothing is said.
const PAGE: usize = 10;

/// How many rows a page has at the most.
const MOST: usize = 20;

pub(crate) async fn validate(
    (login, _): LoginAndSettings,
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    if login.password.expose().starts_with("canary-") && !is("any-credentials-taken") {
        return Err(ConnectorError::authentication("the app does not know this login"));
    }
    let valid = !is("credentials-not-valid");
    Ok(ValidatedCredentials { valid, ..ValidatedCredentials::valid("faulty-tenant") })
}

pub(crate) async fn resources(
    (page, _): (PageRequest, Login),
    _: ListResources,
) -> Result<Reply<Vec<FoundResourceData>>> {
    let mut rows: Vec<_> = (0..2).map(resource).collect();
    if is("undeclared-resource-type") {
        rows.push(FoundResourceData { resource_type: "ISLAND".to_owned(), ..resource(7) });
    }
    healthy("resources", &page, rows)
}

pub(crate) async fn entitlements(
    (page, _): (PageRequest, Login),
    _: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    let mut rows: Vec<_> = (0..3).map(entitlement).collect();
    let mut add = |id: &str| {
        rows.push(FoundEntitlementData { integration_specific_id: id.to_owned(), ..entitlement(7) });
    };
    if is("unnamed-entitlement") {
        add("");
    } else if is("id-padded") {
        add(" role-7 ");
    } else if is("duplicate-entitlement") {
        add("role-2");
    } else if is("undeclared-entitlement-type") {
        rows.push(FoundEntitlementData { entitlement_type: "BADGE".to_owned(), ..entitlement(7) });
    }
    healthy("entitlements", &page, rows)
}

pub(crate) async fn attributes(
    _: Login,
    _: ListCustomAttributesSchema,
) -> Result<Vec<CustomAttributeSchema>> {
    Ok(vec![CustomAttributeSchema {
        customized_type: CustomAttributeCustomizedType::Account,
        name: ATTRIBUTE.to_owned(),
        attribute_type: CustomAttributeType::String,
        description: None,
    }])
}

fn all_associations() -> Vec<FoundEntitlementAssociation> {
    let members = Store::read().members();
    let mut rows: Vec<_> = members.iter().flat_map(of_member).collect();
    match Fault::chosen() {
        Fault::DanglingAccounts => rows.push(association("acct-0047", "role-0")),
        Fault::DanglingEntitlements => rows.push(association("acct-0000", "role-99")),
        _ => {}
    }
    rows
}

fn of_member(member: &Member) -> Vec<FoundEntitlementAssociation> {
    let id = &member.account.integration_specific_id;
    member.entitlements.iter().map(|entitlement| association(id, entitlement)).collect()
}

pub(crate) async fn associations(
    (page, _): (PageRequest, Login),
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    healthy("associations", &page, all_associations())
}

pub(crate) async fn associations_of_account(
    (page, _): (PageRequest, Login),
    request: GetAccountEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let mut rows = all_associations();
    rows.retain(|row| row.account_id == request.account_id);
    if is("account-association-lost") && request.account_id == "acct-0000" {
        rows.pop();
    }
    healthy("associations-of-account", &page, rows)
}

pub(crate) async fn last_activity(_: Login, request: GetLastActivity) -> Result<Vec<LastActivityData>> {
    if is("activity-fails") {
        return Err(ConnectorError::of(ErrorClass::Internal));
    }
    let time = if is("time-of-the-country") { "05/06/2024 7:08 pm" } else { "2024-05-06T07:08:09Z" };
    let activity = |id: String| LastActivityData {
        account_id: id,
        event_type: "last_login".to_owned(),
        happened_at: time.to_owned(),
    };
    Ok(request.account_ids.into_iter().map(activity).collect())
}

pub(crate) async fn get_account(_: Login, request: GetAccount) -> Result<FoundAccountData> {
    let Some(member) = Store::read().find(&request.account_id) else {
        if is("unknown-id-fails") {
            return Err(ConnectorError::of(ErrorClass::Internal));
        }
        return Err(ConnectorError::not_found("there is no such account"));
    };
    let mut account = shown(member.account, request.custom_attributes.as_deref());
    if is("other-account") && account.integration_specific_id == "acct-0000" {
        account = shown(crate::tenant::account(1), None);
    }
    Ok(account)
}

/// An account with the attributes that are asked for.
fn shown(mut account: FoundAccountData, attributes: Option<&[String]>) -> FoundAccountData {
    if attributes.is_some_and(|names| names.iter().any(|name| name == ATTRIBUTE)) && !is("attribute-missing")
    {
        account.custom_attributes = Some([(ATTRIBUTE.to_owned(), "sales".to_owned())].into_iter().collect());
    }
    account
}

pub(crate) async fn accounts(
    (page, _): (PageRequest, Login),
    request: ListAccounts,
) -> Result<Reply<Vec<FoundAccountData>>> {
    let fault = Fault::chosen();
    let attributes = request.custom_attributes.as_deref();
    let members = Store::read().members();
    let mut rows: Vec<_> = members.into_iter().map(|member| shown(member.account, attributes)).collect();
    sizes(page.size)?;
    let number = position("accounts", &page)?;
    used_up(&page)?;
    let size = size(&page);
    match fault {
        Fault::Shrunk => rows.truncate(ACCOUNTS / 2),
        Fault::EmptyId => rows[3].integration_specific_id = String::new(),
        Fault::Growing => {
            for row in 0..number {
                rows.insert(0, account(ACCOUNTS + row));
            }
        }
        Fault::Unstable if times_before() >= 4 => {
            rows.pop();
        }
        Fault::Refused => return Err(ConnectorError::authorization("the app refuses this listing")),
        Fault::Throttled => {
            return Err(
                ConnectorError::rate_limit("the app asks to wait").with_retry_after_seconds(24 * 60 * 60)
            );
        }
        Fault::ErrorStays if number == 2 => return Err(unavailable()),
        Fault::ErrorPasses if number == 2 && times_before() < 2 => return Err(unavailable()),
        _ => {}
    }
    if is("page-fails") && number == 2 {
        return Err(ConnectorError::of(ErrorClass::Internal));
    }
    if is("row-on-two-pages") {
        rows.push(rows[3].clone());
    }
    if is("email-without-domain") {
        rows[5].email = Some("nobody".to_owned());
    }
    if page.token.as_deref() == Some("") || number == EMPTY {
        let next = (number == EMPTY).then(|| "accounts:2".to_owned());
        return Ok(Reply::new(Vec::new()).page(lumos_connector::payload::Page { token: next, size: None }));
    }
    let shown = if fault == Fault::ShuffledPages && number == 1 { 2 } else { number };
    let mut reply = rows_of(&rows, shown, size);
    let mut next = next_token("accounts", number, rows.len(), size);
    match fault {
        Fault::LostPage if number == 1 => reply.clear(),
        Fault::DuplicateRow if number == 1 => reply.push(account(12)),
        Fault::OverlappingPages if number == 2 => reply.push(account(19)),
        Fault::RepeatedToken if number == 2 => next = Some("accounts:1".to_owned()),
        Fault::SameToken if number == 2 => next = Some("accounts:2".to_owned()),
        Fault::OtherToken if number == 2 => next = Some("associations:3".to_owned()),
        Fault::Circle => next = Some(format!("accounts:{}:{}", (number + 1) % 4, times_before())),
        Fault::EmptyPages => {
            reply.clear();
            next = Some(format!("accounts:{}", number + 1));
        }
        _ => {}
    }
    if is("row-lost-at-small-sizes") && page.size.is_some_and(|size| size > 2) && number == 1 {
        reply.pop();
    }
    if is("empty-last-token") && next.is_none() {
        next = Some(String::new());
    }
    if is("empty-page") && number == 1 {
        next = Some(format!("accounts:{EMPTY}"));
    }
    Ok(Reply::new(reply).page(lumos_connector::payload::Page { token: next, size: None }))
}

/// The number of the page that has no rows.
const EMPTY: usize = 1_000_000;

/// Sizes that a fault refuses.
fn sizes(size: Option<i64>) -> Result<()> {
    let refused = is("size-one-refused") && size == Some(1) || is("large-size-refused") && size > Some(100);
    if refused {
        return Err(ConnectorError::of(ErrorClass::Client));
    }
    if is("size-zero-fails") && size == Some(0) {
        return Err(ConnectorError::of(ErrorClass::Internal));
    }
    Ok(())
}

/// A token that can be used once in a row only.
fn used_up(page: &PageRequest) -> Result<()> {
    if !is("token-used-up") {
        return Ok(());
    }
    let Some(path) = std::env::var_os("FAULT_STATE") else { return Ok(()) };
    let token = page.token.clone().unwrap_or_default();
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    // Without the file every token is new.
    let _ = std::fs::write(path, &token);
    if !token.is_empty() && token == before {
        return Err(ConnectorError::not_found("the page is gone"));
    }
    Ok(())
}

fn unavailable() -> ConnectorError {
    ConnectorError::transient("the app is not available")
}

fn healthy<T: Clone>(listing: &str, page: &PageRequest, rows: Vec<T>) -> Result<Reply<Vec<T>>>
where
    Reply<Vec<T>>: Sized,
{
    let number = position(listing, page)?;
    let size = size(page);
    let token = next_token(listing, number, rows.len(), size);
    Ok(Reply::new(rows_of(&rows, number, size)).page(lumos_connector::payload::Page { token, size: None }))
}

fn size(page: &PageRequest) -> usize {
    if is("size-ignored") && page.size.is_some_and(|size| size < 5) {
        return PAGE;
    }
    let asked = page.size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    asked.map_or(PAGE, |size| size.min(MOST))
}

fn rows_of<T: Clone>(rows: &[T], page: usize, size: usize) -> Vec<T> {
    rows.iter().skip(page.saturating_mul(size)).take(size).cloned().collect()
}

fn next_token(listing: &str, page: usize, rows: usize, size: usize) -> Option<String> {
    (page.saturating_add(1).saturating_mul(size) < rows).then(|| format!("{listing}:{}", page + 1))
}

/// The number of the page that is asked for. A token of another listing is refused.
fn position(listing: &str, page: &PageRequest) -> Result<usize> {
    let Some(token) = &page.token else { return Ok(0) };
    if token.is_empty() && is("empty-last-token") {
        return Ok(0);
    }
    let mut parts = token.split(':');
    let own = parts.next() == Some(listing) || is("foreign-token-taken") && token.contains(':');
    let number = parts.next().and_then(|number| number.parse().ok());
    if let (true, Some(number)) = (own, number) {
        return Ok(number);
    }
    if is("mangled-token-fails") && !token.contains(':') {
        return Err(ConnectorError::of(ErrorClass::Internal));
    }
    Err(ConnectorError::invalid_page_token("the page token is not one of this listing"))
}

/// The id of an entitlement of the tenant.
pub(crate) fn is_entitlement(id: &str) -> bool {
    (0..3).any(|number| entitlement_id(number) == id)
}
