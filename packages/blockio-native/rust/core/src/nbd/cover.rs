/// Notes which parts of a range were given, in any order, and finds overlaps.
#[derive(Default)]
pub struct Cover {
    /// Ascending, never touching.
    parts: Vec<(u64, u64)>,
}

impl Cover {
    /// `false` when `[start, end)` overlaps what was given before; it is not noted then.
    pub fn add(&mut self, start: u64, end: u64) -> bool {
        let at = self.parts.partition_point(|part| part.0 < start);
        let before = at.checked_sub(1).map(|index| self.parts[index].1);
        let after = self.parts.get(at).map(|part| part.0);
        if before.is_some_and(|before| before > start) || after.is_some_and(|after| after < end) {
            return false;
        }
        match (before == Some(start), after == Some(end)) {
            (true, true) => self.parts[at - 1].1 = self.parts.remove(at).1,
            (true, false) => self.parts[at - 1].1 = end,
            (false, true) => self.parts[at].0 = start,
            (false, false) => self.parts.insert(at, (start, end)),
        }
        true
    }

    /// Whether all of `[start, end)` was given.
    pub fn is_exactly(&self, start: u64, end: u64) -> bool {
        self.parts == [(start, end)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_was_given_in_any_order() {
        let mut cover = Cover::default();
        assert!(cover.add(20, 30) && cover.add(0, 10) && !cover.is_exactly(0, 30));
        assert!(cover.add(10, 20) && cover.is_exactly(0, 30));
        assert!(cover.add(40, 50) && !cover.is_exactly(0, 50));
        assert!(cover.add(35, 40) && cover.add(30, 35) && cover.is_exactly(0, 50));
    }

    #[test]
    fn refuses_what_overlaps() {
        let mut cover = Cover::default();
        assert!(cover.add(10, 20));
        for (start, end) in [(10, 20), (5, 11), (19, 25), (12, 13), (0, 40)] {
            assert!(!cover.add(start, end), "{start} {end}");
        }
        assert!(cover.add(0, 10) && cover.add(20, 21) && cover.is_exactly(0, 21));
    }
}
