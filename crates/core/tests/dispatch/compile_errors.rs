//! The compile errors that authors are promised. Each file of `tests/ui` is one mistake; the text beside it is what
//! the compiler says about it, reviewed as prose.
//!
//! The texts are those of one compiler. `TRYBUILD=overwrite cargo test -p lumos-connector-core compile` writes them
//! anew; read them before keeping them.

#[test]
fn mistakes_of_authors_are_explained_by_the_compiler() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
