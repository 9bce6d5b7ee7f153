//! An order in which alike things stand beside each other: average linkage over the share of bits in common.

/// The order of the rows. Cost grows with the cube of their number: for a hundred or two.
pub(super) fn order(rows: &[u64]) -> Vec<usize> {
    let mut groups: Vec<Vec<usize>> = (0..rows.len()).map(|row| vec![row]).collect();
    let mut distances: Vec<Vec<f64>> =
        rows.iter().map(|one| rows.iter().map(|other| distance(*one, *other)).collect()).collect();
    while groups.len() > 1 {
        let (mut nearest, mut first, mut second) = (f64::INFINITY, 0, 1);
        for (one, row) in distances.iter().enumerate() {
            for (other, distance) in row.iter().enumerate().skip(one + 1) {
                if *distance < nearest {
                    (nearest, first, second) = (*distance, one, other);
                }
            }
        }
        let (weight, other_weight) = (super::place(groups[first].len()), super::place(groups[second].len()));
        let means: Vec<f64> = distances[first]
            .iter()
            .zip(&distances[second])
            .map(|(one, other)| (one * weight + other * other_weight) / (weight + other_weight))
            .collect();
        for (row, mean) in distances.iter_mut().zip(&means) {
            row[first] = *mean;
        }
        distances[first] = means;
        distances.remove(second);
        for row in &mut distances {
            row.remove(second);
        }
        let mut joined = groups.remove(second);
        // The ends that are most alike meet.
        let ends = |one: &[usize], other: &[usize]| match (one.last(), other.first()) {
            (Some(last), Some(first)) => distance(rows[*last], rows[*first]),
            _ => 0.0,
        };
        let group = &mut groups[first];
        let mut turned = joined.clone();
        turned.reverse();
        if ends(group, &turned) < ends(group, &joined) {
            joined = turned;
        }
        group.extend(joined);
    }
    groups.pop().unwrap_or_default()
}

/// The share of bits that only one of the two has.
fn distance(one: u64, other: u64) -> f64 {
    let all = (one | other).count_ones();
    if all == 0 { 0.0 } else { 1.0 - f64::from((one & other).count_ones()) / f64::from(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_rows_stand_beside_each_other() {
        let order = order(&[0b1110, 0b1_0000, 0b1111, 0b11_0000]);
        let place = |row: usize| order.iter().position(|one| *one == row).unwrap();
        assert_eq!(place(0).abs_diff(place(2)), 1);
        assert_eq!(place(1).abs_diff(place(3)), 1);
        assert_eq!(super::order(&[]), Vec::<usize>::new());
    }
}
