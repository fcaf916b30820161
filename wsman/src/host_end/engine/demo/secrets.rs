//! The session key, at the host's end.

use crate::clixml::{SecureString, Value};
use crate::entropy::Entropy;
use crate::psrp::{EncryptedSessionKey, PublicKey, Sealing, SecretError, SessionKey};

/// What seals and opens the SecureStrings of one pool.
///
/// The key is there from the first need of it, whoever has it: what is sealed
/// before the exchange can be read after it (engine.md §1.8).
pub(super) struct Secrets {
    entropy: Entropy,
    sealing: Option<Sealing>,
    /// The client has the key.
    told: bool,
}

impl Secrets {
    pub(super) fn new(entropy: Entropy) -> Self {
        Self { entropy, sealing: None, told: false }
    }

    /// Protocol 2.4 and later: nothing is encrypted.
    pub(super) fn plain(&mut self) {
        self.sealing = Some(Sealing::Plain);
        self.told = true;
    }

    fn sealing(&mut self) -> &Sealing {
        let Self { entropy, sealing, .. } = self;
        sealing.get_or_insert_with(|| Sealing::Key(SessionKey::generate(entropy)))
    }

    /// The key, for who asked with PUBLIC_KEY. Under 2.4 a key that is not
    /// used, as from PowerShell (recording `secure-string-2-4`).
    pub(super) fn answer(&mut self, public: &PublicKey) -> Result<EncryptedSessionKey, SecretError> {
        let key = match self.sealing() {
            Sealing::Key(key) => key.clone(),
            Sealing::Plain => SessionKey::generate(&mut self.entropy),
        };
        self.told = true;
        key.encrypt_for(public, &mut self.entropy)
    }

    /// With its secrets sealed.
    pub(super) fn seal(&mut self, value: Value) -> Result<Value, SecretError> {
        if value.holds_secrets() { self.sealing().seal(&value) } else { Ok(value) }
    }

    /// With its secrets in clear. A client that has no key cannot have sealed
    /// one.
    pub(super) fn open(&mut self, value: Value) -> Result<Value, SecretError> {
        if !value.holds_secrets() {
            return Ok(value);
        }
        if !self.told {
            return Err(SecretError::NotOurs);
        }
        let sealing = self.sealing();
        value.map_secrets(&mut |secret| sealing.open(secret).map(SecureString::new))
    }
}
