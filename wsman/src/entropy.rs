//! Randomness as the core sees it: it is handed in, and a test can seed it.

use uuid::Uuid;

/// The only source of ids, nonces and keys.
///
/// [`Entropy::system`] is for programs; [`Entropy::seeded`] gives the same
/// bytes on every run, so that a dialogue can be compared byte for byte.
#[derive(Debug)]
pub struct Entropy(Source);

#[derive(Debug)]
enum Source {
    System,
    /// SplitMix64: fine for ids in tests, worthless for keys.
    Seeded(u64),
}

impl Entropy {
    /// Bytes from the operating system.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Predictable bytes, for tests and replays only.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(seed))
    }

    /// Fills `buffer`.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give. Going on with
    /// predictable keys would be worse.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        match &mut self.0 {
            Source::System =>
            {
                #[expect(clippy::disallowed_methods, reason = "this is the door")]
                if let Err(error) = getrandom::fill(buffer) {
                    unreachable!("the operating system gives no randomness: {error}");
                }
            }
            Source::Seeded(state) => {
                for chunk in buffer.chunks_mut(8) {
                    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    let mut z = *state;
                    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                    z ^= z >> 31;
                    for (to, from) in chunk.iter_mut().zip(z.to_le_bytes()) {
                        *to = from;
                    }
                }
            }
        }
    }

    /// A source of its own for work that is done elsewhere (a key pair on
    /// another thread); a seeded one gives the same bytes on every run.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        match self.0 {
            Source::System => Self::system(),
            Source::Seeded(_) => Self::seeded(u64::from_le_bytes(self.bytes())),
        }
    }

    /// `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let ids = |seed| {
            let mut entropy = Entropy::seeded(seed);
            [entropy.uuid(), entropy.uuid()]
        };
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
        assert_ne!(ids(7)[0], ids(7)[1]);
    }
}
