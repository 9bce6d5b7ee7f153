//! Resources by type, with the entitlements on each. Branches are read when they are opened.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::Html;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{Tenant, resource};
use crate::page::PageError;
use crate::page::text::{counted, grouped};
use crate::server::state::State;

/// Branches that are shown at a time.
const SHOWN: usize = 200;

/// Which branch is asked for; all types when none is.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Branch {
    /// Resources of this type.
    r#type: Option<String>,
    /// Resources after this one.
    after: i64,
    /// The entitlements of this resource; an empty id is the app as a whole.
    resource: Option<String>,
}

pub(crate) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path((store, sync)): Path<(usize, i64)>,
    Query(branch): Query<Branch>,
) -> Result<Html<String>, PageError> {
    let tenant = Tenant::open(state, store, sync).await?;
    let built = match tenant.index("Resources as a tree", "/tree").await? {
        Ok(built) => built,
        Err(page) => return Ok(page),
    };
    let (sync, href) = (tenant.sync.id, tenant.href());
    if let Some(key) = branch.resource {
        let entitlements = tenant.read(move |connection| resource::on(connection, sync, &key)).await?;
        return Ok(Html(leaves(&href, &entitlements).into_string()));
    }
    if let Some(kind) = branch.r#type {
        let asked = kind.clone();
        let rows = tenant.read(move |connection| of_type(connection, sync, &asked, branch.after)).await?;
        return Ok(Html(resources(&href, &kind, &rows).into_string()));
    }
    let (types, app) = tenant
        .read(move |connection| {
            let mut statement = connection.prepare(&format!(
                "SELECT type, count(*) FROM resources_{sync} GROUP BY type ORDER BY 2 DESC, 1"
            ))?;
            let types = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let types: Vec<(String, i64)> = types.collect::<rusqlite::Result<_>>()?;
            let app: i64 = connection.query_row(
                &format!("SELECT count(*) FROM entitlements_{sync} WHERE resource_key = ''"),
                [],
                |row| row.get(0),
            )?;
            Ok((types, app))
        })
        .await?;
    let content = html! {
        p.dim { (counted(built.resources, "resource", "resources")) ", " (counted(built.entitlements, "entitlement", "entitlements")) "." }
        ul.tree {
            @if app > 0 {
                li { (branch_of(&format!("{href}/tree?resource="), &html! { "The app as a whole " span.dim { (counted(app.unsigned_abs(), "entitlement", "entitlements")) } })) }
            }
            @for (kind, number) in &types {
                @let name = if kind.is_empty() { "(no type)" } else { kind.as_str() };
                li { (branch_of(&format!("{href}/tree?type={}", encoded(kind)), &html! { (name) " " span.dim { (counted(number.unsigned_abs(), "resource", "resources")) } })) }
            }
        }
        @if types.is_empty() && app == 0 { p { "Neither resources nor entitlements were read." } }
    };
    Ok(tenant.frame("Resources as a tree", "/tree").page(&content))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A branch that is read when it is opened for the first time.
fn branch_of(href: &str, name: &Markup) -> Markup {
    html! {
        details hx-get=(href) hx-trigger="toggle once" hx-target="find .branch" hx-swap="innerHTML" {
            summary { (name) }
            div.branch { span.dim { "is read …" } }
        }
    }
}

type ResourceRow = (i64, String, String, i64);

fn of_type(
    connection: &rusqlite::Connection,
    sync: i64,
    kind: &str,
    after: i64,
) -> Result<Vec<ResourceRow>, PageError> {
    let query = format!(
        "SELECT n, name, key, entitlements FROM resources_{sync} WHERE type = ?1 AND n > ?2 ORDER BY n LIMIT {}",
        SHOWN + 1
    );
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map(rusqlite::params![kind, after], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn resources(href: &str, kind: &str, rows: &[ResourceRow]) -> Markup {
    html! {
        ul.tree {
            @for (n, name, key, entitlements) in rows.iter().take(SHOWN) {
                li {
                    @if *entitlements > 0 {
                        (branch_of(&format!("{href}/tree?resource={}", encoded(key)), &html! { (name) " " span.dim { (counted(entitlements.unsigned_abs(), "entitlement", "entitlements")) } }))
                    } @else { a href={ (href) "/resources/" (n) } { (name) } }
                }
            }
        }
        @if rows.len() > SHOWN {
            div.branch {
                button type="button" hx-get={ (href) "/tree?type=" (encoded(kind)) "&after=" (rows[SHOWN - 1].0) } hx-target="closest .branch" hx-swap="innerHTML" { "More" }
            }
        }
    }
}

fn leaves(href: &str, entitlements: &[(i64, String, String, u64)]) -> Markup {
    html! {
        @if entitlements.is_empty() { p.dim { "no entitlement" } }
        ul.tree {
            @for (n, name, kind, holders) in entitlements {
                li { a href={ (href) "/entitlements/" (n) } { (name) } " " span.dim { (kind) ", " (grouped(*holders)) " hold it" } }
            }
        }
    }
}
