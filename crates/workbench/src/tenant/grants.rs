//! Grants seen from one side: the entitlements of an account, or the accounts of an entitlement.

use maud::{Markup, html};
use rusqlite::{Connection, Row};
use serde::Deserialize;

use crate::page::PageError;

/// Grants that are shown at a time.
const SHOWN: usize = 200;

/// Where a list goes on.
#[derive(Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    pub(super) after: i64,
}

/// One side: whose grants they are, and what is shown of the other side.
pub(super) struct Side {
    /// `account` or `entitlement`, the one whose page it is, and the other one.
    pub(super) of: &'static str,
    pub(super) other: &'static str,
    /// What is read beside the number and the name of the other side.
    pub(super) columns: &'static [&'static str],
    /// What the table is called, and its columns are.
    pub(super) label: &'static str,
    pub(super) heads: &'static [&'static str],
}

/// The other side of a grant.
pub(super) struct Grant<T> {
    n: i64,
    name: String,
    more: T,
}

impl Side {
    /// Grants of an account or an entitlement after a place: one more than are shown, where there are more.
    pub(super) fn read<T>(
        &self,
        connection: &Connection,
        sync: i64,
        n: i64,
        after: i64,
        more: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<Grant<T>>, PageError> {
        let Self { of, other, columns, .. } = self;
        let query = format!(
            "SELECT other.n, other.name, {} FROM grants_{sync} AS given JOIN {other}s_{sync} AS other ON other.n = given.{other}
             WHERE given.{of} = ?1 AND given.{other} > ?2 ORDER BY given.{other} LIMIT {}",
            columns.join(", "),
            SHOWN + 1
        );
        let mut statement = connection.prepare_cached(&query)?;
        let grants = statement.query_map([n, after], |row| {
            Ok(Grant { n: row.get("n")?, name: row.get("name")?, more: more(row)? })
        })?;
        Ok(grants.collect::<rusqlite::Result<_>>()?)
    }

    /// The table: a name that leads to its page, the cells after it, and the way to the next ones.
    pub(super) fn draw<T>(
        &self,
        href: &str,
        n: i64,
        grants: &[Grant<T>],
        cells: impl Fn(&T) -> Vec<Markup>,
    ) -> Markup {
        html! {
            div.scroll role="region" aria-label=(self.label) tabindex="0" {
                table {
                    thead { tr { @for head in self.heads { th { (head) } } } }
                    tbody {
                        @for grant in grants.iter().take(SHOWN) {
                            tr {
                                td { a data-row="" href={ (href) "/" (self.other) "s/" (grant.n) } { (grant.name) } }
                                @for cell in cells(&grant.more) { td { (cell) } }
                            }
                        }
                    }
                }
            }
            @if grants.len() > SHOWN {
                nav.pager aria-label="Pages" {
                    a rel="next" href={ (href) "/" (self.of) "s/" (n) "?after=" (grants[SHOWN - 1].n) } { "Next " (SHOWN) " →" }
                }
            }
        }
    }
}

/// How many grants a page has.
pub(super) fn shown<T>(grants: &[Grant<T>]) -> u64 {
    grants.len().min(SHOWN) as u64
}
