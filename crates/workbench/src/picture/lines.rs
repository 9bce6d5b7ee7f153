//! Values over time: one line for each name.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::{float, place, px};
use crate::page::text::grouped;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 190.0;
const BOTTOM: f64 = 30.0;
const TOP: f64 = 14.0;
/// How many classes of colours there are.
const COLOURS: usize = 8;

/// A line: its name, and a value at each step where there is one.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<u64>>,
}

/// Draws lines above the same steps.
pub(crate) fn draw(label: &str, steps: &[String], lines: &[Line]) -> Markup {
    let greatest =
        lines.iter().flat_map(|line| line.values.iter().flatten()).max().copied().unwrap_or_default().max(1);
    let room = HEIGHT - BOTTOM - TOP;
    let gap = (WIDTH - LEFT - RIGHT) / place(steps.len().saturating_sub(1).max(1));
    let x = |step: usize| LEFT + place(step) * gap;
    let y = |value: u64| HEIGHT - BOTTOM - float(value) / float(greatest) * room;
    let every = steps.len().div_ceil(6).max(1);
    let mut ends: Vec<(usize, f64)> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| {
            (number, line.values.iter().rev().flatten().next().map_or(HEIGHT, |value| y(*value)))
        })
        .collect();
    ends.sort_by(|one, other| one.1.total_cmp(&other.1));
    // Names do not cover each other.
    let mut lowest = f64::MIN;
    for end in &mut ends {
        end.1 = end.1.max(lowest + 14.0).max(TOP + 4.0);
        lowest = end.1;
    }
    let height = HEIGHT.max(lowest + 20.0);
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            svg.picture viewBox={ "0 0 " (px(WIDTH)) " " (px(height)) } width=(px(WIDTH)) height=(px(height)) role="img" aria-label=(label) {
                line.axis x1=(px(LEFT)) x2=(px(WIDTH - RIGHT)) y1=(px(HEIGHT - BOTTOM)) y2=(px(HEIGHT - BOTTOM)) {}
                text.value x=(px(LEFT - 6.0)) y=(px(TOP + 10.0)) text-anchor="end" { (grouped(greatest)) }
                text.value x=(px(LEFT - 6.0)) y=(px(HEIGHT - BOTTOM)) text-anchor="end" { "0" }
                @for (number, name) in steps.iter().enumerate().filter(|(number, _)| number % every == 0) {
                    text.value x=(px(x(number))) y=(px(HEIGHT - BOTTOM + 18.0)) text-anchor=(if number + 1 == steps.len() && number > 0 { "end" } else { "start" }) { (name) }
                }
                @for (number, line) in lines.iter().enumerate() {
                    path class={ "line hue-" (number % COLOURS) } d=(path(line, &x, &y)) fill="none" {}
                    @for (step, value) in line.values.iter().enumerate().filter_map(|(step, value)| value.map(|value| (step, value))) {
                        circle class={ "dot hue-" (number % COLOURS) } cx=(px(x(step))) cy=(px(y(value))) r="3" { title { (line.name) ", " (steps[step]) ": " (grouped(value)) } }
                    }
                }
                @for (number, end) in &ends {
                    text class={ "value hue-" (number % COLOURS) } x=(px(WIDTH - RIGHT + 10.0)) y=(px(end + 4.0)) { (lines[*number].name) }
                }
            }
        }
    }
}

fn path(line: &Line, x: &impl Fn(usize) -> f64, y: &impl Fn(u64) -> f64) -> String {
    let mut path = String::new();
    let mut is_drawn = false;
    for (step, value) in line.values.iter().enumerate() {
        match value {
            None => is_drawn = false,
            Some(value) => {
                let command = if is_drawn { 'L' } else { 'M' };
                let _ = write!(path, "{command}{} {}", px(x(step)), px(y(*value)));
                is_drawn = true;
            }
        }
    }
    path
}
