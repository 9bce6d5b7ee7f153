//! The names that follow from a connector's name: of the app, the package, the crate.

use lumos_connector_runtime::failure::Failure;

/// Longer names make lines that no formatter can break.
const LONGEST: usize = 40;

/// A connector's name, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    title: String,
    words: Vec<String>,
}

impl Name {
    /// The name, if files and crates can be called after it.
    pub(super) fn parse(given: &str) -> Result<Self, Failure> {
        let refused = |why: &str| {
            Err(Failure::new(format!("{given:?} cannot be the name of a connector: {why}"))
                .advice("a name has ASCII letters, digits, spaces, `-` and `_`, such as \"Acme CRM\""))
        };
        if let Some(odd) = given.chars().find(|letter| !is_part(*letter)) {
            return refused(&format!("it contains {odd:?}"));
        }
        let mut words: Vec<String> =
            given.split([' ', '-', '_']).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
        if words.len() > 1 && words[0] == "connector" {
            words.remove(0);
        } else if words.len() > 1 && words.last().is_some_and(|last| last == "connector") {
            words.pop();
        }
        let name = Self { title: title(given, &words), words };
        if name.words.is_empty() {
            return refused("it has no letters");
        }
        if name.app_id().len() > LONGEST {
            return refused(&format!("it is longer than {LONGEST} characters"));
        }
        Ok(name)
    }

    /// For people: `Acme CRM`.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// The app id: `acme-crm`.
    pub(super) fn app_id(&self) -> String {
        self.words.join("-")
    }

    /// The package's name, which is also that of its executable: `acme-crm-connector`. Where the app's name begins with
    /// a digit, which a package's cannot: `connector-7shifts`.
    pub(super) fn package(&self) -> String {
        let app_id = self.app_id();
        if app_id.starts_with(|first: char| first.is_ascii_digit()) {
            return format!("connector-{app_id}");
        }
        format!("{app_id}-connector")
    }

    /// The crate's name: `acme_crm_connector`. Its last word keeps it from being a keyword.
    pub(super) fn krate(&self) -> String {
        self.package().replace('-', "_")
    }
}

fn is_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-' | '_')
}

/// A name that was written with capitals is a title; any other gets them.
fn title(given: &str, words: &[String]) -> String {
    if given.chars().any(char::is_uppercase) {
        return given.split([' ', '_']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    }
    let capitalized = words.iter().map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    capitalized.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &str) -> (String, String, String) {
        let name = Name::parse(given).unwrap_or_else(|failure| panic!("{failure}"));
        (name.title().to_owned(), name.app_id(), name.krate())
    }

    #[test]
    fn words_are_found_whatever_separates_them() {
        for given in [
            "acme crm",
            "acme-crm",
            "acme_crm",
            " acme  crm ",
            "connector-acme-crm",
            "acme-crm-connector",
            "-acme-_crm",
        ] {
            let expected = ["Acme Crm", "acme-crm", "acme_crm_connector"].map(str::to_owned);
            assert_eq!(names(given), expected.into(), "{given:?}");
        }
        assert_eq!(names("Acme CRM").0, "Acme CRM");
    }

    #[test]
    fn keywords_and_numbers_are_fine_beside_the_other_word() {
        assert_eq!(names("type").2, "type_connector");
        assert_eq!(names("connector").2, "connector_connector");
        assert_eq!(names("7shifts").2, "connector_7shifts");
        assert_eq!(names("self").1, "self");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for given in
            ["", "  ", "-", "../x", "a/b", "a\\b", "a.b", "ünïcode", "日本", "a\0b", "a\"b", &"a".repeat(41)]
        {
            assert!(Name::parse(given).is_err(), "{given:?}");
        }
    }
}
