//! An answer's envelope, taken apart while it arrives. Its members may come in any order.

use std::ops::Range;

use lumos_connector_types::json::{Json, MAX_DEPTH};

use super::syntax::{Event, Kind, Scanner, SyntaxError};
use crate::rows::RowBatch;

/// What happens to the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    /// It is kept whole.
    Whole,
    /// Its rows are handed out.
    Rows,
}

/// How much may be held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes of one row, and of one other member of a payload.
    pub(crate) row: u64,
    /// Bytes of everything else that is held whole.
    pub(crate) whole: u64,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is not what an answer has to be.
    Invalid(String),
    /// A part is too large.
    TooLarge { part: &'static str, limit: u64 },
    /// It ends too soon.
    Truncated,
}

/// The members of an answer that has been read to its end.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    /// The payload, when it was to be kept whole.
    pub(crate) response: Option<Json>,
    /// Whether there was a payload.
    pub(crate) has_response: bool,
    /// Members of a payload that is an object, without its lists.
    pub(crate) members: Vec<(String, Json)>,
    pub(crate) page: Option<Json>,
    pub(crate) rate_limit: Option<Json>,
    pub(crate) execution_summary: Option<Json>,
    pub(crate) raw_data: Option<Json>,
    pub(crate) error: Option<Json>,
    pub(crate) is_error: bool,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Longer keys are not those of an envelope.
const LONGEST_KEY: usize = 1024;

/// How much is read at a time.
pub(crate) const PIECE: usize = 64 << 10;

/// How much of the beginning is kept for messages.
const FIRST: usize = 200;

/// A member of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Response,
    Page,
    RateLimit,
    ExecutionSummary,
    RawData,
    Error,
    IsError,
    Unknown,
}

impl Member {
    fn named(name: &str) -> Self {
        match name {
            "response" => Self::Response,
            "page" => Self::Page,
            "rate_limit" => Self::RateLimit,
            "execution_summary" => Self::ExecutionSummary,
            "raw_data" => Self::RawData,
            "error" => Self::Error,
            "is_error" => Self::IsError,
            _ => Self::Unknown,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Page => "page",
            Self::RateLimit => "rate_limit",
            Self::ExecutionSummary => "execution_summary",
            Self::RawData => "raw_data",
            Self::Error => "error",
            Self::IsError => "is_error",
            Self::Unknown => "a member",
        }
    }
}

/// What the current piece of text is, when it is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// Nothing is kept.
    Nothing,
    /// A key.
    Key,
    /// A member of the envelope.
    Member,
    /// A row of the payload.
    Row,
    /// A member of a payload that is an object.
    PayloadMember,
}

/// Reads an answer piece by piece.
#[derive(Debug)]
pub(crate) struct EnvelopeReader {
    scanner: Scanner,
    payload: Payload,
    keep_raw_data: bool,
    bounds: Bounds,
    /// What has arrived and is still needed.
    buffer: Vec<u8>,
    /// How far the buffer has been read.
    at: usize,
    /// Where the piece that is kept begins in the buffer.
    start: usize,
    held: Held,
    /// How many bytes were dropped from the buffer's front.
    dropped: u64,
    first: Vec<u8>,
    member: Member,
    seen: Vec<Member>,
    /// The member of the payload whose key was read last; `None` while the payload is a list.
    payload_member: Option<Box<str>>,
    /// Rows that have ended since the last batch was handed out.
    rows: Vec<Range<usize>>,
    envelope: Envelope,
}

impl EnvelopeReader {
    pub(crate) fn new(payload: Payload, keep_raw_data: bool, bounds: Bounds) -> Self {
        let mut scanner = Scanner::new();
        scanner.watch(1);
        Self {
            scanner,
            payload,
            keep_raw_data,
            bounds,
            buffer: Vec::new(),
            at: 0,
            start: 0,
            held: Held::Nothing,
            dropped: 0,
            first: Vec::new(),
            member: Member::Unknown,
            seen: Vec::new(),
            payload_member: None,
            rows: Vec::new(),
            envelope: Envelope::default(),
        }
    }

    /// Where the next piece is to be appended; [`scan`](Self::scan) reads it.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// How the answer begins, for messages.
    pub(crate) fn first(&self) -> String {
        let end = self.first.len().min(FIRST);
        String::from_utf8_lossy(&self.first[..end]).into_owned()
    }

    /// Whether the whole document has arrived.
    pub(crate) fn is_done(&self) -> bool {
        self.scanner.is_done()
    }

    /// How many bytes have arrived.
    pub(crate) fn bytes(&self) -> u64 {
        self.dropped + length(self.buffer.len())
    }

    /// Reads what was appended, and gives the rows that have ended in it.
    pub(crate) fn scan(&mut self) -> Result<Vec<RowBatch>, Problem> {
        if self.first.len() < FIRST {
            let wanted = FIRST - self.first.len();
            let from = self.at.min(self.buffer.len());
            let to = self.buffer.len().min(from + wanted);
            self.first.extend_from_slice(&self.buffer[from..to]);
        }
        let mut batches = Vec::new();
        loop {
            let mut at = self.at;
            let event = self.scanner.next(&self.buffer, &mut at).map_err(|error| self.describe(error));
            self.at = at;
            match event? {
                Event::More => break,
                Event::KeyStart { at } => self.hold(Held::Key, at),
                Event::KeyEnd { end } => self.key(end, &mut batches)?,
                Event::ValueStart { at, depth, kind } => self.value_starts(at, depth, kind)?,
                Event::ValueEnd { end, depth } => self.value_ends(end, depth, &mut batches)?,
            }
        }
        self.check_size(self.buffer.len())?;
        self.cut(&mut batches)?;
        Ok(batches)
    }

    /// The members, when the whole document has arrived.
    pub(crate) fn finish(mut self) -> Result<Envelope, Problem> {
        if !self.scanner.end() {
            return Err(Problem::Truncated);
        }
        self.envelope.bytes = self.bytes();
        Ok(self.envelope)
    }

    fn hold(&mut self, held: Held, start: usize) {
        self.held = held;
        self.start = start;
    }

    /// A key has ended: of the envelope, or of a payload that is an object.
    fn key(&mut self, end: usize, batches: &mut Vec<RowBatch>) -> Result<(), Problem> {
        self.check_size(end)?;
        let key = self.key_text(end)?;
        self.held = Held::Nothing;
        if self.in_payload() {
            self.batch(batches)?;
            self.payload_member = Some(key.into());
            return Ok(());
        }
        self.member = Member::named(&key);
        if self.member != Member::Unknown {
            if self.seen.contains(&self.member) {
                return Err(Problem::Invalid(format!("`{key}` stands twice in the envelope")));
            }
            self.seen.push(self.member);
        }
        Ok(())
    }

    /// Whether the scanner is inside a payload that is read member by member.
    fn in_payload(&self) -> bool {
        self.payload_member.is_some()
    }

    fn key_text(&self, end: usize) -> Result<String, Problem> {
        serde_json::from_slice(&self.buffer[self.start..end])
            .map_err(|_| Problem::Invalid("a key is not valid text".to_owned()))
    }

    fn value_starts(&mut self, at: usize, depth: usize, kind: Kind) -> Result<(), Problem> {
        match depth {
            0 if kind != Kind::Object => {
                Err(Problem::Invalid("expected an object, got another value".to_owned()))
            }
            0 => Ok(()),
            1 => self.member_starts(at, kind),
            // The payload is a list, or an object whose members are looked at.
            2 if !self.in_payload() => {
                self.hold(Held::Row, at);
                Ok(())
            }
            2 if kind == Kind::Array => {
                self.scanner.watch(3);
                Ok(())
            }
            2 => {
                self.hold(Held::PayloadMember, at);
                Ok(())
            }
            _ if self.held == Held::Nothing => {
                self.hold(Held::Row, at);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn member_starts(&mut self, at: usize, kind: Kind) -> Result<(), Problem> {
        match self.member {
            Member::Unknown => {}
            Member::Response => {
                self.envelope.has_response = true;
                match (self.payload, kind) {
                    (Payload::Whole, _) => self.hold(Held::Member, at),
                    (Payload::Rows, Kind::Array) => self.scanner.watch(2),
                    (Payload::Rows, Kind::Object) => {
                        self.payload_member = Some("".into());
                        self.scanner.watch(2);
                    }
                    // The null beside an error is no payload.
                    (Payload::Rows, Kind::Scalar) => self.hold(Held::Member, at),
                }
            }
            Member::RawData if !self.keep_raw_data => {}
            _ => self.hold(Held::Member, at),
        }
        Ok(())
    }

    fn value_ends(&mut self, end: usize, depth: usize, batches: &mut Vec<RowBatch>) -> Result<(), Problem> {
        self.check_size(end)?;
        match (self.held, depth) {
            (Held::Row, _) => {
                self.rows.push(self.start..end);
                self.envelope.rows += 1;
            }
            (Held::PayloadMember, 2) => {
                let value = self.taken(end)?;
                let name = self.payload_member.clone().unwrap_or_default();
                self.envelope.members.push((name.into(), value));
            }
            (Held::Member, 1) => {
                let value = self.taken(end)?;
                self.put(value)?;
            }
            _ => {}
        }
        self.held = Held::Nothing;
        match depth {
            1 => {
                if self.in_payload() {
                    self.batch(batches)?;
                    self.payload_member = None;
                }
                self.scanner.watch(1);
            }
            2 if self.in_payload() => self.scanner.watch(2),
            _ => {}
        }
        Ok(())
    }

    fn taken(&self, end: usize) -> Result<Json, Problem> {
        let text = String::from_utf8(self.buffer[self.start..end].to_vec())
            .map_err(|_| Problem::Invalid("it is not UTF-8".to_owned()))?;
        // The reader of types is stricter in nothing that matters here.
        Json::from_text(text).map_err(|error| Problem::Invalid(error.to_string()))
    }

    fn put(&mut self, value: Json) -> Result<(), Problem> {
        let is_null = value.text() == "null";
        let some = |value: Json| (!is_null).then_some(value);
        match self.member {
            Member::Response if self.payload == Payload::Rows && !is_null => {
                return Err(Problem::Invalid("`response` is neither a list nor an object".to_owned()));
            }
            Member::Response => {
                self.envelope.has_response = !is_null || self.payload == Payload::Whole;
                self.envelope.response = Some(value);
            }
            Member::Page => self.envelope.page = some(value),
            Member::RateLimit => self.envelope.rate_limit = some(value),
            Member::ExecutionSummary => self.envelope.execution_summary = some(value),
            Member::RawData => self.envelope.raw_data = some(value),
            Member::Error => self.envelope.error = some(value),
            Member::IsError => self.envelope.is_error = value.text() == "true",
            Member::Unknown => {}
        }
        Ok(())
    }

    /// Whether the piece that is kept, which reaches to `end` at least, is still small enough.
    fn check_size(&self, end: usize) -> Result<(), Problem> {
        let size = length(end.saturating_sub(self.start));
        let (part, limit) = match self.held {
            Held::Nothing => return Ok(()),
            Held::Key => ("a key", length(LONGEST_KEY)),
            Held::Row => ("a row", self.bounds.row),
            Held::PayloadMember => ("a member of the payload", self.bounds.row),
            Held::Member if matches!(self.member, Member::Page | Member::RateLimit | Member::IsError) => {
                (self.member.name(), self.bounds.row)
            }
            Held::Member => (self.member.name(), self.bounds.whole),
        };
        if size > limit { Err(Problem::TooLarge { part, limit }) } else { Ok(()) }
    }

    /// Hands out the rows that have ended, in a copy of their text. Used where one piece holds rows of two members.
    fn batch(&mut self, batches: &mut Vec<RowBatch>) -> Result<(), Problem> {
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else { return Ok(()) };
        let (from, to) = (first.start, last.end);
        let text = utf8(self.buffer[from..to].to_vec())?;
        let rows = self.rows.drain(..).map(|row| row.start - from..row.end - from).collect();
        batches.push(RowBatch { member: self.payload_member.clone(), text, rows });
        Ok(())
    }

    /// Drops what is not needed any more; rows that have ended take their text with them.
    fn cut(&mut self, batches: &mut Vec<RowBatch>) -> Result<(), Problem> {
        let keep_from = if self.held == Held::Nothing { self.at } else { self.start };
        if self.rows.is_empty() && keep_from == 0 {
            return Ok(());
        }
        let Some(last) = self.rows.last() else {
            self.buffer.drain(..keep_from);
            self.moved(keep_from);
            return Ok(());
        };
        let mut tail = Vec::with_capacity(self.buffer.len() - keep_from + PIECE);
        tail.extend_from_slice(&self.buffer[keep_from..]);
        let mut text = std::mem::replace(&mut self.buffer, tail);
        text.truncate(last.end);
        let text = utf8(text)?;
        let rows = std::mem::take(&mut self.rows);
        batches.push(RowBatch { member: self.payload_member.clone(), text, rows });
        self.moved(keep_from);
        Ok(())
    }

    /// So many bytes were dropped from the buffer's front.
    fn moved(&mut self, dropped: usize) {
        self.dropped += length(dropped);
        self.at -= dropped;
        self.start = 0;
    }

    fn describe(&self, error: SyntaxError) -> Problem {
        match error {
            SyntaxError::Unexpected { .. } if !self.scanner.has_begun() => {
                Problem::Invalid("expected a JSON object".to_owned())
            }
            SyntaxError::Unexpected { at, expected } => {
                Problem::Invalid(format!("byte {}: expected {expected}", self.dropped + length(at) + 1))
            }
            SyntaxError::TooDeep { at } => Problem::Invalid(format!(
                "byte {}: more than {MAX_DEPTH} levels of nesting",
                self.dropped + length(at) + 1
            )),
        }
    }
}

fn utf8(text: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(text).map_err(|_| Problem::Invalid("it is not UTF-8".to_owned()))
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const BOUNDS: Bounds = Bounds { row: 1 << 20, whole: 1 << 20 };

    type Read = (Envelope, Vec<(Option<String>, String)>);

    fn read_pieces(payload: Payload, bounds: Bounds, pieces: &[&[u8]]) -> Result<Read, Problem> {
        let mut reader = EnvelopeReader::new(payload, true, bounds);
        let mut rows = Vec::new();
        for piece in pieces {
            reader.buffer().extend_from_slice(piece);
            for batch in reader.scan()? {
                assert!(!batch.is_empty());
                rows.extend(batch.iter().map(|row| (batch.member().map(str::to_owned), row.to_owned())));
            }
        }
        Ok((reader.finish()?, rows))
    }

    fn read(text: &str) -> Result<Read, Problem> {
        read_pieces(Payload::Rows, BOUNDS, &[text.as_bytes()])
    }

    fn invalid(text: &str) -> String {
        match read(text) {
            Err(Problem::Invalid(problem)) => problem,
            other => panic!("{text}: {other:?}"),
        }
    }

    const STANDARD: &str = r#"{"response":[{"id":"a","n":[1,2]},{"id":"b"}],"raw_data":{"GET /":[1]},"page":{"token":"ff","size":2},"rate_limit":{"current_state":null},"execution_summary":null}"#;
    const CUSTOM: &str = r#"{"page":{"token":"ff","size":2},"raw_data":{"GET /":[1]},"execution_summary":null,"rate_limit":{"current_state":null},"response":[{"id":"a","n":[1,2]},{"id":"b"}]}"#;
    const GRAPH: &str = r#" { "response" : { "resources" : [ {"id":1} , {"id":2} ] , "note" : {"a":[{}]}, "relationships":[[],"x",3], "cursor":"c\"" } , "page":null } "#;

    #[test]
    fn standard_and_custom_envelopes_are_read_wherever_they_are_cut() {
        for text in [STANDARD, CUSTOM] {
            for cut in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let (envelope, rows) = read_pieces(Payload::Rows, BOUNDS, &[first, second]).unwrap();
                let texts: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
                assert_eq!(texts, [r#"{"id":"a","n":[1,2]}"#, r#"{"id":"b"}"#], "cut at {cut}");
                assert_eq!(envelope.page.unwrap().text(), r#"{"token":"ff","size":2}"#);
                assert_eq!(envelope.raw_data.unwrap().text(), r#"{"GET /":[1]}"#);
                assert!(envelope.execution_summary.is_none());
                assert_eq!((envelope.rows, envelope.bytes), (2, text.len() as u64));
            }
        }
    }

    #[test]
    fn lists_in_a_payload_are_rows_under_their_member_and_the_rest_are_members() {
        for cut in 0..=GRAPH.len() {
            let (first, second) = GRAPH.as_bytes().split_at(cut);
            let (envelope, rows) = read_pieces(Payload::Rows, BOUNDS, &[first, second]).unwrap();
            let rows: Vec<_> =
                rows.iter().map(|(member, row)| (member.as_deref().unwrap(), row.as_str())).collect();
            assert_eq!(
                rows,
                [
                    ("resources", r#"{"id":1}"#),
                    ("resources", r#"{"id":2}"#),
                    ("relationships", "[]"),
                    ("relationships", "\"x\""),
                    ("relationships", "3")
                ],
                "cut at {cut}"
            );
            let members: Vec<_> =
                envelope.members.iter().map(|(name, value)| (name.as_str(), value.text())).collect();
            assert_eq!(members, [("note", r#"{"a":[{}]}"#), ("cursor", r#""c\"""#)]);
        }
    }

    #[test]
    fn byte_by_byte_is_the_same_as_at_once() {
        for text in [STANDARD, CUSTOM, GRAPH] {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            let (envelope, rows) = read_pieces(Payload::Rows, BOUNDS, &pieces).unwrap();
            let (at_once, rows_at_once) = read(text).unwrap();
            assert_eq!(rows, rows_at_once);
            assert_eq!(envelope.members, at_once.members);
            assert_eq!(envelope.bytes, at_once.bytes);
        }
    }

    #[test]
    fn a_payload_can_be_kept_whole() {
        let (envelope, rows) = read_pieces(Payload::Whole, BOUNDS, &[GRAPH.as_bytes()]).unwrap();
        assert!(rows.is_empty());
        let response: Value = envelope.response.unwrap().read().unwrap();
        assert_eq!(response["cursor"], json!("c\""));
    }

    #[test]
    fn an_error_envelope_has_no_payload() {
        let (envelope, rows) =
            read(r#"{"is_error":true,"error":{"message":"m"},"raw_data":null,"page":null}"#).unwrap();
        assert!(envelope.is_error && !envelope.has_response && rows.is_empty());
        assert_eq!(envelope.error.unwrap().text(), r#"{"message":"m"}"#);
    }

    #[test]
    fn noise_before_and_after_the_document_is_an_error() {
        assert_eq!(invalid("Traceback (most recent call last)"), "expected a JSON object");
        assert_eq!(invalid("null"), "expected an object, got another value");
        assert_eq!(invalid("[{}]"), "expected an object, got another value");
        assert!(invalid("debug\n{}").contains("expected a JSON object"));
        assert!(invalid("{\"response\":[]}\ndone").contains("nothing after the document"));
        assert!(invalid("{\"response\":[]}{\"response\":[]}").contains("nothing after the document"));
        assert!(read("\n{\"response\":[]}\r\n ").is_ok());
    }

    #[test]
    fn an_envelope_that_says_a_thing_twice_is_an_error() {
        assert_eq!(invalid(r#"{"response":[1],"response":[2]}"#), "`response` stands twice in the envelope");
    }

    #[test]
    fn a_payload_that_has_no_rows_is_an_error_when_rows_are_wanted() {
        assert_eq!(invalid(r#"{"response":5}"#), "`response` is neither a list nor an object");
    }

    #[test]
    fn every_prefix_of_an_answer_is_truncated() {
        for end in 0..STANDARD.len() {
            assert_eq!(read(&STANDARD[..end]).unwrap_err(), Problem::Truncated, "{end}");
        }
    }

    #[test]
    fn what_is_held_is_bounded_and_what_is_handed_out_is_not() {
        let bounds = Bounds { row: 64, whole: 64 };
        let row = format!(r#"{{"id":"{}"}}"#, "x".repeat(40));
        let long = format!(r#"{{"response":[{}]}}"#, vec![row.as_str(); 1000].join(","));
        let pieces: Vec<&[u8]> = long.as_bytes().chunks(7).collect();
        assert_eq!(read_pieces(Payload::Rows, bounds, &pieces).unwrap().0.rows, 1000);
        let large = |text: String| match read_pieces(Payload::Rows, bounds, &[text.as_bytes()]) {
            Err(Problem::TooLarge { part, limit: 64 | 1024 }) => part,
            other => panic!("{other:?}"),
        };
        let wide = "x".repeat(65);
        assert_eq!(large(format!(r#"{{"response":["{wide}"]}}"#)), "a row");
        assert_eq!(large(format!(r#"{{"response":{{"cursor":"{wide}"}}}}"#)), "a member of the payload");
        assert_eq!(large(format!(r#"{{"raw_data":"{wide}"}}"#)), "raw_data");
        assert_eq!(large(format!(r#"{{"page":"{wide}"}}"#)), "page");
        assert_eq!(large(format!(r#"{{"{}":1}}"#, "k".repeat(2000))), "a key");
        // A row without an end is noticed while it arrives.
        assert_eq!(large(format!(r#"{{"response":["{wide}"#)), "a row");
        assert_eq!(
            read_pieces(Payload::Whole, bounds, &[long.as_bytes()]).unwrap_err(),
            Problem::TooLarge { part: "response", limit: 64 }
        );
    }

    #[test]
    fn raw_data_that_was_not_asked_for_is_not_kept() {
        let mut reader = EnvelopeReader::new(Payload::Rows, false, Bounds { row: 64, whole: 64 });
        reader.buffer().extend_from_slice(br#"{"response":[],"raw_data":""#);
        reader.scan().unwrap();
        for _ in 0..1000 {
            reader.buffer().extend_from_slice(&[b'x'; 1000]);
            reader.scan().unwrap();
            assert!(reader.buffer().is_empty());
        }
        reader.buffer().extend_from_slice(br#""}"#);
        reader.scan().unwrap();
        assert_eq!(reader.finish().unwrap().raw_data, None);
    }

    #[test]
    fn a_row_that_is_not_utf8_is_an_error() {
        let text = b"{\"response\":[\"\xff\"]}";
        assert_eq!(
            read_pieces(Payload::Rows, BOUNDS, &[text]).unwrap_err(),
            Problem::Invalid("it is not UTF-8".to_owned())
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((".{0,6}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_answer_is_read_as_serde_json_reads_it(
            rows in proptest::collection::vec(any_json(), 0..6),
            raw_data in any_json(),
            other in any_json(),
            order in Just(vec!["response", "raw_data", "page", "other"]).prop_shuffle(),
            pretty in any::<bool>(),
            size in 1_usize..20,
        ) {
            let mut answer = serde_json::Map::new();
            for name in order {
                let value = match name {
                    "response" => Value::from(rows.clone()),
                    "raw_data" => raw_data.clone(),
                    "page" => json!({"token": "t"}),
                    name => { answer.insert(name.to_owned(), other.clone()); continue }
                };
                answer.insert(name.to_owned(), value);
            }
            let text = if pretty { serde_json::to_string_pretty(&answer) } else { serde_json::to_string(&answer) }.unwrap();
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let (envelope, found) = read_pieces(Payload::Rows, BOUNDS, &pieces).unwrap();
            let found: Vec<Value> = found.iter().map(|(_, row)| serde_json::from_str(row).unwrap()).collect();
            prop_assert_eq!(found, rows);
            let kept = envelope.raw_data.map_or(Value::Null, |kept| serde_json::from_str(kept.text()).unwrap());
            prop_assert_eq!(kept, raw_data);
        }

        #[test]
        fn any_bytes_end_in_an_answer_or_an_error(
            prefix in 0_usize..STANDARD.len(),
            noise in proptest::collection::vec(any::<u8>(), 0..30),
            size in 1_usize..9,
        ) {
            let mut text = STANDARD.as_bytes()[..prefix].to_vec();
            text.extend(noise);
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            let _ = read_pieces(Payload::Rows, BOUNDS, &pieces);
        }
    }
}
