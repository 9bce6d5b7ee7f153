//! `Link` headers (RFC 8288).

/// The target of the first link with a relation.
pub(super) fn target<'a>(header: &'a str, relation: &str) -> Option<&'a str> {
    let mut rest = header;
    while let Some((_, link)) = rest.split_once('<') {
        let (target, parameters) = link.split_once('>')?;
        let end = end_of_link(parameters);
        let has_relation =
            parameters[..end].split(';').filter_map(|part| part.split_once('=')).any(|(name, value)| {
                let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
                name.trim().eq_ignore_ascii_case("rel")
                    && relations.any(|of| of.eq_ignore_ascii_case(relation))
            });
        if has_relation {
            return Some(target.trim());
        }
        rest = &parameters[end..];
    }
    None
}

/// Where the parameters of a link end: at a comma that is not in quotes.
fn end_of_link(parameters: &str) -> usize {
    let mut quoted = false;
    let comma = parameters.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    });
    comma.unwrap_or(parameters.len())
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn the_link_of_a_relation_is_found_among_others() {
        let header = r#"<https://a.test/?page=1,2>; rel="prev first"; title="a, <b>", </x?page=3>;REL=next"#;
        assert_eq!(target(header, "next"), Some("/x?page=3"));
        assert_eq!(target(header, "First"), Some("https://a.test/?page=1,2"));
        assert_eq!(target(header, "last"), None);
    }

    #[test]
    fn nonsense_has_no_links() {
        for header in ["", "<", "<>", "<a", "a>; rel=next", "<a>; rel", "<a>; title=\"rel=next\"", ",;=\"<"] {
            assert_eq!(target(header, "next"), None, "{header}");
        }
    }
}
