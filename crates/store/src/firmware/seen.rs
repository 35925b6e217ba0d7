//! Which files of a version a device has fetched: a bit for each, in the order of their paths.

/// A set of files by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(Vec<u8>);

impl Seen {
    /// What lies in a column.
    pub fn of(column: Option<&[u8]>) -> Self {
        Self(column.unwrap_or_default().to_vec())
    }

    /// What goes into a column.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds the file of a place.
    pub fn insert(&mut self, place: usize) {
        let (byte, bit) = (place / 8, place % 8);
        if self.0.len() <= byte {
            self.0.resize(byte + 1, 0);
        }
        if let Some(found) = self.0.get_mut(byte) {
            *found |= 1 << bit;
        }
    }

    /// Whether the file of a place is in it.
    pub fn contains(&self, place: usize) -> bool {
        self.0.get(place / 8).is_some_and(|byte| byte & (1 << (place % 8)) != 0)
    }

    /// Adds those of another set.
    pub fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// How many files are in it, and their bytes by `sizes`; places without a size do not count.
    pub fn sum(&self, sizes: &[i64]) -> (i64, i64) {
        let fetched = sizes.iter().enumerate().filter(|(place, _)| self.contains(*place));
        fetched.fold((0, 0), |(files, bytes), (_, size)| (files + 1, bytes + size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_what_was_put_into_either_half() {
        let (mut one, mut other) = (Seen::default(), Seen::default());
        [0, 7, 8].into_iter().for_each(|place| one.insert(place));
        [8, 106].into_iter().for_each(|place| other.insert(place));
        one.merge(&other);
        assert_eq!(Seen::of(Some(one.bytes())), one);
        let inside: Vec<usize> = (0..200).filter(|place| one.contains(*place)).collect();
        assert_eq!(inside, [0, 7, 8, 106]);
        assert_eq!(one.sum(&[10; 107]), (4, 40));
        assert_eq!(one.sum(&[10; 8]), (2, 20));
        assert_eq!(Seen::of(None).sum(&[1]), (0, 0));
    }
}
