//! The certificates of a setting: PEM text however it was pasted, or the path of a file.

use lumos_connector_core::error::ConnectorError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::AsyncReadExt;

/// What every PEM text holds; a path does not.
const MARK: &str = "-----BEGIN";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Most bytes of a file; the bundles of cloud providers take a fifth of it.
const MOST: u64 = 1 << 20;

/// The certificates of a PEM text or file; none when it is neither.
pub(super) async fn read(given: &str) -> Vec<CertificateDer<'static>> {
    if given.contains(MARK) {
        return of_text(given);
    }
    file(given).await.map(|text| of_text(&text)).unwrap_or_default()
}

/// One error for all that can be wrong: it must not tell which files there are.
pub(super) fn unreadable(setting: &str) -> ConnectorError {
    ConnectorError::invalid_configuration(format!(
        "The setting `{setting}` is neither PEM text with a certificate authority nor the path of a readable file with \
         such text, of at most 1 MiB"
    ))
}

/// The text of a regular file. Devices and pipes are not opened: they may have no end.
async fn file(path: &str) -> Option<String> {
    let is_file = |metadata: std::fs::Metadata| metadata.is_file() && metadata.len() <= MOST;
    if !tokio::fs::metadata(path).await.is_ok_and(is_file) {
        return None;
    }
    let file = tokio::fs::File::open(path).await.ok()?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).await.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The certificates of a text: comments, byte-order marks, foreign line endings, line breaks that were pasted as `\n` or
/// blanks, and whatever else stands between them are passed over.
fn of_text(text: &str) -> Vec<CertificateDer<'static>> {
    let blocks = text.split(BEGIN).skip(1).filter_map(|rest| rest.split_once(END));
    let certificate = |(body, _): (&str, &str)| {
        let body = body.replace("\\r", "").replace("\\n", "");
        let body: String = body.chars().filter(|letter| !letter.is_whitespace()).collect();
        CertificateDer::from_pem_slice(format!("{BEGIN}\n{body}\n{END}\n").as_bytes()).ok()
    };
    blocks.filter_map(certificate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-----BEGIN CERTIFICATE-----\nAQID\nBAUG\n-----END CERTIFICATE-----\n";

    #[test]
    fn certificates_are_found_however_they_were_pasted() {
        for text in [
            TEXT.to_owned(),
            format!("\u{feff}{TEXT}"),
            TEXT.replace('\n', "\r\n"),
            TEXT.replace('\n', "\\n"),
            TEXT.replace('\n', "\\r\\n"),
            TEXT.replace('\n', " "),
            TEXT.replace('\n', "\n    "),
            format!("Certificate:\n    Data:\n        Version: 3 (0x2)\n{TEXT}"),
        ] {
            assert_eq!(of_text(&text), [CertificateDer::from(vec![1, 2, 3, 4, 5, 6])], "{text}");
        }
        let key = TEXT.replace("CERTIFICATE", "PRIVATE KEY");
        assert_eq!(of_text(&format!("# one\n{TEXT}{key}# two\n{TEXT}")).len(), 2);
        assert_eq!(of_text(&key).len(), 0);
    }

    #[tokio::test]
    async fn f7_whatever_is_wrong_with_a_path_there_is_nothing_and_that_comes_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("empty"), "").unwrap();
        std::fs::write(path("large"), TEXT.repeat(20_000)).unwrap();
        std::fs::write(path("good"), TEXT).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg(path("fifo")).status();
        let wrong = ["/dev/zero", "/etc/shadow", "/no/such/file", "/", "\0"].map(str::to_owned);
        for path in wrong.into_iter().chain(["empty", "large"].map(path)).chain(fifo.map(|_| path("fifo"))) {
            assert_eq!(read(&path).await, [], "{path}");
        }
        assert_eq!(read(&path("good")).await.len(), 1);
    }
}
