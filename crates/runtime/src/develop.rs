//! The commands that run cargo, which an executable that is shipped does without.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// `dev http-server --reload`, with the arguments of a server that does not reload.
#[cfg(feature = "develop")]
pub(crate) fn reload(arguments: &[String]) -> Result<(), Failure> {
    crate::server::reload::run(arguments)
}

/// `dev build-executable`; the path of the executable.
#[cfg(feature = "develop")]
pub(crate) fn build_executable(folder: &Path) -> Result<PathBuf, Failure> {
    Ok(crate::executable::Source::of(folder)?.build(None)?.path)
}

#[cfg(not(feature = "develop"))]
pub(crate) fn reload(_: &[String]) -> Result<(), Failure> {
    Err(left_out("--reload"))
}

#[cfg(not(feature = "develop"))]
pub(crate) fn build_executable(_: &Path) -> Result<PathBuf, Failure> {
    Err(left_out("build-executable"))
}

#[cfg(not(feature = "develop"))]
fn left_out(what: &str) -> Failure {
    Failure::new(format!("{what} is not part of this executable")).advice(
        "it was built without the feature `develop` of lumos-connector; run it with `cargo run` in the connector's folder",
    )
}

#[cfg(all(test, not(feature = "develop")))]
mod tests {
    use super::*;

    #[test]
    fn an_executable_without_the_feature_says_so() {
        let said = [reload(&[]).unwrap_err(), build_executable(Path::new(".")).unwrap_err()];
        for (said, what) in said.iter().zip(["--reload", "build-executable"]) {
            let said = said.to_string();
            assert!(said.contains(what) && said.contains("the feature `develop`"), "{said}");
        }
    }
}
