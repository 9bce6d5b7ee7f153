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
}

impl Fault {
    /// The fault that the environment asks for. A name that is none is a mistake of whoever asks: nothing is answered.
    pub(crate) fn chosen() -> Self {
        let name = std::env::var("FAULT").unwrap_or_default();
        Self::named(&name).unwrap_or(Self::Silent)
    }
}

/// How often this was called before, by the file that `FAULT_STATE` names; 0 without one.
pub(crate) fn times_before() -> u64 {
    let Some(path) = std::env::var_os("FAULT_STATE") else { return 0 };
    let before = std::fs::metadata(&path).map_or(0, |it| it.len());
    let file = OpenOptions::new().create(true).append(true).open(&path);
    // When it cannot count, every time is the first.
    let _ = file.and_then(|mut file| file.write_all(b"."));
    before
}
