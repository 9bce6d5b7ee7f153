//! A person in a browser, as far as signing in goes: pages, forms, cookies, and the redirects between them.

use anyhow::{Context, Result, bail};
use ureq::http::Response;
use ureq::{Agent, Body};

/// Pages that a sign-in may have before it must be over.
const MAX_PAGES: usize = 20;

/// What the person types, by the name of the field.
type Typed<'a> = &'a [(&'a str, &'a str)];

/// Opens an address, fills in every form that comes, and gives the first address that begins with `destination`,
/// which is not opened.
pub(crate) fn sign_in(address: &str, typed: Typed<'_>, destination: &str) -> Result<String> {
    let agent = agent();
    let site = origin(address);
    let mut page = agent.get(address).call()?;
    for _ in 0..MAX_PAGES {
        let location = page.headers().get("location").map(|location| location.to_str()).transpose()?;
        page = match location {
            Some(location) if location.starts_with(destination) => return Ok(location.to_owned()),
            Some(location) => agent.get(absolute(site, location)).call()?,
            None => submit(&agent, site, page, typed)?,
        };
    }
    bail!("no redirect to {destination} after {MAX_PAGES} pages")
}

/// An agent that keeps cookies, follows no redirects, and takes every status for an answer.
fn agent() -> Agent {
    Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .build()
        .into()
}

/// Sends the form of a page: its hidden fields as they are, the others as typed.
fn submit(agent: &Agent, site: &str, mut page: Response<Body>, typed: Typed<'_>) -> Result<Response<Body>> {
    let html = page.body_mut().read_to_string()?;
    let form =
        html.split_once("<form").map(|(_, rest)| rest).with_context(|| format!("no form in {html}"))?;
    let form = form.split("</form>").next().unwrap_or_default();
    let action = attribute(form, "action").context("a form without an action")?;
    let fields = form.split("<input").skip(1).filter_map(|input| {
        let tag = input.split('>').next().unwrap_or_default();
        let name = attribute(tag, "name")?;
        let given = typed.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
        Some((name, given.or_else(|| attribute(tag, "value")).unwrap_or_default()))
    });
    Ok(agent.post(absolute(site, action)).send_form(fields)?)
}

/// The part of an address before its path.
fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    let path = address[host..].find(['/', '?', '#']);
    path.map_or(address, |path| &address[..host + path])
}

/// An address as pages of a site write it: whole, or from the path on.
fn absolute(site: &str, address: &str) -> String {
    if address.starts_with('/') { format!("{site}{address}") } else { address.to_owned() }
}

/// The value of an attribute in double quotes.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_whole_or_begin_with_the_path() {
        let site = origin("http://127.0.0.1:80/auth?a=http://b/c");
        assert_eq!(site, "http://127.0.0.1:80");
        assert_eq!(absolute(site, "/in?x"), "http://127.0.0.1:80/in?x");
        assert_eq!(absolute(site, "https://c/d"), "https://c/d");
    }

    #[test]
    fn attributes_are_found_by_their_whole_name() {
        let tag = r#"<input type="hidden" data-name="no" name="prompt" value="login"/>"#;
        assert_eq!(attribute(tag, "name"), Some("prompt"));
        assert_eq!(attribute(tag, "value"), Some("login"));
        assert_eq!(attribute(tag, "action"), None);
    }
}
