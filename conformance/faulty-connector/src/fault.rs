//! The faults, by the name that `FAULT` gives.

use std::fs::OpenOptions;
use std::io::Write;

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $fault:ident = $name:literal;)+) => {
        /// A fault of the listing of accounts, where nothing else is said.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Fault {
            $($(#[doc = $doc])+ $fault,)+
        }

        impl Fault {
            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$fault),)+ _ => None }
            }
        }
    };
}

faults! {
    /// None.
    Healthy = "";
    /// A page gives the token of an earlier one.
    RepeatedToken = "repeated-token";
    /// A page gives the token that it was asked with.
    SameToken = "same-token";
    /// After the last page the first one comes again, every time with another token.
    Circle = "circle";
    /// Empty pages without end.
    EmptyPages = "empty-pages";
    /// A page comes without its rows.
    LostPage = "lost-page";
    /// A page comes in place of another one.
    ShuffledPages = "shuffled-pages";
    /// A row comes twice on a page.
    DuplicateRow = "duplicate-row";
    /// The last row of a page comes again on the next.
    OverlappingPages = "overlapping-pages";
    /// A row has an empty id.
    EmptyId = "empty-id";
    /// The app gets a row in front with each page that is read.
    Growing = "growing";
    /// Half of the rows are gone.
    Shrunk = "shrunk";
    /// The third page fails twice, then comes.
    ErrorPasses = "error-passes";
    /// The third page fails.
    ErrorStays = "error-stays";
    /// The listing is refused.
    Refused = "refused";
    /// The app asks to wait for a day.
    Throttled = "throttled";
    /// A page gives a token of the associations.
    OtherToken = "other-token";
    /// Associations name accounts that do not exist.
    DanglingAccounts = "dangling-accounts";
    /// Associations name entitlements that do not exist.
    DanglingEntitlements = "dangling-entitlements";
    /// The second reading has other rows than the first.
    Unstable = "unstable";
    /// By hand: text before the answer.
    Noise = "noise";
    /// By hand: another document after the answer.
    Trailer = "trailer";
    /// By hand: HTML in place of an answer.
    Html = "html";
    /// By hand: nothing at all.
    Silent = "silent";
    /// By hand: the program ends with a status and a line on stderr.
    Dead = "dead";
    /// By hand: the program ends with status 1 after a whole answer.
    DeadAfterAnswer = "dead-after-answer";
    /// By hand: the program aborts.
    Aborted = "aborted";
    /// By hand: the program never answers.
    Hang = "hang";
    /// By hand: the answer ends in the middle of a row.
    Cut = "cut";
    /// By hand: the answer ends after a row, and is not closed.
    Unclosed = "unclosed";
    /// By hand: the answer is not UTF-8.
    NotUtf8 = "not-utf8";
    /// By hand: the payload is a text.
    WrongType = "wrong-type";
    /// By hand: rows are numbers.
    Numbers = "numbers";
    /// By hand: rows without any id.
    WithoutIds = "without-ids";
    /// By hand: one row of 500 MB.
    Huge = "huge";
    /// One of those that `connector check` has to find; see [`is`].
    Checked = "checked";
}

impl Fault {
    /// The fault that the environment asks for. A name that is none is a mistake of whoever asks: nothing is answered.
    pub(crate) fn chosen() -> Self {
        let name = name();
        let checked = HANDLED.iter().chain(WIRE).any(|known| *known == name);
        Self::named(&name).unwrap_or(if checked { Self::Checked } else { Self::Silent })
    }
}

fn name() -> String {
    std::env::var("FAULT").unwrap_or_default()
}

/// Whether the fault with a name is chosen.
pub(crate) fn is(fault: &str) -> bool {
    name() == fault
}

/// Whether the fault is one of the wire: see [`crate::wire`].
pub(crate) fn is_of_the_wire() -> bool {
    let name = name();
    WIRE.iter().any(|known| *known == name)
}

/// Faults that are made in handlers, for `connector check`.
const HANDLED: &[&str] = &[
    // declaration
    "type-unused",
    "listing-missing",
    "version-in-words",
    // answers
    "unnamed-entitlement",
    "id-padded",
    "duplicate-entitlement",
    "undeclared-entitlement-type",
    "undeclared-resource-type",
    "time-of-the-country",
    "email-without-domain",
    "credentials-not-valid",
    "other-account",
    "account-association-lost",
    "attribute-missing",
    "activity-fails",
    // paging
    "page-fails",
    "row-on-two-pages",
    "size-ignored",
    "row-lost-at-small-sizes",
    "size-one-refused",
    "large-size-refused",
    "size-zero-fails",
    "foreign-token-taken",
    "mangled-token-fails",
    "token-used-up",
    "empty-last-token",
    "empty-page",
    // errors
    "unknown-id-fails",
    "any-credentials-taken",
    // writes
    "create-fails",
    "create-lies",
    "create-doubles",
    "create-without-id",
    "update-lies",
    "assign-lies",
    "assign-twice-fails",
    "unassign-lies",
    "unassign-twice-fails",
    "deactivate-lies",
    "deactivate-twice-fails",
    "activate-lies",
    "activate-twice-fails",
    "delete-lies",
    "delete-twice-fails",
    "delete-refused",
    "status-lies",
    "unknown-account-activated",
    "others-suspended",
];

/// Faults that no SDK lets one make, for `connector check`: made between the connector and its caller.
const WIRE: &[&str] = &[
    // declaration
    "info-empty",
    "info-without-field",
    "info-compact",
    "info-changes",
    "app-info-of-3-1",
    "versions-differ",
    "capabilities-unsorted",
    "capability-misnamed",
    "capability-undescribed",
    "schema-invalid",
    "payload-field-added",
    "secret-unmarked",
    "field-order-short",
    "field-untitled",
    "field-undescribed",
    "app-id-spaced",
    "description-missing",
    "logo-relative",
    "type-twice",
    "type-of-no-resource",
    "type-max-below-min",
    "app-info-missing",
    "credential-twice",
    "combination-unknown",
    // answers
    "key-missing",
    "keys-swapped",
    "spaces",
    "escapes",
    "number-as-email",
    "nulls-left-out",
    "field-moved",
    "field-added",
    "raw-data-unasked",
    "probe-fails",
    "authorization-without-state",
    // errors
    "error-key-missing",
    "unknown-code",
    "no-message",
    "other-app-id",
    "bad-request-retryable",
    "other-fault",
    "negative-retry-after",
    "no-credentials-taken",
    "both-credentials-taken",
    "malformed-credentials-fail",
    "unknown-credential-taken",
    "credential-config-silent",
    "no-settings-taken",
    "settings-list-taken",
    "incomplete-settings-taken",
    "malformed-json-crashes",
    "no-request-taken",
    "missing-field-taken",
    "wrong-type-taken",
    "unknown-key-refused",
    "null-refused",
    "deep-nesting-crashes",
    "raised-by-the-sdk",
    "secret-in-answer",
    "secret-in-stderr",
    "secret-in-log",
    "secret-in-result-file",
    // process
    "greeting",
    "status-of-errors",
    "usage-status",
    "json-argument-differs",
    "quotes-kept",
    "result-on-stdout",
    "result-name-taken",
    "closed-pipe-waits",
    "big-input-refused",
    "termination-ignored",
    "environment-needed",
    "folder-needed",
    "calls-alone",
    "slow-start",
    "memory-hungry",
    "log-level-ignored",
    "log-file-renamed",
    "log-on-stdout",
    // server
    "server-dead",
    "server-answers-otherwise",
    "openapi-differs",
    "docs-missing",
    "unknown-path-answered",
    "get-answered",
    "errors-with-status-400",
    "bytes-answered",
    "large-body-refused",
    "server-dies-of-garbage",
    "server-mixes-calls",
    "server-ignores-termination",
    // limits
    "state-senseless",
    "state-refused",
    "mode-refused",
    "unknown-mode-taken",
    "deadline-ignored",
    "short-deadline-fails",
    "huge-deadline-crashes",
];

/// How often this was called before, by the file that `FAULT_STATE` names; 0 without one.
pub(crate) fn times_before() -> u64 {
    let Some(path) = std::env::var_os("FAULT_STATE") else { return 0 };
    let before = std::fs::metadata(&path).map_or(0, |it| it.len());
    let file = OpenOptions::new().create(true).append(true).open(&path);
    // When it cannot count, every time is the first.
    let _ = file.and_then(|mut file| file.write_all(b"."));
    before
}
