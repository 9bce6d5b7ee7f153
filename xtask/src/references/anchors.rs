//! Anchors of a Markdown file: those of its headings, as GitHub makes them, and those it sets itself.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

static OWN: LazyLock<Regex> = LazyLock::new(|| pattern(r#"<a id="([^"]+)">"#));

/// The anchors of one file.
#[derive(Debug)]
pub(super) struct Anchors(BTreeSet<String>);

impl Anchors {
    pub(super) fn of(text: &str) -> Self {
        let mut anchors = BTreeSet::new();
        let mut in_code = false;
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                in_code = !in_code;
            }
            if in_code {
                continue;
            }
            anchors.extend(OWN.captures_iter(line).map(|own| own[1].to_owned()));
            let heading = line.trim_start_matches('#');
            if heading.len() < line.len() && heading.starts_with(' ') {
                let name = heading_anchor(heading);
                let mut unique = name.clone();
                for number in 1.. {
                    if anchors.insert(unique) {
                        break;
                    }
                    unique = format!("{name}-{number}");
                }
            }
        }
        Self(anchors)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// Letters in lower case, spaces as hyphens, nothing else but digits, hyphens and underscores.
fn heading_anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_own_anchors_are_found() {
        let anchors =
            Anchors::of("# A page\n<a id=\"s1\"></a>\n## What `is` said?\n## A page\n```\n# no\n```\n");
        for name in ["a-page", "s1", "what-is-said", "a-page-1"] {
            assert!(anchors.has(name), "{name} in {anchors:?}");
        }
        assert!(!anchors.has("no"));
    }
}
