//! Which circles have their value beside them: one that would lie on another's is left out.

/// On a phone letters are so much larger, against the map, as the style sheet has it.
const PHONE: f64 = 1.9;

/// Width of a character, height of a line, how far its middle lies above that of its circle, and how much of another
/// circle it may cover, in letters.
const CHARACTER: f64 = 0.6;
const LINE: f64 = 1.0;
const ABOVE: f64 = 1.15;
const CIRCLE: f64 = 0.3;

/// A value above a circle: where that is, in units of the map, and how many characters it has.
#[derive(Clone, Copy)]
pub(super) struct Label {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) characters: usize,
}

/// Where a label is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Anywhere,
    /// Not on a phone.
    WideOnly,
    Nowhere,
}

/// The room of each label, with letters of this size, in units: no circle but its own lies on it, and the first of two
/// that touch is shown. A circle without a label has one of no characters.
pub(super) fn rooms(labels: &[Label], letter: f64) -> Vec<Room> {
    let (wide, phone) = (shown(labels, letter), shown(labels, letter * PHONE));
    let room = |(wide, phone)| match (wide, phone) {
        (true, true) => Room::Anywhere,
        (true, false) => Room::WideOnly,
        (false, _) => Room::Nowhere,
    };
    wide.into_iter().zip(phone).map(room).collect()
}

fn shown(labels: &[Label], letter: f64) -> Vec<bool> {
    let mut taken: Vec<Label> = Vec::new();
    let take = |label: &Label| {
        let is_covered = labels.iter().any(|other| label.is_covered_by(other, letter));
        let is_free = !is_covered && !taken.iter().any(|other| label.touches(other, letter));
        taken.extend(Some(*label).filter(|label| is_free && label.characters > 0));
        is_free
    };
    labels.iter().map(take).collect()
}

impl Label {
    /// Half of its width, in letters.
    fn half(&self) -> f64 {
        f64::from(u32::try_from(self.characters).unwrap_or(u32::MAX)) * CHARACTER / 2.0
    }

    fn touches(&self, other: &Self, letter: f64) -> bool {
        let width = (self.half() + other.half()) * letter;
        (self.x - other.x).abs() < width && (self.y - other.y).abs() < LINE * letter
    }

    /// Whether the circle of another lies on it.
    fn is_covered_by(&self, other: &Self, letter: f64) -> bool {
        let (right, down) = ((other.x - self.x) / letter, (other.y - self.y) / letter + ABOVE);
        let is_own = right == 0.0 && other.y == self.y;
        !is_own && right.abs() < self.half() + CIRCLE && down.abs() < LINE / 2.0 + CIRCLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_labels_that_touch_the_first_is_shown_and_on_a_phone_more_touch() {
        let label = |x: f64, y: f64| Label { x, y, characters: 3 };
        let labels = [label(0.0, 0.0), label(10.0, 0.0), label(25.0, 0.0), label(60.0, 0.0)];
        assert_eq!(
            rooms(&labels, 10.0),
            [Room::Anywhere, Room::Nowhere, Room::WideOnly, Room::Anywhere]
        );
        assert_eq!(rooms(&[label(0.0, 0.0), label(0.0, 25.0)], 10.0)[0], Room::Anywhere);
        // The circle of one above lies on the label of one below.
        assert_eq!(
            rooms(&[label(0.0, 0.0), label(0.0, 12.0)], 10.0),
            [Room::Anywhere, Room::Nowhere]
        );
    }
}
