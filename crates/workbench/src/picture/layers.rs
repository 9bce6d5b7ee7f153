//! Boxes in layers, and how much goes from box to box.

use maud::{Markup, html};

use super::{float, px};
use crate::index::counts::Layers;
use crate::page::text::{grouped, shortened};

const WIDTH: f64 = 860.0;
const NAMES: f64 = 200.0;
const BOX: f64 = 12.0;
const GAP: f64 = 10.0;
const HEAD: f64 = 26.0;
const LEAST: f64 = 14.0;
/// How high the boxes of a layer are together.
const BODY: f64 = 420.0;
const COLOURS: usize = 8;

/// A box with its place.
struct Placed<'a> {
    name: &'a str,
    weight: u64,
    x: f64,
    y: f64,
    height: f64,
    /// Where the next flow that comes in, or goes out, begins.
    taken: [f64; 2],
}

/// Draws the layers from left to right.
pub(crate) fn draw(label: &str, picture: &Layers) -> Markup {
    let mut layers = placed(picture);
    let lowest = layers.iter().flatten().map(|one| one.y + one.height).fold(HEAD, f64::max);
    let height = lowest + 10.0;
    let mut flows = Vec::new();
    for (gap, all) in picture.flows.iter().enumerate() {
        for (from, to, weight) in all {
            let (Some(left), Some(right)) =
                (share(&mut layers, gap, *from, 1, *weight), share(&mut layers, gap + 1, *to, 0, *weight))
            else {
                continue;
            };
            let name = |layer: usize, place: usize| layers[layer][place].name.to_owned();
            let text = format!("{} → {}: {}", name(gap, *from), name(gap + 1, *to), grouped(*weight));
            flows.push((ribbon(left, right), from % COLOURS, text));
        }
    }
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            svg.picture viewBox={ "0 0 " (px(WIDTH)) " " (px(height)) } width=(px(WIDTH)) height=(px(height)) role="img" aria-label=(label) {
                @for (path, hue, text) in &flows {
                    path class={ "flow hue-" (hue) } d=(path) { title { (text) } }
                }
                @for (number, boxes) in layers.iter().enumerate() {
                    @if let Some(first) = boxes.first() {
                        text.title x=(px(first.x)) y="14" { (picture.layers[number].title) }
                    }
                    @for one in boxes {
                        rect.bar x=(px(one.x)) y=(px(one.y)) width=(px(BOX)) height=(px(one.height)) { title { (one.name) ": " (grouped(one.weight)) } }
                        text.name x=(px(one.x + BOX + 5.0)) y=(px(one.y + one.height / 2.0 + 4.0)) { (shortened(one.name, 24)) " " tspan.value { (grouped(one.weight)) } }
                    }
                }
            }
        }
    }
}

fn placed(picture: &Layers) -> Vec<Vec<Placed<'_>>> {
    let count = picture.layers.len();
    let step = (WIDTH - NAMES - BOX) / super::place(count.saturating_sub(1).max(1));
    let mut layers: Vec<Vec<Placed<'_>>> = Vec::new();
    for (number, layer) in picture.layers.iter().enumerate() {
        let mut weights = vec![0; layer.boxes.len()];
        let gap = number.min(picture.flows.len().saturating_sub(1));
        for (from, to, weight) in picture.flows.get(gap).into_iter().flatten() {
            let place = if gap == number { *from } else { *to };
            if let Some(sum) = weights.get_mut(place) {
                *sum += weight;
            }
        }
        let all: u64 = weights.iter().sum::<u64>().max(1);
        let mut y = HEAD;
        let mut boxes = Vec::new();
        for (name, weight) in layer.boxes.iter().zip(weights) {
            let height = (float(weight) / float(all) * BODY).max(LEAST);
            boxes.push(Placed { name, weight, x: super::place(number) * step, y, height, taken: [0.0; 2] });
            y += height + GAP;
        }
        layers.push(boxes);
    }
    layers
}

/// The part of a box's side that a flow takes: x, upper and lower end.
fn share(
    layers: &mut [Vec<Placed<'_>>],
    layer: usize,
    place: usize,
    side: usize,
    weight: u64,
) -> Option<(f64, f64, f64)> {
    let one = layers.get_mut(layer)?.get_mut(place)?;
    let length = float(weight) / float(one.weight.max(1)) * one.height;
    let begin = one.y + one.taken[side];
    one.taken[side] += length;
    let x = if side == 1 { one.x + BOX } else { one.x };
    Some((x, begin, begin + length))
}

fn ribbon((left, top, bottom): (f64, f64, f64), (right, other_top, other_bottom): (f64, f64, f64)) -> String {
    let middle = px(f64::midpoint(left, right));
    format!(
        "M{l} {t}C{m} {t} {m} {ot} {r} {ot}L{r} {ob}C{m} {ob} {m} {b} {l} {b}Z",
        l = px(left),
        t = px(top),
        m = middle,
        r = px(right),
        ot = px(other_top),
        ob = px(other_bottom),
        b = px(bottom)
    )
}
