//! Why a handshake failed.

use std::error::Error;
use std::io;

use rustls::CertificateError::{
    Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext, Other,
    UnknownIssuer,
};

/// Why a TLS handshake failed, where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No trusted certificate has signed the server's.
    UnknownIssuer,
    /// The server's certificate names other hosts.
    OtherName,
    /// The server's certificate has expired, or is not valid yet.
    NotValidNow,
    /// The server shows the certificate of an authority.
    AuthorityAsServer,
    /// The server's certificate is of X.509 version 1.
    OldVersion,
    /// The server's certificate cannot be used for another reason.
    OtherCertificate,
    /// The two sides have no version or cipher of TLS in common, or one does not keep to the protocol.
    Protocol,
}

impl Problem {
    /// The problem behind an error, which may be that of a library that uses rustls. `None` when TLS has no part in it.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(tls) = error.downcast_ref() {
                return Some(Self::of_rustls(tls));
            }
            // The source of an I/O error is that of the error within it, which would be passed over.
            let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            cause = within.map_or_else(|| error.source(), |within| Some(within));
        }
        None
    }

    fn of_rustls(error: &rustls::Error) -> Self {
        let rustls::Error::InvalidCertificate(problem) = error else { return Self::Protocol };
        match problem {
            UnknownIssuer => Self::UnknownIssuer,
            NotValidForName | NotValidForNameContext { .. } => Self::OtherName,
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => Self::NotValidNow,
            Other(other) if other.to_string().contains("CaUsedAsEndEntity") => Self::AuthorityAsServer,
            Other(other) if other.to_string().contains("Version") => Self::OldVersion,
            _ => Self::OtherCertificate,
        }
    }

    /// What to do about it, as the hint of an error. `field` is the title of the setting with the certificates to
    /// [trust](super::Trust).
    #[must_use]
    pub fn hint(self, field: &str) -> String {
        match self {
            Self::UnknownIssuer => format!(
                "Enter the certificate of the authority that has signed the server's under '{field}'; for a self-signed \
                 one, the server's own."
            ),
            Self::OtherName => "Enter the host as the server's certificate names it.".to_owned(),
            Self::NotValidNow => "The server's certificate has expired or is not valid yet: renew it.".to_owned(),
            Self::AuthorityAsServer => format!(
                "The server shows the certificate of an authority: enter that certificate itself under '{field}', or \
                 make one for the server with `basicConstraints=CA:FALSE`."
            ),
            Self::OldVersion => {
                "The server's certificate is of X.509 version 1: make one of version 3, with `-extfile` and a \
                 `subjectAltName`."
                    .to_owned()
            }
            Self::OtherCertificate => {
                "The server's certificate cannot be used: make one with a `subjectAltName`, signed with SHA-256 or better."
                    .to_owned()
            }
            Self::Protocol => "The server and the connector share no version of TLS, 1.2 or 1.3.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_problem_is_found_within_the_errors_of_libraries() {
        let tls = || rustls::Error::InvalidCertificate(UnknownIssuer);
        let nested = io::Error::other(io::Error::other(tls()));
        for (error, problem) in [
            (Box::new(tls()) as Box<dyn Error>, Some(Problem::UnknownIssuer)),
            (Box::new(io::Error::other(tls())), Some(Problem::UnknownIssuer)),
            (Box::new(nested), Some(Problem::UnknownIssuer)),
            (Box::new(rustls::Error::DecryptError), Some(Problem::Protocol)),
            (Box::new(io::Error::other("closed")), None),
        ] {
            assert_eq!(Problem::of(&*error), problem, "{error}");
        }
        assert!(Problem::UnknownIssuer.hint("Authority").contains("'Authority'"));
    }
}
