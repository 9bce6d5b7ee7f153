//! A bar for each step of time or size.

use maud::{Markup, html};

use super::{float, place, px};
use crate::page::text::grouped;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 30.0;
const TOP: f64 = 14.0;

/// Draws columns beside each other; names stand below some of them, as there is room.
pub(crate) fn draw(label: &str, columns: &[(String, u64)]) -> Markup {
    let greatest = columns.iter().map(|(_, value)| *value).max().unwrap_or_default().max(1);
    let step = (WIDTH - LEFT) / place(columns.len().max(1));
    let room = HEIGHT - BOTTOM - TOP;
    let every = columns.len().div_ceil(7).max(1);
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            svg.picture viewBox={ "0 0 " (px(WIDTH)) " " (px(HEIGHT)) } width=(px(WIDTH)) height=(px(HEIGHT)) role="img" aria-label=(label) {
                line.axis x1=(px(LEFT)) x2=(px(WIDTH)) y1=(px(HEIGHT - BOTTOM)) y2=(px(HEIGHT - BOTTOM)) {}
                text.value x=(px(LEFT - 6.0)) y=(px(TOP + 10.0)) text-anchor="end" { (grouped(greatest)) }
                text.value x=(px(LEFT - 6.0)) y=(px(HEIGHT - BOTTOM)) text-anchor="end" { "0" }
                @for (number, (name, value)) in columns.iter().enumerate() {
                    @let length = float(*value) / float(greatest) * room;
                    @let length = if *value > 0 { length.max(1.0) } else { 0.0 };
                    @let x = LEFT + place(number) * step;
                    @let gap = if step > 4.0 { 1.0 } else { 0.0 };
                    rect.bar x=(px(x)) y=(px(HEIGHT - BOTTOM - length)) width=(px((step - gap).max(0.5))) height=(px(length)) {
                        title { (name) ": " (grouped(*value)) }
                    }
                    @if number % every == 0 {
                        text.value x=(px(x)) y=(px(HEIGHT - BOTTOM + 18.0)) { (name) }
                    }
                }
            }
        }
    }
}
