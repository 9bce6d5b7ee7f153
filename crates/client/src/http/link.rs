//! `Link` headers (RFC 8288 §3) and the references in them (RFC 3986 §5).
//!
//! Headers are read as leniently as they are written: targets without brackets, single quotes and missing delimiters are
//! understood where only one reading is possible. What cannot be read, but speaks of the relation, is an error: a next
//! page that is overlooked looks like the end of a listing.

use reqwest::Url;

/// A header speaks of a relation, but its target cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Parameters of links, by which the end of a target without brackets is found.
const KNOWN_PARAMETERS: [&str; 8] = ["rel", "rev", "title", "title*", "type", "media", "hreflang", "anchor"];

/// The target of the first link with a relation.
pub(super) fn target<'a>(header: &'a str, relation: &str) -> Result<Option<&'a str>, Unreadable> {
    let mut rest = header;
    let mut suspicious = false;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return if suspicious { Err(Unreadable) } else { Ok(None) };
        }
        let Some((target, parameters)) = split_target(rest) else {
            return if suspicious || mentions(rest, relation) { Err(Unreadable) } else { Ok(None) };
        };
        let read = read_parameters(parameters, relation);
        if read.has_relation {
            return Ok(Some(target));
        }
        suspicious |= read.suspicious;
        rest = read.rest;
    }
}

/// The target at the beginning of a text, and what follows it.
fn split_target(link: &str) -> Option<(&str, &str)> {
    if let Some((target, rest)) = link.strip_prefix('<').and_then(|inner| inner.split_once('>'))
        && !target.contains(['<', '"'])
    {
        return Some((target.trim(), rest));
    }
    let bare = link.strip_prefix('<').unwrap_or(link);
    let (target, rest) = bare.split_at(first_parameter(bare)?);
    let target = target.trim().trim_matches(['"', '\'']);
    let is_readable = !target.is_empty() && !target.contains([' ', '\t', '<', '>', '"']);
    is_readable.then_some((target, rest))
}

/// Where the first known parameter begins: at its `;`.
fn first_parameter(text: &str) -> Option<usize> {
    text.match_indices(';').map(|(at, _)| at).find(|at| {
        let name = text[at + 1..].split(['=', ';', ',']).next().unwrap_or_default().trim();
        KNOWN_PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known))
    })
}

/// What the parameters of one link say.
struct Parameters<'a> {
    has_relation: bool,
    /// Something that may be the relation was not understood.
    suspicious: bool,
    /// What follows the link.
    rest: &'a str,
}

fn read_parameters<'a>(parameters: &'a str, relation: &str) -> Parameters<'a> {
    let mut read = Parameters { has_relation: false, suspicious: false, rest: parameters };
    loop {
        let text = read.rest.trim_start_matches([' ', '\t', ';']);
        read.rest = text;
        if text.is_empty() || text.starts_with([',', '<']) {
            return read;
        }
        let name_end = text.find(['=', ';', ',']).unwrap_or(text.len());
        let (name, after) = (text[..name_end].trim(), &text[name_end..]);
        let Some(value) = after.strip_prefix('=') else {
            read.suspicious |= mentions(name, relation);
            read.rest = after;
            continue;
        };
        let (value, is_whole, rest) = split_value(value.trim_start_matches([' ', '\t']));
        read.rest = rest;
        if name.eq_ignore_ascii_case("rel") && has_relation(value, relation) {
            read.has_relation = true;
        } else if !is_whole || name.to_ascii_lowercase().contains("rel") {
            // A quote that does not end may have swallowed other links.
            let seen = if is_whole { value } else { text };
            read.suspicious |= mentions(seen, relation);
        }
    }
}

/// The value of a parameter without its quotes, whether its quotes are closed, and what follows it.
fn split_value(text: &str) -> (&str, bool, &str) {
    if let Some(inner) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = inner.bytes().position(|byte| {
            let is_end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            is_end
        });
        return match end {
            Some(end) => {
                let rest = &inner[end + 1..];
                (&inner[..end], is_delimited(rest), rest)
            }
            None => (inner, false, ""),
        };
    }
    // The single quote is a letter like any other (RFC 9110 §5.6.2), unless a pair stands around the whole value.
    if let Some(inner) = text.strip_prefix('\'')
        && let Some((value, rest)) = inner.split_once('\'')
        && is_delimited(rest)
    {
        return (value, true, rest);
    }
    let end = text.find([';', ',']).unwrap_or(text.len());
    (text[..end].trim(), true, &text[end..])
}

fn is_delimited(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with([';', ','])
}

fn has_relation(value: &str, relation: &str) -> bool {
    let mut relations = value.split(|letter: char| letter.is_ascii_whitespace() || letter == ',');
    relations.any(|of| {
        let of = of.trim_matches(['"', '\'']);
        of.eq_ignore_ascii_case(relation)
            || of.contains('\\') && of.replace('\\', "").eq_ignore_ascii_case(relation)
    })
}

/// Whether a text holds a relation as a word of its own.
fn mentions(text: &str, relation: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_./:*".contains(letter);
    text.split(|letter| !is_word(letter)).any(|word| word.eq_ignore_ascii_case(relation))
}

/// The address that a reference on a page names, without its fragment (RFC 3986 §5).
///
/// Parsers of URLs drop control characters; here they make the reference unreadable.
pub(super) fn resolve(page: &Url, reference: &str) -> Option<Url> {
    let reference = reference.trim_matches(' ');
    if reference.chars().any(|letter| letter.is_control() || letter == char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let mut url = page.join(reference).ok()?;
    url.set_fragment(None);
    Some(url)
}

/// In what an address differs from one that requests with the client's login may go to; `None` when it does not.
pub(super) fn foreign(base: &Url, url: &Url) -> Option<String> {
    let mut differences = Vec::new();
    if url.scheme() != base.scheme() {
        differences.push(format!("the scheme is {}, expected {}", url.scheme(), base.scheme()));
    }
    if url.host() != base.host() {
        let host = url.host_str().unwrap_or("missing");
        differences.push(format!("the host is {host}, expected {}", base.host_str().unwrap_or_default()));
    }
    let port = |url: &Url| url.port_or_known_default();
    if port(url) != port(base) && (url.scheme() == base.scheme() || url.port().is_some()) {
        let shown = |url: &Url| port(url).map_or_else(|| "missing".to_owned(), |port| port.to_string());
        differences.push(format!("the port is {}, expected {}", shown(url), shown(base)));
    }
    if !url.username().is_empty() || url.password().is_some() {
        differences.push("it holds a user or password".to_owned());
    }
    (!differences.is_empty()).then(|| differences.join("; "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_link_of_a_relation_is_found_among_others() {
        let header = r#"<https://a.test/?page=1,2>; rel="prev first"; title="a, <b>", </x?page=3>;REL=next"#;
        assert_eq!(target(header, "next"), Ok(Some("/x?page=3")));
        assert_eq!(target(header, "First"), Ok(Some("https://a.test/?page=1,2")));
        assert_eq!(target(header, "last"), Ok(None));
    }

    #[test]
    fn links_are_read_as_leniently_as_they_are_written() {
        for header in [
            "</2>; rel=next",
            "</2>;rel=\"next\"",
            "</2>; rel='next'",
            "</2>; REL = \"NEXT\"",
            "</2>; rel=\"prev next\"",
            "</2>; rel=\"last,next\"",
            "</2>; rel='last next'; title='a, b'",
            "</2>; rel=\"ne\\xt\"",
            "</2>; rel=\"prev\"; rel=\"next\"",
            "</2> rel=next",
            "</2>; rel=\"next",
            "< /2 >; rel=next",
            "/2; rel=\"next\"",
            "</2; rel=\"next\"",
            "\"/2\"; rel=\"next\"",
            ", </1>; rel=first,, </2>; rel=next ,",
            "</1>; rel=\"first\"; title=\"a \\\" b, <c>; rel=next\", </2>; rel=\"next\"",
            "</1>; title*=UTF-8''a%2Cb; rel=prev, </2>; title*=UTF-8'de'%c3%a4; rel=next",
            "/1; rel=\"prev\", /2; rel=\"next\"",
            "</1>; rel=preload; as=style; nopush, </2>; rel=next; results=\"true\"",
            "</1>; title=it's, </2>; rel=next; title='s",
        ] {
            assert_eq!(target(header, "next"), Ok(Some("/2")), "{header}");
        }
    }

    #[test]
    fn targets_keep_their_commas_and_semicolons() {
        for (header, expected) in [
            ("</a;b=1,2?c=3;d>; rel=next", "/a;b=1,2?c=3;d"),
            ("/a;jsessionid=1?page=2; rel=next", "/a;jsessionid=1?page=2"),
            ("</a;b?ids=1,2; rel=next", "/a;b?ids=1,2"),
            ("<>; rel=next", ""),
        ] {
            assert_eq!(target(header, "next"), Ok(Some(expected)), "{header}");
        }
    }

    #[test]
    fn what_speaks_of_the_next_page_and_cannot_be_read_is_not_the_end() {
        for header in [
            "<a; \"next\"",
            "a>; rel=next",
            "a b; rel=next",
            "; rel=next",
            "rel=\"next\"",
            "<a>; rel=\"prev, <b>; rel=\"next\"",
            "<a>; rel=\u{201c}next\u{201d}",
            "<a>; rel: next",
            "<a>; relation=next",
            "<a>; next",
        ] {
            assert_eq!(target(header, "next"), Err(Unreadable), "{header}");
        }
    }

    #[test]
    fn what_does_not_speak_of_the_next_page_has_no_link_to_it() {
        for header in [
            "",
            "<",
            "<>",
            "<a",
            "<a>; rel",
            "<a>; title=\"rel=next\"",
            "<a>; title=next",
            "<https://a.test/next>; rel=prev",
            "<a>; rel=next-archive",
            "<a>; rel=\"https://a.test/rel/next\"",
            ",;=\"<",
        ] {
            assert_eq!(target(header, "next"), Ok(None), "{header}");
        }
    }

    #[test]
    fn references_resolve_against_the_page_that_they_stand_on() {
        let page = Url::parse("https://a.test/api/v2/users?page=1#top").unwrap();
        for (reference, expected) in [
            ("?page=2", "https://a.test/api/v2/users?page=2"),
            ("users?page=2", "https://a.test/api/v2/users?page=2"),
            ("./users?page=2", "https://a.test/api/v2/users?page=2"),
            ("../x", "https://a.test/api/x"),
            ("../../../x", "https://a.test/x"),
            ("/users?page=2#a", "https://a.test/users?page=2"),
            ("//b.test/x", "https://b.test/x"),
            ("https://a.test:443/x", "https://a.test/x"),
            ("HTTPS://A.test/x", "https://a.test/x"),
            ("", "https://a.test/api/v2/users?page=1"),
            ("#next", "https://a.test/api/v2/users?page=1"),
            (" ?page=2 ", "https://a.test/api/v2/users?page=2"),
            ("?cursor=a%2Fb%3D&x=é", "https://a.test/api/v2/users?cursor=a%2Fb%3D&x=%C3%A9"),
        ] {
            assert_eq!(resolve(&page, reference).unwrap().as_str(), expected, "{reference:?}");
        }
        for reference in ["?page=\r\n2", "?a=\t", "https://[", "https://a.test:99999/", "?q=\u{fffd}"] {
            assert_eq!(resolve(&page, reference), None, "{reference:?}");
        }
    }

    #[test]
    fn a_foreign_address_is_told_by_what_differs() {
        let base = Url::parse("https://a.test/api").unwrap();
        for (address, expected) in [
            ("http://a.test/x", "the scheme is http, expected https"),
            ("https://a.test:8443/x", "the port is 8443, expected 443"),
            ("https://b.test/x", "the host is b.test, expected a.test"),
            ("http://b.test:80/x", "the scheme is http, expected https; the host is b.test, expected a.test"),
            ("https://u:p@a.test/x", "it holds a user or password"),
        ] {
            assert_eq!(foreign(&base, &Url::parse(address).unwrap()).as_deref(), Some(expected), "{address}");
        }
        for address in ["https://a.test", "https://A.TEST:443/x?y#z"] {
            assert_eq!(foreign(&base, &Url::parse(address).unwrap()), None, "{address}");
        }
    }

    /// Headers that were seen in the wild, or broke a reader once.
    const CORPUS: &str = include_str!("../../tests/client/corpus/link.txt");

    fn is_read_without_surprise(header: &str) {
        let found = target(header, "next");
        if !mentions(header, "next") && !header.contains('\\') {
            assert!(!matches!(found, Err(Unreadable) | Ok(Some(_))), "{header:?}: {found:?}");
        }
        if let Ok(Some(target)) = found {
            assert!(header.contains(target), "{header:?}: {target:?}");
            let page = Url::parse("https://a.test/users?page=1").unwrap();
            if let Some(url) = resolve(&page, target) {
                assert_eq!(url.fragment(), None);
            }
        }
    }

    #[test]
    fn the_kept_headers_are_read_without_surprise() {
        CORPUS.lines().for_each(is_read_without_surprise);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn any_header_is_read_without_surprise(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "<", ">", ";", ",", "=", "\"", "'", "\\", " ", "\t", "rel", "REL", "next", "prev", "title", "title*",
                    "/users?page=2", "https://a.test/x", "?", "#", "é", "anchor",
                ]),
                0..24,
            )
        ) {
            is_read_without_surprise(&pieces.concat());
        }

        #[test]
        fn any_text_is_read_without_surprise(header in any::<String>()) {
            is_read_without_surprise(&header);
        }

        /// A well-formed header with the relation anywhere in it leads to its target.
        #[test]
        fn well_formed_headers_lead_to_the_next_page(
            before in prop::collection::vec("<[a-z/?=,;]{0,8}>; rel=\"(prev|first)\"(; title=\"[a-z,;<>= ]{0,8}\")?", 0..3),
            target_text in "/[a-z0-9/?=&,;%]{0,12}",
            quote in "(\"|)",
            after in prop::collection::vec("<[a-z/]{0,4}>; rel=last", 0..2),
        ) {
            let next = format!("<{target_text}>; rel={quote}next{quote}");
            let header = before.into_iter().chain([next]).chain(after).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(target(&header, "next"), Ok(Some(target_text.as_str())), "{}", header);
        }
    }
}
