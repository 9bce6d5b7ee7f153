//! The rows of a page while they arrive: each gets its key, and what speaks against the page is noted.

use std::io;

use crate::frontier::PageFacts;
use crate::plan::{IdentityField, ListingKind, Walk};
use crate::row::buffer::digest;
use crate::row::{IdentityFault, RowBuffer, identity};

/// Takes the rows of one page.
#[derive(Debug)]
pub struct PageRows {
    kind: Option<&'static ListingKind>,
    buffer: RowBuffer,
    facts: PageFacts,
    key: String,
}

impl PageRows {
    /// For a page of a listing, of which up to `memory` bytes are held in memory. Without a listing, rows are dropped.
    #[must_use]
    pub fn new(kind: Option<&'static ListingKind>, memory: usize) -> Self {
        Self { kind, buffer: RowBuffer::new(memory), facts: PageFacts::default(), key: String::new() }
    }

    /// Takes a row; `member` is the member of the payload that holds it, where the payload is an object.
    ///
    /// # Errors
    /// When the row cannot be put aside.
    pub fn push(&mut self, member: Option<&str>, row: &str) -> io::Result<()> {
        let Some(kind) = self.kind else { return Ok(()) };
        let number = self.buffer.rows();
        let keyed = match kind.walk {
            Walk::Objects(members) => {
                let member = member.unwrap_or_default();
                let fields =
                    members.iter().find(|it| it.name == member).map_or(&[] as &[_], |it| it.identity);
                write_member_key(member, fields, row, &mut self.key)
            }
            Walk::Pages | Walk::Accounts { .. } => identity::write_key(kind.identity, row, &mut self.key),
        };
        match keyed {
            Ok(()) => self.buffer.push(Some(&self.key), row),
            Err(fault) => {
                self.note(number, fault);
                self.buffer.push(None, row)
            }
        }
    }

    fn note(&mut self, number: u64, fault: IdentityFault) {
        let what = match fault {
            IdentityFault::NotAnObject => {
                self.facts.not_objects += 1;
                self.facts.first_not_object.get_or_insert(number);
                return;
            }
            IdentityFault::Missing(field) => format!("{field} is missing"),
            IdentityFault::NotText(field) => format!("{field} is not text"),
        };
        self.facts.without_identity += 1;
        self.facts.first_without_identity.get_or_insert((number, what));
    }

    /// Whether no row has come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.rows() == 0
    }

    /// The rows and what was noted.
    #[must_use]
    pub fn into_parts(self) -> (RowBuffer, PageFacts) {
        (self.buffer, self.facts)
    }
}

/// The key of a row in a member of an object: the member's name, then its identity or all that it says.
fn write_member_key(
    member: &str,
    fields: &'static [IdentityField],
    row: &str,
    key: &mut String,
) -> Result<(), IdentityFault> {
    let values = if fields.is_empty() {
        vec![format!("{:016x}", digest(row))]
    } else {
        identity::write_key(fields, row, key)?;
        let values = identity::split(fields.len(), key).unwrap_or_default();
        values.into_iter().map(std::borrow::Cow::into_owned).collect()
    };
    let parts: Vec<&str> = std::iter::once(member).chain(values.iter().map(String::as_str)).collect();
    identity::join(parts.into_iter(), key);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(label: &str, rows: &[(Option<&str>, &str)]) -> (Vec<Option<String>>, PageFacts) {
        let mut page = PageRows::new(ListingKind::labelled(label), 1024);
        rows.iter().for_each(|(member, row)| page.push(*member, row).unwrap());
        let (mut buffer, facts) = page.into_parts();
        let mut keys = Vec::new();
        buffer
            .for_each(|row| {
                keys.push(row.key.map(str::to_owned));
                Ok::<(), io::Error>(())
            })
            .unwrap();
        (keys, facts)
    }

    #[test]
    fn rows_of_an_object_are_told_apart_within_their_member() {
        let node = r#"{"id":"e","resource_id":"","label":"E"}"#;
        let edge = r#"{"from":"e"}"#;
        let (keys, facts) =
            keys("entitlement_graph", &[(Some("nodes"), node), (Some("edges"), edge), (Some("edges"), edge)]);
        assert_eq!(keys[0].as_deref(), Some(r#"["nodes","e",""]"#));
        assert!(keys[1].as_deref().unwrap().starts_with(r#"["edges","#));
        assert_eq!(keys[1], keys[2]);
        assert_eq!(facts, PageFacts::default());
    }

    #[test]
    fn rows_without_identity_are_kept_and_noted() {
        let (keys, facts) = keys(
            "accounts",
            &[(None, r#"{"integration_specific_id":"a"}"#), (None, "[]"), (None, "{}"), (None, "{}")],
        );
        assert_eq!(keys, [Some("a".to_owned()), None, None, None]);
        assert_eq!((facts.not_objects, facts.first_not_object), (1, Some(1)));
        assert_eq!(facts.without_identity, 2);
        assert_eq!(facts.first_without_identity, Some((2, "integration_specific_id is missing".to_owned())));
    }
}
