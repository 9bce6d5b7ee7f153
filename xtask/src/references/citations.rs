//! Citations by section: "contract §4.5", "RFC 6749 §5.2".

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::{lines, pattern};

/// A heading of the contract: its number.
static HEADING: LazyLock<Regex> = LazyLock::new(|| pattern(r"^#{2,3} §(\d+(?:\.\d+)?) "));

/// What a citation is of: the name of a document, however it is inflected.
static DOCUMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)RFC \d+|specification|contract"));

static SECTION: LazyLock<Regex> = LazyLock::new(|| pattern(r"§ ?([\dN][\w.]*\w|[\dN])?"));

/// A link of the contract to one of its sections: the number and the anchor.
static LINK: LazyLock<Regex> = LazyLock::new(|| pattern(r"\[§(\d+(?:\.\d+)?)\]\(#([\w-]+)\)"));

/// What only the authors of this repository ever saw: documents, and a folder.
const OUTSIDE: [&str; 4] = ["FINDINGS", "WIRE.md", "seed README", "/work/"];

/// How far before a section the name of its document may stand, in bytes.
const REACH: usize = 100;

/// The numbers of the contract's sections.
pub(super) fn sections(contract: &str) -> BTreeSet<String> {
    contract.lines().filter_map(|line| Some(HEADING.captures(line)?[1].to_owned())).collect()
}

/// Citations that lead nowhere.
pub(super) fn problems(text: &str, sections: &BTreeSet<String>, in_contract: bool) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    let mut before = String::new();
    for (number, line) in lines(text) {
        let start = before.len();
        before.push_str(line.trim_start().trim_start_matches(['/', '!', '#', '*']));
        for outside in OUTSIDE.iter().filter(|outside| begins_a_word(line, outside)) {
            problems.push((number, format!("{outside} is not in this repository")));
        }
        let cites = line.contains('§');
        for section in SECTION.captures_iter(if cites { &before[start..] } else { "" }) {
            let end = start + section.get(0).map_or(0, |found| found.start());
            let named = DOCUMENT.find_iter(&before[reach(&before, end)..end]).last();
            let name = section.get(1).map_or("", |name| name.as_str());
            match named.map(|named| named.as_str().to_lowercase()) {
                Some(document) if document != "contract" => {}
                None if !in_contract => problems.push((number, format!("§{name} of which document?"))),
                _ if name == "N" || sections.contains(name) => {}
                _ => problems.push((number, format!("the contract has no §{name}"))),
            }
        }
        before = format!("{} ", &before[start..]);
    }
    problems
}

/// Links of the contract to its own sections whose number and anchor are of different ones.
pub(super) fn numbered_links(contract: &str) -> Vec<(usize, String)> {
    let wrong = |number: &str, anchor: &str| {
        let chapter = number.split('.').next().unwrap_or_default();
        let heading = contract.find(&format!("<a id=\"{anchor}\"></a>\n")).map(|at| &contract[at..]);
        let is_above = heading.and_then(|rest| rest.lines().nth(1)).and_then(|line| HEADING.captures(line));
        let is_of_chapter = anchor == format!("s{chapter}") || anchor.starts_with(&format!("s{chapter}-"));
        !is_of_chapter || is_above.is_none_or(|heading| &heading[1] != number)
    };
    lines(contract)
        .flat_map(|(line, text)| LINK.captures_iter(text).map(move |link| (line, link)))
        .filter(|(_, link)| wrong(&link[1], &link[2]))
        .map(|(line, link)| (line, format!("#{} is not the anchor of §{}", &link[2], &link[1])))
        .collect()
}

/// Whether a line has a word that begins so.
fn begins_a_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '.' | '_' | '}'))
    })
}

/// Where to begin to look for the name of a document.
fn reach(text: &str, end: usize) -> usize {
    (end.saturating_sub(REACH)..=end).find(|start| text.is_char_boundary(*start)).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "<a id=\"s1\"></a>\n## §1 One\n<a id=\"s1-two\"></a>\n### §1.2 Two\n";

    fn found(text: &str) -> Vec<String> {
        problems(text, &sections(CONTRACT), false)
            .into_iter()
            .map(|(line, what)| format!("{line}: {what}"))
            .collect()
    }

    #[test]
    fn a_section_of_the_contract_must_be_there() {
        assert_eq!(found("//! Reads (contract §1 and §1.2).\n"), [""; 0]);
        assert_eq!(found("\n// The contract's order (§3)\n"), ["2: the contract has no §3"]);
        assert_eq!(found("/// as the contract\n/// §1.3 says"), ["2: the contract has no §1.3"]);
    }

    #[test]
    fn sections_of_other_documents_are_their_own() {
        assert_eq!(found("(contract §1, RFC 6749 §4.1.3, §4.4; GraphQL specification §7.1)"), [""; 0]);
    }

    #[test]
    fn a_section_of_no_document_leads_nowhere() {
        assert_eq!(found("see §4"), ["1: §4 of which document?"]);
    }

    #[test]
    fn documents_from_outside_lead_nowhere() {
        assert_eq!(found("as FINDINGS 103 says, and a/work/b"), ["1: FINDINGS is not in this repository"]);
    }

    #[test]
    fn a_numbered_link_leads_to_its_number() {
        let text = format!("{CONTRACT}[§1](#s1) [§1.2](#s1-two)\n[§1](#s1-two)\n[§1.2](#s1-three)\n");
        let wrong = numbered_links(&text);
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [6, 7]);
    }
}
