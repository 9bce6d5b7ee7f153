//! Titles that the reference makes from names.

/// A field's name as a title: `x5t_s256` → `X5T S256`. Every letter that follows no letter is a capital.
#[must_use]
pub fn title_case(name: &str) -> String {
    let mut title = String::with_capacity(name.len());
    let mut in_word = false;
    for letter in name.chars().map(|letter| if letter == '_' { ' ' } else { letter }) {
        if in_word {
            title.extend(letter.to_lowercase());
        } else {
            title.extend(letter.to_uppercase());
        }
        in_word = letter.is_alphabetic();
    }
    title
}

#[cfg(test)]
mod tests {
    use super::title_case;

    #[test]
    fn letters_after_anything_else_are_capitals() {
        let cases = [
            ("account_id", "Account Id"),
            ("x5u", "X5U"),
            ("x5t#S256", "X5T#S256"),
            ("get_oauth2_ab", "Get Oauth2 Ab"),
        ];
        for (name, title) in cases {
            assert_eq!(title_case(name), title);
        }
    }
}
