//! What can be seen of a GraphQL document without a schema.

/// Whether a document holds a mutation: running it twice may change something twice.
///
/// Only definitions count, not what stands in braces, strings or comments.
pub(super) fn has_mutation(document: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = document;
    while let Some(letter) = rest.chars().next() {
        if letter == '#' {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if letter == '"' {
            rest = after_string(rest);
        } else if letter.is_alphanumeric() || letter == '_' {
            let end =
                rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            if depth == 0 && &rest[..end] == "mutation" {
                return true;
            }
            rest = &rest[end..];
        } else {
            match letter {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => depth = depth.saturating_sub(1),
                // The name of a variable or directive.
                '$' | '@' => {
                    rest = rest[1..]
                        .trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
                    continue;
                }
                _ => {}
            }
            rest = &rest[letter.len_utf8()..];
        }
    }
    false
}

/// What follows a string, or nothing when it does not end.
fn after_string(text: &str) -> &str {
    let (quotes, mut rest) =
        if let Some(rest) = text.strip_prefix("\"\"\"") { ("\"\"\"", rest) } else { ("\"", &text[1..]) };
    while let Some(place) = rest.find(['\\', '"']) {
        let found = &rest[place..];
        if let Some(after) = found.strip_prefix(quotes) {
            return after;
        }
        let escape = if found.starts_with('\\') { 1 } else { 0 };
        rest = found.get(1 + escape..).unwrap_or_default();
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::has_mutation;

    #[test]
    fn a_mutation_is_seen_wherever_it_is_defined() {
        for document in [
            "mutation { a }",
            "\n # comment\n mutation M($a: Int!) { a }",
            "query Q { a } mutation M { a }",
            "fragment F on T { a } mutation{a}",
            "{ a(b: \"}\") } mutation M { a }",
        ] {
            assert!(has_mutation(document), "{document}");
        }
    }

    #[test]
    fn what_is_only_called_so_is_none() {
        for document in [
            "",
            "{ mutation }",
            "query mutation_log { a }",
            "query Q($mutation: Int) { mutation(mutation: $mutation) { mutation } }",
            "# mutation M { a }\n{ a }",
            "query Q @mutation { a }",
            "query Q { a(b: \"mutation \\\" } mutation\") }",
            "query Q { a(b: \"\"\" } \" mutation \"\"\") }",
            "query Q { a(b: \"unfinished) } mutation",
        ] {
            assert!(!has_mutation(document), "{document}");
        }
    }
}
