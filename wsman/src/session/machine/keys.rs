//! The session key, from the first need of it.

use super::super::exchange::PoolPart;
use super::super::pipeline::{Load, Phase};
use super::super::{End, Event, Output};
use super::{Session, State};
use crate::clixml::{EncodeError, SecureString, Value};
use crate::psrp::{
    self, EncryptedSessionKey, KeyPair, MessageType, PayloadError, ProtocolVersion, Sealing, SecretError,
};
use crate::secret::Secret;
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind};

/// How far the key exchange got.
#[derive(Debug)]
pub(super) enum Keys {
    /// Nobody needed it.
    None,
    /// Whoever drives the session makes a pair.
    AwaitPair { by: Instant },
    /// The host has the public half.
    AwaitKey { pair: KeyPair, by: Instant },
    /// Secrets can travel.
    Have(Sealing),
}

impl Keys {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::AwaitPair { by } | Self::AwaitKey { by, .. } => Some(*by),
            Self::None | Self::Have(_) => None,
        }
    }

    /// Whether the host is to say the key.
    pub(super) fn is_awaited(&self) -> bool {
        matches!(self, Self::AwaitKey { .. })
    }

    /// The payload with its secrets sealed; `None` without a key.
    pub(super) fn seal(&self, value: &Value) -> Option<Result<Vec<u8>, Error>> {
        let Self::Have(sealing) = self else { return None };
        let unfit = || Error::new(ErrorKind::Misuse, "a secret cannot be sent");
        Some(match sealing.seal(value) {
            Ok(sealed) => psrp::encode(&sealed).map_err(|error| unfit().with_source(error)),
            Err(error) => Err(unfit().with_source(error)),
        })
    }
}

/// Whether a value would travel once its secrets are sealed.
pub(super) fn rehearse(value: &Value) -> Result<(), EncodeError> {
    let sealed = value.map_secrets(&mut |secret| -> Result<_, EncodeError> {
        // Chosen: as many bytes as AES makes of it, or a few more.
        let bytes = secret.clear().map_or(0, |text| text.expose().len() * 2 + 32);
        Ok(SecureString::sealed(vec![0; bytes]))
    })?;
    psrp::encode(&sealed).map(|_| ())
}

impl Session {
    /// The secret of a SecureString that this session's host sent. `None`:
    /// there is no key yet; ask again after [`Event::Key`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the session is not open, or the secret is not
    /// this session's.
    pub fn reveal(&mut self, now: Instant, secret: &SecureString) -> Option<Result<Secret<String>, Error>> {
        if let Err(error) = self.check_open() {
            return Some(Err(error));
        }
        if let Keys::Have(sealing) = &self.keys {
            let unfit = |error| Error::new(ErrorKind::Misuse, "a secret cannot be read").with_source(error);
            return Some(sealing.open(secret).map_err(unfit));
        }
        self.need_key(now);
        None
    }

    /// What the protocol version means for secrets.
    pub(super) fn negotiated_secrets(&mut self, version: ProtocolVersion) {
        if version >= ProtocolVersion::V2_4 {
            self.keys = Keys::Have(Sealing::Plain);
        }
    }

    /// Starts the exchange, unless it is under way or done.
    ///
    /// Spec: a client may ask at any time, once; a server of protocol 2.1 asks
    /// by itself ([MS-PSRP] §3.1.5.4.5). Seen: what a host sealed before has
    /// the same key (engine.md §1.8).
    pub(super) fn need_key(&mut self, now: Instant) {
        if matches!(self.keys, Keys::None) && self.is_open() {
            self.keys = Keys::AwaitPair { by: now + self.config.open_timeout };
            let entropy = self.entropy.fork();
            self.outputs.push_back(Output::MakeKey(entropy));
        }
    }

    pub(super) fn pair_made(&mut self, now: Instant, made: Result<KeyPair, SecretError>) {
        let Keys::AwaitPair { by } = self.keys else { return };
        let no_key = || Error::new(ErrorKind::Misuse, "no session key can be asked for");
        let (pair, payload) = match made.map(|pair| (pair.public().encode(), pair)) {
            Ok((Ok(payload), pair)) => (pair, payload),
            Ok((Err(error), _)) => return self.key_failed(&no_key().with_source(error)),
            Err(error) => return self.key_failed(&no_key().with_source(error)),
        };
        self.keys = Keys::AwaitKey { pair, by };
        self.pool_send(PoolPart::Key, MessageType::PublicKey, "stdin", payload);
        self.want_pool_receive();
        self.alarms(now);
    }

    pub(super) fn key_arrived(&mut self, payload: &[u8]) -> Result<(), PayloadError> {
        let sent = EncryptedSessionKey::decode(payload)?;
        let Keys::AwaitKey { pair, .. } = &self.keys else { return Ok(()) };
        match pair.open(&sent) {
            Ok(key) => self.keys = Keys::Have(Sealing::Key(key)),
            Err(error) => {
                let broken = Error::new(ErrorKind::PeerMisbehaved, "the session key cannot be read");
                self.key_failed(&broken.with_source(error));
                return Ok(());
            }
        }
        let ids: Vec<_> = self.pipelines.keys().copied().collect();
        for id in ids {
            let creation = self.pipelines.get_mut(&id).and_then(|pipeline| pipeline.creation.take());
            match creation.and_then(|creation| self.keys.seal(&creation)) {
                Some(Ok(payload)) => self.command(id, MessageType::CreatePipeline, payload),
                Some(Err(error)) => drop(self.forget(id, End::Lost(error))),
                None => self.send_next(id),
            }
        }
        self.pool_send_next();
        self.event(Event::Key(Ok(())));
        Ok(())
    }

    /// Whatever waited for the key ends; it may be asked for again.
    pub(super) fn key_failed(&mut self, error: &Error) {
        if self.keys.deadline().is_none() {
            return;
        }
        self.keys = Keys::None;
        let waits = |load: Option<&Load>| matches!(load, Some(Load::Secret(..)));
        let ids: Vec<_> =
            self.pipelines.iter().map(|(id, p)| (*id, p.phase, waits(p.pending.front().map(|p| &p.load)))).collect();
        for (id, phase, waits) in ids {
            if phase == Phase::AwaitKey {
                self.forget(id, End::Lost(error.clone()));
            } else if waits {
                self.end(id, End::Lost(error.clone().after(Effect::MayHaveRun)));
            }
        }
        if self.state != State::Ended {
            self.event(Event::Key(Err(error.clone())));
        }
    }

    pub(super) fn key_alarm(&mut self, now: Instant) {
        if self.keys.deadline().is_some_and(|by| by <= now) {
            self.key_failed(&Error::new(ErrorKind::TimedOut, "the host did not send a session key in time"));
        }
    }
}
