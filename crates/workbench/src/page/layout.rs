//! The page around its content.

use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

use crate::server::state::State;

/// Scripts may not make styles or code of texts.
const HTMX: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"historyCacheSize":0}"#;

/// What stands around the content of a page.
pub(crate) struct Frame<'a> {
    state: &'a State,
    title: String,
    /// Links from the first page to this one.
    trail: Vec<(String, String)>,
    tabs: Option<Markup>,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(state: &'a State, title: impl Into<String>) -> Self {
        Self { state, title: title.into(), trail: Vec::new(), tabs: None }
    }

    /// Adds a page above this one.
    pub(crate) fn below(mut self, href: impl Into<String>, name: impl Into<String>) -> Self {
        self.trail.push((href.into(), name.into()));
        self
    }

    /// Sets links to the neighbours of the page.
    pub(crate) fn tabs(mut self, tabs: Markup) -> Self {
        self.tabs = Some(tabs);
        self
    }

    pub(crate) fn page(self, content: &Markup) -> Html<String> {
        let Self { state, title, trail, tabs } = self;
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="htmx-config" content=(HTMX);
                    base href={ (state.base()) "/" };
                    title { (title) " · Workbench" }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href="assets/workbench.css";
                    script src="assets/htmx.min.js" defer {}
                    script src="assets/htmx-sse.min.js" defer {}
                    script src="assets/workbench.js" defer {}
                }
                body {
                    a.skip href="#content" data-skip="" { "To the content" }
                    header.top {
                        nav aria-label="Where this is" {
                            a.home href="home" accesskey="h" { "Workbench" }
                            @for (href, name) in &trail {
                                span.sep aria-hidden="true" { "/" }
                                a href=(href) { (name) }
                            }
                        }
                    }
                    main id="content" tabindex="-1" {
                        h1 { (title) }
                        @if let Some(tabs) = tabs { (tabs) }
                        (content)
                    }
                    footer { "Keys: " kbd { "/" } " search, " kbd { "j" } " " kbd { "k" } " rows, "
                        kbd { "Enter" } " open, " kbd { "n" } " " kbd { "p" } " pages, " kbd { "h" } " first page" }
                }
            }
        };
        Html(markup.into_string())
    }
}

/// Links to pages that stand side by side; `here` is the address of the one that is shown.
pub(crate) fn tabs(label: &str, here: &str, links: &[(String, &str)]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            @for (href, name) in links {
                @if href == here { a href=(href) aria-current="page" { (name) } } @else { a href=(href) { (name) } }
            }
        }
    }
}

/// A page that leads to another one by itself. What the browser asks for then comes from this server in its eyes, and
/// strict cookies are sent.
pub(crate) fn to(href: &str) -> Html<String> {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Workbench" }
                link rel="icon" href="data:,";
                meta http-equiv="refresh" content={ "0;url=" (href) };
            }
            body { main { h1 { "Workbench" } p { a href=(href) { "Go on" } } } }
        }
    };
    Html(markup.into_string())
}
