//! Recorded calls that the contract names as evidence.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use regex::Regex;
use serde::Deserialize;

use super::{lines, pattern};

const CASES: &str = "conformance/golden/cases/public";

static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"`(([a-z_]+)/[\w.-]+)`"));

#[derive(Deserialize)]
struct Case {
    id: String,
}

/// The names of all recorded calls.
pub(super) fn names(root: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(root.join(CASES)).with_context(|| format!("reading {CASES}"))? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        for line in text.lines().filter(|line| !line.is_empty()) {
            let case: Case = serde_json::from_str(line).with_context(|| format!("in {}", path.display()))?;
            names.insert(case.id);
        }
    }
    Ok(names)
}

/// Names in an area of recordings that none of them has.
pub(super) fn problems(text: &str, names: &BTreeSet<String>) -> Vec<(usize, String)> {
    let areas: BTreeSet<&str> = names.iter().filter_map(|name| Some(name.split_once('/')?.0)).collect();
    lines(text)
        .flat_map(|(line, text)| NAME.captures_iter(text).map(move |name| (line, name)))
        .filter(|(_, name)| areas.contains(&name[2]) && !names.contains(&name[1]))
        .map(|(line, name)| (line, format!("no recorded call is called {}", &name[1])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_an_area_must_be_recorded() {
        let names = BTreeSet::from(["auth/both".to_owned()]);
        let problems = problems("`auth/both` `docs/a.md`\n`auth/none`", &names);
        assert_eq!(problems, [(2, "no recorded call is called auth/none".to_owned())]);
    }
}
