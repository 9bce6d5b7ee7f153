//! A source file: parsed to find places in it, changed only by inserting text at them.

use std::path::{Path, PathBuf};

use lumos_connector_runtime::failure::Failure;
use proc_macro2::Span;
use syn::spanned::Spanned;

/// A Rust file of the project.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// Its path from the project's folder.
    pub(super) path: PathBuf,
    text: String,
    /// What the parser does not see: a byte order mark, a line for the shell.
    prefix: usize,
    insertions: Vec<(usize, String)>,
    is_new: bool,
}

impl SourceFile {
    /// Parses a file, and gives its syntax beside it.
    pub(super) fn parse(path: &Path, text: String) -> Result<(Self, syn::File), Failure> {
        let prefix = prefix(&text);
        let syntax = syn::parse_str::<syn::File>(&text[prefix..]).map_err(|error| {
            let (before, place) = (text[..prefix].matches('\n').count(), error.span().start());
            let (line, column) = (place.line + before, place.column + 1);
            Failure::new(format!("{}:{line}:{column}: {error}", path.display()))
                .advice("nothing was changed; a capability is added to a project whose files can be parsed")
        })?;
        Ok((Self { path: path.to_owned(), text, prefix, insertions: Vec::new(), is_new: false }, syntax))
    }

    /// A file that is not there yet.
    pub(super) fn new(path: PathBuf, text: String) -> Result<(Self, syn::File), Failure> {
        let (mut file, syntax) = Self::parse(&path, text)?;
        file.is_new = true;
        Ok((file, syntax))
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_changed(&self) -> bool {
        self.is_new || !self.insertions.is_empty()
    }

    /// Where a piece of syntax begins.
    pub(super) fn start(&self, syntax: &impl Spanned) -> usize {
        self.start_of(syntax.span())
    }

    pub(super) fn start_of(&self, span: Span) -> usize {
        self.prefix + span.byte_range().start
    }

    /// Where a piece of syntax ends.
    pub(super) fn end(&self, syntax: &impl Spanned) -> usize {
        self.end_of(syntax.span())
    }

    pub(super) fn end_of(&self, span: Span) -> usize {
        self.prefix + span.byte_range().end
    }

    /// The number of the line at a place of the file as it was.
    pub(super) fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// The space that the line at a place begins with.
    pub(super) fn indent(&self, at: usize) -> &str {
        let line = &self.text[self.line_start(at)..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// Whether there is only space before a place on its line.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].trim().is_empty()
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The end of the line at a place, when only space and a comment follow there: the place itself otherwise.
    pub(super) fn behind_comment(&self, at: usize) -> usize {
        let rest = self.text[at..].split('\n').next().unwrap_or_default();
        let rest = rest.strip_suffix('\r').unwrap_or(rest);
        let shown = rest.trim_start();
        let is_comment =
            shown.starts_with("//") || (shown.starts_with("/*") && shown.find("*/") == Some(shown.len() - 2));
        if shown.is_empty() || is_comment { at + rest.len() } else { at }
    }

    /// The number of the line, in the finished text, of what was inserted at a place.
    pub(super) fn line_after(&self, at: usize) -> usize {
        let before = self
            .insertions
            .iter()
            .filter(|(place, _)| *place < at)
            .map(|(_, text)| text.matches('\n').count());
        let inserted =
            self.insertions.iter().find(|(place, _)| *place == at).map_or("", |(_, text)| text.as_str());
        // The blank lines that it begins with are not what was inserted.
        let blank = inserted.len() - inserted.trim_start_matches(['\r', '\n']).len();
        self.line(at) + before.sum::<usize>() + inserted[..blank].matches('\n').count()
    }

    /// Inserts a text, in which `\n` becomes the line end of this file. Of several at one place the first comes first.
    pub(super) fn insert(&mut self, at: usize, text: &str) {
        let text = if self.text.contains("\r\n") { text.replace('\n', "\r\n") } else { text.to_owned() };
        self.insertions.push((at, text));
    }

    /// The text with everything that was inserted, if that is Rust.
    pub(super) fn finished(&self) -> Result<String, Failure> {
        let mut insertions: Vec<_> = self.insertions.iter().collect();
        insertions.sort_by_key(|(at, _)| *at);
        let mut finished = String::with_capacity(self.text.len() + 512);
        let mut done = 0;
        for (at, text) in insertions {
            finished.push_str(&self.text[done..*at]);
            finished.push_str(text);
            done = *at;
        }
        finished.push_str(&self.text[done..]);
        syn::parse_str::<syn::File>(&finished[prefix(&finished)..]).map_err(|error| {
            Failure::new(format!("{} would not be Rust any more: {error}", self.path.display()))
                .advice("nothing was changed; add the capability by hand")
        })?;
        Ok(finished)
    }
}

/// The length of what a parser does not see.
fn prefix(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = &text[mark..];
    let is_shebang = rest.strip_prefix("#!").is_some_and(|rest| !rest.trim_start().starts_with('['));
    mark + if is_shebang { rest.find('\n').unwrap_or(rest.len()) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_right_behind_marks_shebangs_and_letters_of_several_bytes() {
        for start in ["", "\u{feff}", "#!/usr/bin/env x\n", "\u{feff}#!/usr/bin/env x\r\n"] {
            let text = format!("{start}// é 日本\r\nconst É: &str = \"日\"; fn f() {{}}\r\n");
            let (mut file, syntax) = SourceFile::parse(Path::new("a.rs"), text.clone()).expect("it is Rust");
            let at = file.end(&syntax.items[0]);
            assert!(text[..at].ends_with("\"日\";"), "{}", &text[..at]);
            file.insert(at, "\nfn g() {}");
            let finished = file.finished().expect("it still is");
            assert_eq!(finished, text.replace("\"日\";", "\"日\";\r\nfn g() {}"));
        }
    }

    #[test]
    fn a_comment_stays_with_what_it_says_something_about() {
        let text = "fn f() {} // about f\nfn g() {} fn h() {} /* about h */\n";
        let (file, syntax) = SourceFile::parse(Path::new("a.rs"), text.to_owned()).expect("it is Rust");
        let behind = |index: usize| &text[..file.behind_comment(file.end(&syntax.items[index]))];
        assert!(behind(0).ends_with("about f"));
        assert!(behind(1).ends_with("fn g() {}"));
        assert!(behind(2).ends_with("about h */"));
    }

    #[test]
    fn what_is_not_rust_is_named_with_its_place() {
        let refusal = SourceFile::parse(Path::new("a.rs"), "#!/x\nfn f( {}\n".to_owned())
            .map(drop)
            .expect_err("it is not Rust");
        assert!(refusal.to_string().starts_with("error: a.rs:2:"), "{refusal}");
    }
}
