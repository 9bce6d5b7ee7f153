//! The twins: connectors that exist once on the Python reference and once here, specified in `conformance/golden/TWINS.md`.

use serde_json::{Value, json};

use crate::binaries::Binaries;

/// A twin, and where to find it in this workspace.
#[derive(Debug)]
pub struct Twin {
    /// Its name in the recorded cases.
    pub name: &'static str,
    /// The package that builds it.
    pub package: &'static str,
    /// The binary that it is.
    pub binary: &'static str,
}

/// Every twin that exists here.
pub const TWINS: &[Twin] = &[
    Twin { name: "mock_connector", package: "lumos-mock-connector", binary: "mock-connector" },
    Twin { name: "oauth_mock", package: "lumos-conformance-oauth-mock", binary: "oauth-mock" },
    Twin {
        name: "client_credentials_mock",
        package: "lumos-conformance-client-credentials-mock",
        binary: "client-credentials-mock",
    },
    Twin {
        name: "client_credentials_query_mock",
        package: "lumos-conformance-client-credentials-query-mock",
        binary: "client-credentials-query-mock",
    },
    Twin { name: "multi_auth_mock", package: "lumos-conformance-multi-auth-mock", binary: "multi-auth-mock" },
    Twin {
        name: "fallback_auth_mock",
        package: "lumos-conformance-fallback-auth-mock",
        binary: "fallback-auth-mock",
    },
    Twin { name: "open_mock", package: "lumos-conformance-open-mock", binary: "open-mock" },
];

impl Twin {
    /// Its entry in the targets file of `compare.py`: how to start it.
    pub fn target(&self, binaries: &Binaries) -> Value {
        let binary = binaries.path(self.binary);
        json!({ "cli": [binary], "http": [binary, "dev", "http-server", "--port", "{port}"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binaries::Choice;
    use cargo_metadata::MetadataCommand;

    #[test]
    fn the_command_of_the_server_says_where_its_port_goes() -> anyhow::Result<()> {
        let binaries = Binaries::new(Choice::default(), &MetadataCommand::new().no_deps().exec()?);
        let target = Twin { name: "a_mock", package: "a-mock", binary: "a-mock" }.target(&binaries);
        assert_eq!(target["http"][4], "{port}");
        assert_eq!(target["http"][0], target["cli"][0]);
        Ok(())
    }
}
