//! How wide the columns of a table become: pure arithmetic. No text is seen here.

/// The gap between two columns.
pub(super) const GAP: usize = 2;

/// A GUID cut short is still told apart by its first eight digits; the ninth column is the mark of the cut.
const SHORT_GUID: usize = 9;

/// Text narrower than this says nothing.
const NARROWEST: usize = 8;

/// A number is not cut as long as it is no longer than this: half a number is a wrong number.
const LONGEST_NUMBER: usize = 24;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Columns of the terminal that its heading takes.
    pub(super) heading: usize,
    /// Columns of the terminal that its widest cell takes.
    pub(super) content: usize,
    /// Whether all its cells are numbers.
    pub(super) numeric: bool,
    /// Whether all its cells are GUIDs.
    pub(super) guid: bool,
}

impl Shape {
    fn natural(self) -> usize {
        self.heading.max(self.content).max(1)
    }

    fn least(self) -> usize {
        let least = if self.guid {
            SHORT_GUID
        } else if self.numeric {
            self.content.clamp(1, LONGEST_NUMBER)
        } else {
            NARROWEST
        };
        least.min(self.natural())
    }
}

/// The width of each column, such that all fit into `width` with gaps between them. Fewer widths than shapes means that
/// the columns at the right find no room at all; the first always does.
pub(super) fn fit(shapes: &[Shape], width: Option<usize>) -> Vec<usize> {
    let Some(width) = width else { return shapes.iter().map(|shape| shape.natural()).collect() };
    let mut shown = shapes;
    let room = |count: usize| width.saturating_sub(GAP * count.saturating_sub(1));
    let mut least: usize = shown.iter().map(|shape| shape.least()).sum();
    while let [rest @ .., last] = shown
        && !rest.is_empty()
        && least > room(shown.len())
    {
        least -= last.least();
        shown = rest;
    }
    let mut widths: Vec<usize> = shown.iter().map(|shape| shape.natural()).collect();
    let room = room(shown.len());
    // GUIDs give way first: nobody reads them, and their beginning tells them apart.
    shrink(&mut widths, shown, room, |shape| shape.guid);
    shrink(&mut widths, shown, room, |shape| !shape.guid && !shape.numeric);
    shrink(&mut widths, shown, room, |_| true);
    if let [only] = widths.as_mut_slice() {
        *only = (*only).min(width.max(1));
    }
    widths
}

/// Cuts the `chosen` columns down to one level, as high as lets everything fit; none goes below the least it needs.
fn shrink(widths: &mut [usize], shapes: &[Shape], room: usize, chosen: impl Fn(Shape) -> bool) {
    let cut = |width: usize, shape: Shape, level: usize| {
        if chosen(shape) { width.min(level.max(shape.least())) } else { width }
    };
    let total = |widths: &[usize], level: usize| -> usize {
        widths.iter().zip(shapes).map(|(width, shape)| cut(*width, *shape, level)).sum()
    };
    let highest = widths.iter().copied().max().unwrap_or(0);
    if total(widths, highest) <= room {
        return;
    }
    // The total grows with the level, so the level can be found by halving.
    let (mut level, mut too_high) = (0, highest);
    while too_high - level > 1 {
        let middle = level.midpoint(too_high);
        if total(widths, middle) <= room { level = middle } else { too_high = middle }
    }
    let mut spare = room.saturating_sub(total(widths, level));
    for (width, shape) in widths.iter_mut().zip(shapes) {
        let cut = cut(*width, *shape, level);
        let extra = usize::from(spare > 0 && cut < *width && cut == level);
        *width = cut + extra;
        spare -= extra;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    const NAME: Shape = Shape { heading: 4, content: 30, numeric: false, guid: false };
    const GUID: Shape = Shape { heading: 9, content: 36, numeric: false, guid: true };
    const MONEY: Shape = Shape { heading: 7, content: 14, numeric: true, guid: false };
    const LONG: Shape = Shape { heading: 11, content: 2000, numeric: false, guid: false };

    #[test]
    fn columns_are_fitted_to_the_terminal() {
        let shapes = [NAME, GUID, MONEY, LONG];
        for (width, expected) in [
            (None, vec![30, 36, 14, 2000]),
            (Some(120), vec![30, 9, 14, 61]),
            (Some(80), vec![26, 9, 14, 25]),
            (Some(40), vec![13, 9, 14]),
            (Some(20), vec![9, 9]),
            (Some(5), vec![5]),
        ] {
            assert_eq!(fit(&shapes, width), expected, "{width:?}");
        }
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        assert_eq!(fit(&[NAME, GUID], Some(68)), [30, 36]);
        assert_eq!(fit(&[NAME, GUID], Some(67)), [30, 35]);
        assert_eq!(fit(&[], Some(80)), Vec::<usize>::new());
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_than_the_terminal(
            columns in proptest::collection::vec((0_usize..50, 0_usize..3000, any::<bool>(), any::<bool>()), 1..20),
            width in 1_usize..300,
        ) {
            let shapes: Vec<Shape> = columns
                .into_iter()
                .map(|(heading, content, numeric, guid)| Shape { heading, content, numeric, guid })
                .collect();
            let widths = fit(&shapes, Some(width));
            prop_assert!(!widths.is_empty());
            prop_assert!(widths.iter().all(|width| *width > 0));
            prop_assert!(widths.iter().sum::<usize>() + GAP * (widths.len() - 1) <= width);
        }
    }
}
