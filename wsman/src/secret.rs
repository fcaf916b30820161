//! Values that no log, error or `Debug` output may show.

use std::fmt;

use zeroize::Zeroize;

/// Holds a secret: `Debug` says nothing, memory is wiped on drop.
///
/// Copies that other crates make while they use it (an HTTP header, a hash
/// input) are theirs to wipe, and most do not.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the secret.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows it. Keep the borrow short and never format it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", Secret::new("planted-secret".to_owned())), "Secret");
    }
}
