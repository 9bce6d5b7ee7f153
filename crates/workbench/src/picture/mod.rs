//! Charts as SVG, drawn here: the browser runs no code for them. Colours are classes of the style sheet, so that they
//! follow light and dark; texts come from apps and are escaped like everywhere.
//!
//! | file | what it draws |
//! | --- | --- |
//! | `bars` | names with a bar each |
//! | `columns` | a bar for each step of time or size |
//! | `lines` | values over time |
//! | `matrix` | accounts × entitlements, alike beside alike |
//! | `layers` | boxes in layers, and how much goes from box to box |
//! | `cluster` | an order in which alike things stand beside each other |

pub(crate) mod bars;
mod cluster;
pub(crate) mod columns;
pub(crate) mod layers;
pub(crate) mod lines;
pub(crate) mod matrix;

/// A length in a picture with one digit: enough for eyes, and short.
fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// A number as a length.
#[expect(clippy::cast_precision_loss, reason = "a length in a picture need not be exact")]
fn float(number: u64) -> f64 {
    number as f64
}

/// The same for places in a list.
fn place(number: usize) -> f64 {
    float(u64::try_from(number).unwrap_or(u64::MAX))
}
