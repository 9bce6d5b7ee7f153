//! The listings, and the faults that an SDK lets one make.

use lumos_connector::prelude::*;

use crate::fault::{Fault, times_before};
use crate::tenant::{ACCOUNTS, account, association, entitlement};

const PAGE: usize = 10;

pub(crate) async fn validate(_: (), _: ValidateCredentials) -> Result<ValidatedCredentials> {
    Ok(ValidatedCredentials::valid("faulty-tenant"))
}

pub(crate) async fn entitlements(
    page: PageRequest,
    _: ListEntitlements,
) -> Result<Reply<Vec<FoundEntitlementData>>> {
    healthy("entitlements", &page, (0..3).map(entitlement).collect())
}

pub(crate) async fn associations(
    page: PageRequest,
    _: FindEntitlementAssociations,
) -> Result<Reply<Vec<FoundEntitlementAssociation>>> {
    let mut rows: Vec<_> =
        (0..ACCOUNTS).flat_map(|number| [0, 1].map(|it| association(number, (number + it) % 3))).collect();
    match Fault::chosen() {
        Fault::DanglingAccounts => rows.push(association(ACCOUNTS + 7, 0)),
        Fault::DanglingEntitlements => rows.push(association(0, 99)),
        _ => {}
    }
    healthy("associations", &page, rows)
}

pub(crate) async fn accounts(page: PageRequest, _: ListAccounts) -> Result<Reply<Vec<FoundAccountData>>> {
    let fault = Fault::chosen();
    let mut rows: Vec<_> = (0..ACCOUNTS).map(account).collect();
    let number = position("accounts", &page)?;
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
    let mut reply = rows_of(&rows, if fault == Fault::ShuffledPages && number == 1 { 2 } else { number });
    let mut next = next_token("accounts", number, rows.len());
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
    Ok(Reply::new(reply).page(lumos_connector::payload::Page { token: next, size: None }))
}

fn unavailable() -> ConnectorError {
    ConnectorError::transient("the app is not available")
}

fn healthy<T: Clone>(listing: &str, page: &PageRequest, rows: Vec<T>) -> Result<Reply<Vec<T>>>
where
    Reply<Vec<T>>: Sized,
{
    let number = position(listing, page)?;
    let token = next_token(listing, number, rows.len());
    Ok(Reply::new(rows_of(&rows, number)).page(lumos_connector::payload::Page { token, size: None }))
}

fn rows_of<T: Clone>(rows: &[T], page: usize) -> Vec<T> {
    rows.iter().skip(page * PAGE).take(PAGE).cloned().collect()
}

fn next_token(listing: &str, page: usize, rows: usize) -> Option<String> {
    ((page + 1) * PAGE < rows).then(|| format!("{listing}:{}", page + 1))
}

/// The number of the page that is asked for. A token of another listing is refused.
fn position(listing: &str, page: &PageRequest) -> Result<usize> {
    let Some(token) = &page.token else { return Ok(0) };
    let number = token.strip_prefix(listing).and_then(|rest| rest.strip_prefix(':'));
    let number = number.and_then(|rest| rest.split(':').next()?.parse().ok());
    number.ok_or_else(|| ConnectorError::invalid_page_token("the page token is not one of this listing"))
}
