//! What pictures show, counted once while the index is made, in a few passes over who holds what.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::build::Build;
use super::query;
use super::table::{ACCOUNTS, ColumnKind, ENTITLEMENTS, RESOURCES};

/// Entitlements of the matrix: a row of it is one number of 64 bits.
const COLUMNS: usize = 60;
/// Rows of the matrix.
const ROWS: usize = 80;
/// Boxes of a layer; what is left is one box more.
const BOXES: usize = 14;

/// The label of an entitlement with its resource: several resources may have an entitlement of the same name.
pub(crate) const FULL_NAME: &str = "name || CASE WHEN resource_key = '' THEN '' ELSE ' · ' || resource END";

/// Which accounts hold which of the most held entitlements. Accounts that hold the same ones are one row.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Matrix {
    /// Number and label of each entitlement, the most held first.
    pub(crate) entitlements: Vec<(i64, String)>,
    /// The most frequent combinations.
    pub(crate) profiles: Vec<Profile>,
    /// How many combinations there are in all.
    pub(crate) all_profiles: u64,
    /// How many accounts have none of the entitlements.
    pub(crate) without: u64,
}

/// Accounts that hold the same entitlements.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// A bit for each entitlement.
    pub(crate) bits: u64,
    pub(crate) accounts: u64,
    /// Number and name of one of them.
    pub(crate) example: (i64, String),
}

/// Boxes in layers, and how much goes from box to box.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Layers {
    pub(crate) layers: Vec<Layer>,
    /// For each gap between two layers: from, to, weight.
    pub(crate) flows: Vec<Vec<(usize, usize, u64)>>,
}

/// What stands side by side.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Layer {
    pub(crate) title: String,
    pub(crate) boxes: Vec<String>,
}

/// Events by day, the days as `YYYY-MM-DD`.
pub(crate) type Days = Vec<(String, u64)>;

/// How many accounts hold so many entitlements: least, most, accounts.
pub(crate) type Histogram = Vec<(u64, u64, u64)>;

/// What was counted under a name.
pub(crate) fn read<T: DeserializeOwned + Default>(
    connection: &Connection,
    sync: i64,
    name: &str,
) -> rusqlite::Result<T> {
    let text: Option<String> = connection
        .prepare_cached("SELECT data FROM counts WHERE sync = ?1 AND name = ?2")?
        .query_row(params![sync, name], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

pub(super) fn count(build: &Build<'_>) -> rusqlite::Result<()> {
    for table in [&ACCOUNTS, &ENTITLEMENTS, &RESOURCES] {
        for column in table.columns.iter().filter(|column| column.kind == ColumnKind::Choice) {
            let choices = query::choices(build.connection, table, build.sync, column)?;
            keep(build, &format!("choices {} {}", table.name, column.name), &choices)?;
        }
    }
    keep(build, "histogram", &histogram(build)?)?;
    let (matrix, layers) = holdings(build)?;
    keep(build, "matrix", &matrix)?;
    keep(build, "layers", &layers)?;
    keep(build, "last_activity", &days(build, "last_activity")?)?;
    keep(build, "activity_records", &days(build, "activity_records")?)?;
    keep(build, "access_graph", &access_graph(build)?)
}

fn keep<T: Serialize>(build: &Build<'_>, name: &str, value: &T) -> rusqlite::Result<()> {
    let text = serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    build
        .connection
        .execute("INSERT OR REPLACE INTO counts VALUES (?1, ?2, ?3)", params![build.sync, name, text])?;
    Ok(())
}

/// In steps that grow: 0, 1, 2, 3–4, 5–8 and so on.
fn histogram(build: &Build<'_>) -> rusqlite::Result<Histogram> {
    let mut buckets: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    let query = format!("SELECT grants, count(*) FROM accounts_{} GROUP BY grants", build.sync);
    let mut statement = build.connection.prepare(&query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (grants, accounts) = (unsigned(row.get(0)?), unsigned(row.get(1)?));
        let most = if grants == 0 { 0 } else { grants.next_power_of_two() };
        let least = if most <= 2 { most } else { most / 2 + 1 };
        buckets.entry(least).or_insert((most, 0)).1 += accounts;
    }
    Ok(buckets.into_iter().map(|(least, (most, accounts))| (least, most, accounts)).collect())
}

/// One pass over all grants, in the order of accounts: the matrix, and the layers of access.
fn holdings(build: &Build<'_>) -> rusqlite::Result<(Matrix, Layers)> {
    let (connection, sync) = (build.connection, build.sync);
    let top: Vec<(i64, String)> = connection
        .prepare(&format!("SELECT n, {FULL_NAME} FROM entitlements_{sync} WHERE holders > 0 ORDER BY holders DESC, n LIMIT {COLUMNS}"))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let bit: HashMap<i64, u64> = top.iter().zip(0..).map(|((n, _), place)| (*n, 1 << place)).collect();
    let mut groups = Groups::new();
    let group_of = groups.read(connection, sync)?;
    let mut profiles: HashMap<u64, (u64, i64)> = HashMap::new();
    let mut weights: HashMap<(u16, i64), u64> = HashMap::new();
    let mut statement =
        connection.prepare(&format!("SELECT account, entitlement FROM grants_{sync} ORDER BY account"))?;
    let mut rows = statement.query([])?;
    let mut current: Option<(i64, u64)> = None;
    while let Some(row) = rows.next()? {
        let (account, entitlement): (i64, i64) = (row.get(0)?, row.get(1)?);
        let group =
            usize::try_from(account).ok().and_then(|place| group_of.get(place)).copied().unwrap_or_default();
        *weights.entry((group, entitlement)).or_default() += 1;
        let bits = bit.get(&entitlement).copied().unwrap_or_default();
        match &mut current {
            Some((known, all)) if *known == account => *all |= bits,
            _ => {
                if let Some((account, bits)) = current.replace((account, bits)) {
                    profiles.entry(bits).or_insert((0, account)).0 += 1;
                }
            }
        }
    }
    if let Some((account, bits)) = current {
        profiles.entry(bits).or_insert((0, account)).0 += 1;
    }
    let accounts = build.number(&format!("SELECT count(*) FROM accounts_{sync}"))?;
    let matrix = matrix(build, top, profiles, accounts)?;
    let layers = layers(build, &groups.names, &weights)?;
    Ok((matrix, layers))
}

fn matrix(
    build: &Build<'_>,
    entitlements: Vec<(i64, String)>,
    mut profiles: HashMap<u64, (u64, i64)>,
    accounts: u64,
) -> rusqlite::Result<Matrix> {
    profiles.remove(&0);
    let with: u64 = profiles.values().map(|(number, _)| number).sum();
    let all_profiles = profiles.len() as u64;
    let mut sorted: Vec<(u64, (u64, i64))> = profiles.into_iter().collect();
    sorted.sort_unstable_by_key(|(bits, (number, _))| (std::cmp::Reverse(*number), *bits));
    let mut name =
        build.connection.prepare(&format!("SELECT name FROM accounts_{} WHERE n = ?1", build.sync))?;
    let mut named = Vec::new();
    for (bits, (number, example)) in sorted.into_iter().take(ROWS) {
        let example = (example, name.query_row([example], |row| row.get(0))?);
        named.push(Profile { bits, accounts: number, example });
    }
    Ok(Matrix { entitlements, profiles: named, all_profiles, without: accounts.saturating_sub(with) })
}

/// Accounts by type and status: the first layer.
struct Groups {
    names: Vec<String>,
}

impl Groups {
    fn new() -> Self {
        Self { names: vec!["other accounts".to_owned()] }
    }

    /// The group of each account, by its number.
    fn read(&mut self, connection: &Connection, sync: i64) -> rusqlite::Result<Vec<u16>> {
        let mut known: HashMap<(String, String), u16> = HashMap::new();
        let mut statement =
            connection.prepare(&format!("SELECT n, type, status FROM accounts_{sync} ORDER BY n"))?;
        let mut rows = statement.query([])?;
        let mut groups = vec![0];
        while let Some(row) = rows.next()? {
            let key: (String, String) = (row.get(1)?, row.get(2)?);
            let group = match known.get(&key) {
                Some(group) => *group,
                // Few at the most: the contract has two types and six statuses.
                None if self.names.len() > 1000 => 0,
                None => {
                    let name = match (key.0.as_str(), key.1.as_str()) {
                        ("", "") => "accounts".to_owned(),
                        ("", status) => status.to_lowercase(),
                        (kind, "") => kind.to_owned(),
                        (kind, status) => format!("{kind}, {}", status.to_lowercase()),
                    };
                    self.names.push(name);
                    let group = u16::try_from(self.names.len() - 1).unwrap_or_default();
                    known.insert(key, group);
                    group
                }
            };
            groups.push(group);
        }
        Ok(groups)
    }
}

/// Accounts by kind, entitlements, resources: the most used of each, the others as one.
fn layers(
    build: &Build<'_>,
    groups: &[String],
    weights: &HashMap<(u16, i64), u64>,
) -> rusqlite::Result<Layers> {
    let mut of_entitlement: HashMap<i64, u64> = HashMap::new();
    for ((_, entitlement), weight) in weights {
        *of_entitlement.entry(*entitlement).or_default() += weight;
    }
    let mut about = build.connection.prepare(&format!(
        "SELECT {FULL_NAME}, CASE WHEN resource_key = '' THEN 'the app as a whole' ELSE resource END FROM entitlements_{} WHERE n = ?1",
        build.sync
    ))?;
    let mut of_resource: HashMap<String, u64> = HashMap::new();
    let mut named: HashMap<i64, (String, String)> = HashMap::new();
    for (entitlement, weight) in &of_entitlement {
        let (name, resource): (String, String) =
            about.query_row([entitlement], |row| Ok((row.get(0)?, row.get(1)?)))?;
        *of_resource.entry(resource.clone()).or_default() += weight;
        named.insert(*entitlement, (name, resource));
    }
    let mut of_group: HashMap<u16, u64> = HashMap::new();
    for ((group, _), weight) in weights {
        *of_group.entry(*group).or_default() += weight;
    }
    let groups_shown = Shown::of(of_group);
    let entitlements_shown = Shown::of(of_entitlement);
    let resources_shown = Shown::of(of_resource);
    let mut first: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    let mut second: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for ((group, entitlement), weight) in weights {
        let Some((_, resource)) = named.get(entitlement) else { continue };
        let place = entitlements_shown.place(entitlement);
        *first.entry((groups_shown.place(group), place)).or_default() += weight;
        *second.entry((place, resources_shown.place(resource))).or_default() += weight;
    }
    let flows = [first, second]
        .map(|flows| flows.into_iter().map(|((from, to), weight)| (from, to, weight)).collect());
    Ok(Layers {
        layers: vec![
            groups_shown
                .layer("Accounts", |group| groups.get(usize::from(*group)).cloned().unwrap_or_default()),
            entitlements_shown
                .layer("Entitlements", |n| named.get(n).map(|it| it.0.clone()).unwrap_or_default()),
            resources_shown.layer("Resources", Clone::clone),
        ],
        flows: flows.into(),
    })
}

/// The heaviest keys of a layer, and how many others there are.
struct Shown<K> {
    keys: Vec<K>,
    places: HashMap<K, usize>,
    others: usize,
}

impl<K: Clone + Eq + Ord + std::hash::Hash> Shown<K> {
    fn of(weights: HashMap<K, u64>) -> Self {
        let all = weights.len();
        let mut sorted: Vec<(K, u64)> = weights.into_iter().collect();
        sorted.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let keys: Vec<K> = sorted.into_iter().take(BOXES).map(|(key, _)| key).collect();
        let places = keys.iter().cloned().zip(0..).collect();
        Self { others: all - keys.len(), keys, places }
    }

    fn place(&self, key: &K) -> usize {
        self.places.get(key).copied().unwrap_or(self.keys.len())
    }

    fn layer(&self, title: &str, name: impl Fn(&K) -> String) -> Layer {
        let mut boxes: Vec<String> = self.keys.iter().map(name).collect();
        if self.others > 0 {
            boxes.push(format!("{} others", self.others));
        }
        Layer { title: title.to_owned(), boxes }
    }
}

/// How many events a listing has on each day.
fn days(build: &Build<'_>, label: &str) -> rusqlite::Result<Days> {
    let Some(rows) = build.rows_of(label) else { return Ok(Days::new()) };
    build
        .connection
        .prepare(&format!(
            "SELECT substr(data ->> '$.happened_at', 1, 10) AS day, count(*) FROM store.{rows}
             WHERE key IS NOT NULL AND day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' GROUP BY day ORDER BY day"
        ))?
        .query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?
        .collect()
}

/// The access graph that a connector lists itself: types of resources, entitlements, and what they are on.
fn access_graph(build: &Build<'_>) -> rusqlite::Result<Layers> {
    let (Some(assignments), Some(entitlements)) =
        (build.rows_of("entitlement_assignments"), build.rows_of("entitlement_graph"))
    else {
        return Ok(Layers::default());
    };
    let resources = build.rows_of("resource_graph");
    let types = match &resources {
        Some(rows) => format!(
            "SELECT data ->> '$.id' AS id, min(data ->> '$.resource_type') AS type FROM store.{rows}
                               WHERE data ->> '$.resource_type' IS NOT NULL GROUP BY 1"
        ),
        None => "SELECT '' AS id, '' AS type WHERE false".to_owned(),
    };
    build.connection.execute_batch(&format!(
        "CREATE TEMP TABLE kinds AS {types};
         CREATE INDEX temp.kinds_id ON kinds (id);
         CREATE TEMP TABLE nodes AS SELECT data ->> '$.id' AS id, data ->> '$.resource_id' AS resource,
                min(coalesce(data ->> '$.label', data ->> '$.id')) AS label
            FROM store.{entitlements} WHERE data ->> '$.entitlement_type' IS NOT NULL GROUP BY 1, 2;
         CREATE INDEX temp.nodes_id ON nodes (id, resource);"
    ))?;
    let mut flows: HashMap<(String, String, String), u64> = HashMap::new();
    {
        let mut statement = build.connection.prepare(&format!(
            "SELECT coalesce(holder.type, 'unknown'), coalesce(node.label, row.data ->> '$.entitlement_id'),
                    coalesce(target.type, 'the app as a whole'), count(*)
             FROM store.{assignments} AS row
             LEFT JOIN kinds AS holder ON holder.id = row.data ->> '$.resource_id'
             LEFT JOIN nodes AS node ON node.id = row.data ->> '$.entitlement_id'
                AND node.resource = row.data ->> '$.entitlement_resource_id'
             LEFT JOIN kinds AS target ON target.id = row.data ->> '$.entitlement_resource_id'
             WHERE row.key IS NOT NULL GROUP BY 1, 2, 3"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = |place| row.get::<_, Option<String>>(place).map(Option::unwrap_or_default);
            *flows.entry((text(0)?, text(1)?, text(2)?)).or_default() += unsigned(row.get(3)?);
        }
    }
    build.connection.execute_batch("DROP TABLE kinds; DROP TABLE nodes;")?;
    let mut weights: [HashMap<String, u64>; 3] = Default::default();
    for ((from, through, to), weight) in &flows {
        for (layer, name) in weights.iter_mut().zip([from, through, to]) {
            *layer.entry(name.clone()).or_default() += weight;
        }
    }
    let shown = weights.map(Shown::of);
    let mut gaps: [BTreeMap<(usize, usize), u64>; 2] = Default::default();
    for ((from, through, to), weight) in &flows {
        let places = [shown[0].place(from), shown[1].place(through), shown[2].place(to)];
        *gaps[0].entry((places[0], places[1])).or_default() += weight;
        *gaps[1].entry((places[1], places[2])).or_default() += weight;
    }
    let titles = ["Held by", "Entitlements", "On"];
    Ok(Layers {
        layers: shown.iter().zip(titles).map(|(shown, title)| shown.layer(title, Clone::clone)).collect(),
        flows: gaps
            .map(|gap| gap.into_iter().map(|((from, to), weight)| (from, to, weight)).collect())
            .into(),
    })
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
