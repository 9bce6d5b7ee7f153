//! Links of Markdown files, and paths of this repository in any text.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::anchors::Anchors;
use super::{lines, pattern};

static LINK: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:\]\(|^\[[^\]]+\]: )([^)\s]+)"));

/// A path as comments write it: in backticks, from the root of the repository, to a file or folder.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"`((?:docs|conformance|crates|connectors|xtask|e2e|deploy)/[\w./-]*)(?:#([\w-]+))?`")
});

/// The contract is cited by its file name alone, too.
static CONTRACT_ANCHOR: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bcontract\.md#([\w-]+)"));

type AllAnchors<'a> = BTreeMap<&'a str, Anchors>;

/// Relative links of a Markdown file that lead nowhere.
pub(super) fn relative(
    root: &Path,
    path: &str,
    text: &str,
    anchors: &AllAnchors<'_>,
) -> Vec<(usize, String)> {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut problems = Vec::new();
    for (number, line) in lines(text) {
        for link in LINK.captures_iter(line) {
            let link = &link[1];
            if link.contains("://")
                || link.starts_with("mailto:")
                || link.contains("::")
                || link.contains('{')
            {
                continue;
            }
            let (file, anchor) =
                link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { PathBuf::from(path) } else { normal(&folder.join(file)) };
            problems.extend(missing(root, &target, anchor, anchors).map(|what| (number, what)));
            if path.starts_with("docs/") && !target.starts_with("docs") {
                problems.push((
                    number,
                    format!("{link} leads out of the book, which has the pages of docs alone"),
                ));
            }
        }
    }
    problems
}

/// Paths of this repository that lead nowhere.
pub(super) fn paths(root: &Path, text: &str, anchors: &AllAnchors<'_>) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    for (number, line) in lines(text) {
        for path in PATH.captures_iter(line) {
            let anchor = path.get(2).map(|anchor| anchor.as_str());
            problems.extend(missing(root, Path::new(&path[1]), anchor, anchors).map(|what| (number, what)));
        }
        for anchor in CONTRACT_ANCHOR.captures_iter(line) {
            let contract = Path::new(super::CONTRACT);
            problems.extend(missing(root, contract, Some(&anchor[1]), anchors).map(|what| (number, what)));
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// Why a target is not there.
fn missing(root: &Path, target: &Path, anchor: Option<&str>, anchors: &AllAnchors<'_>) -> Option<String> {
    let name = target.to_str().unwrap_or_default().trim_end_matches('/');
    if !root.join(name).exists() {
        return Some(format!("{name} does not exist"));
    }
    let anchor = anchor?;
    match anchors.get(name) {
        Some(anchors) if anchors.has(anchor) => None,
        _ => Some(format!("{name} has no anchor #{anchor}")),
    }
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(files: &[(&str, &str)]) -> anyhow::Result<tempfile::TempDir> {
        let folder = tempfile::tempdir()?;
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
            std::fs::write(path, text)?;
        }
        Ok(folder)
    }

    #[test]
    fn links_lead_to_files_and_headings() -> anyhow::Result<()> {
        let other = "# Here\n";
        let folder = here(&[("docs/guide/a.md", ""), ("docs/b.md", other), ("src/c.rs", "")])?;
        let anchors =
            AllAnchors::from([("docs/b.md", Anchors::of(other)), ("docs/guide/a.md", Anchors::of(""))]);
        let text = "[](../b.md) [](../b.md#here) [](https://c.test)\n[](b.md)\n[](../b.md#there)\n[](#own)\n[c]: c.md\n[](../../src/c.rs)\n";
        let problems = relative(folder.path(), "docs/guide/a.md", text, &anchors);
        assert_eq!(
            problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [2, 3, 4, 5, 6],
            "{problems:?}"
        );
        Ok(())
    }

    #[test]
    fn paths_in_comments_lead_to_files() -> anyhow::Result<()> {
        let contract = "<a id=\"s4-settings\"></a>\n";
        let folder = here(&[("docs/contract.md", contract)])?;
        let anchors = AllAnchors::from([("docs/contract.md", Anchors::of(contract))]);
        let text =
            "// `docs/contract.md#s4-settings`, `docs/`\n// `docs/wire.md`\n// contract.md#s5-settings\n";
        let problems = paths(folder.path(), text, &anchors);
        assert_eq!(problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3], "{problems:?}");
        Ok(())
    }
}
