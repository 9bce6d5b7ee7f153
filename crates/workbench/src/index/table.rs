//! The tables that can be searched and sorted: which columns they have.

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name in the index, and in addresses.
    pub(crate) name: &'static str,
    /// What one of its rows is called.
    pub(crate) one: &'static str,
    pub(crate) columns: &'static [Column],
}

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name in the index, and in addresses.
    pub(crate) name: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    pub(crate) kind: ColumnKind,
}

/// How a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// A text that leads to the row's own page.
    Name,
    Text,
    /// A text of which there are few: it can be filtered by.
    Choice,
    Number,
}

const fn column(name: &'static str, title: &'static str, kind: ColumnKind) -> Column {
    Column { name, title, kind }
}

pub(crate) const ACCOUNTS: Table = Table {
    name: "accounts",
    one: "account",
    columns: &[
        column("name", "Name", ColumnKind::Name),
        column("email", "Email", ColumnKind::Text),
        column("username", "User name", ColumnKind::Text),
        column("status", "Status", ColumnKind::Choice),
        column("type", "Type", ColumnKind::Choice),
        column("grants", "Entitlements", ColumnKind::Number),
        column("last_activity", "Last activity", ColumnKind::Text),
        column("key", "Id", ColumnKind::Text),
    ],
};

pub(crate) const ENTITLEMENTS: Table = Table {
    name: "entitlements",
    one: "entitlement",
    columns: &[
        column("name", "Label", ColumnKind::Name),
        column("type", "Type", ColumnKind::Choice),
        column("resource", "Resource", ColumnKind::Text),
        column("holders", "Accounts", ColumnKind::Number),
        column("id", "Id", ColumnKind::Text),
    ],
};

pub(crate) const RESOURCES: Table = Table {
    name: "resources",
    one: "resource",
    columns: &[
        column("name", "Label", ColumnKind::Name),
        column("type", "Type", ColumnKind::Choice),
        column("entitlements", "Entitlements", ColumnKind::Number),
        column("grants", "Grants", ColumnKind::Number),
        column("key", "Id", ColumnKind::Text),
    ],
};

impl Table {
    /// The table with that name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        [&ACCOUNTS, &ENTITLEMENTS, &RESOURCES].into_iter().find(|table| table.name == name)
    }

    /// The column with that name: what comes from an address reaches SQL through this alone.
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
