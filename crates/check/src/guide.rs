//! The rules as a page of the guide.

use std::fmt::Write as _;

use crate::rule::{Group, Rule};

/// Every rule with an entry of its own, group by group, as Markdown. The guide's page of rules is this text; a test
/// compares them.
#[must_use]
pub fn rules() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let name = group.name();
        // Writing to a string cannot fail.
        let _ = write!(text, "## {}\n\n{}\n", capitalised(name), wrapped(group.about()));
        for rule in group.rules() {
            entry(&mut text, rule);
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn entry(text: &mut String, rule: &Rule) {
    let _ = write!(
        text,
        "\n### `{}`\n\n{}\n",
        rule.id,
        wrapped(&format!(
            "*{}*, [contract {}](../contract.md#{}). {} {}",
            rule.severity,
            rule.section(),
            rule.anchor,
            rule.problem,
            rule.remedy
        ))
    );
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A paragraph in lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut wrapped = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > 120 {
            wrapped.push('\n');
            length = 0;
        } else if length > 0 {
            wrapped.push(' ');
            length += 1;
        }
        wrapped.push_str(word);
        length += letters;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `WRITE_GUIDE=1 cargo test -p lumos-check guide` writes the page anew.
    #[test]
    fn the_page_of_the_guide_has_every_rule_as_the_code_has_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/check-rules.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        let head = "# Rules of `connector check`\n\nMade from the code by `WRITE_GUIDE=1 cargo test -p lumos-check guide`; \
            [Check a connector](check-a-connector.md) says how they are used.\n\n";
        let expected = format!("{head}{}", rules());
        if std::env::var_os("WRITE_GUIDE").is_some() {
            std::fs::write(path, &expected).unwrap();
            return;
        }
        assert!(
            page == expected,
            "docs/guide/check-rules.md is not what the code says; write it with WRITE_GUIDE=1"
        );
    }
}
