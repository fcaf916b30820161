//! NTLM inside SPNEGO: the client end.
//!
//! Only NTLM is offered, so there is nothing to fall back to; and both ends
//! prove the list, so nobody can have changed it.
//!
//! Source: RFC 4178 §3.2 and §5, [MS-SPNG] §3.3.5.1 (NTLM with MIC: the list's
//! MIC must be there).

use std::fmt;

use super::ntlm::{AwaitChallenge, Initiator, NtlmSeal};
use super::spnego::{self, NTLM_OID, Response, State};
use super::{AuthError, ChannelBinding, Credentials, Mechanism, SpnegoError, Step};
use crate::entropy::Entropy;

/// Signs in with NTLM inside SPNEGO under the scheme `Negotiate`.
///
/// As strict as [`Initiator`], and refuses hosts that choose another mechanism
/// or do not prove the list of mechanisms.
pub struct Negotiator(Initiator);

impl Negotiator {
    /// As [`Initiator::new`].
    ///
    /// # Errors
    ///
    /// [`AuthError::UserName`], [`AuthError::HostName`].
    pub fn new(credentials: &Credentials, host: &str, entropy: &mut Entropy) -> Result<Self, AuthError> {
        Initiator::new(credentials, host, entropy).map(Self)
    }
}

impl Negotiator {
    /// The first token, and who waits for its answer.
    pub(super) fn first(self) -> Result<(Vec<u8>, AwaitChoice), AuthError> {
        let (negotiate, ntlm) = self.0.negotiate()?;
        let (token, list) = spnego::encode_init(&[NTLM_OID], Some(&negotiate));
        Ok((token, AwaitChoice { ntlm, list }))
    }
}

impl Mechanism for Negotiator {
    fn scheme(&self) -> &'static str {
        "Negotiate"
    }

    fn step(self: Box<Self>, from_host: &[u8], _: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        if !from_host.is_empty() {
            return Err(AuthError::UnexpectedToken);
        }
        let (token, next) = self.first()?;
        Ok(Step::Continue { token, next: Box::new(next) })
    }
}

/// Offered NTLM, waits for the host's choice and its challenge.
pub(super) struct AwaitChoice {
    ntlm: AwaitChallenge,
    list: Vec<u8>,
}

impl AwaitChoice {
    /// The second token, and who waits for the host's proof.
    pub(super) fn answer(
        self,
        from_host: &[u8],
        channel: Option<&ChannelBinding>,
    ) -> Result<(Vec<u8>, AwaitProof), AuthError> {
        let response = response(from_host)?;
        if response.mechanism.is_some_and(|chosen| chosen != NTLM_OID) {
            return Err(SpnegoError::OtherMechanism.into());
        }
        if response.state == Some(State::Completed) {
            return Err(SpnegoError::NoMechListMic.into());
        }
        let (authenticate, mut seal) = self.ntlm.answer(response.token.ok_or(SpnegoError::NoToken)?, channel)?;
        let mic = seal.sign_mech_list(&self.list)?;
        let answer = Response {
            state: Some(State::Incomplete),
            token: Some(&authenticate),
            mic: Some(&mic),
            ..Response::default()
        };
        Ok((answer.encode(), AwaitProof { seal: Box::new(seal), list: self.list }))
    }
}

impl Mechanism for AwaitChoice {
    fn scheme(&self) -> &'static str {
        "Negotiate"
    }

    fn step(self: Box<Self>, from_host: &[u8], channel: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        let (token, next) = self.answer(from_host, channel)?;
        Ok(Step::Continue { token, next: Box::new(next) })
    }
}

/// Proved everything, waits for the host's proof of the list.
pub(super) struct AwaitProof {
    pub(super) seal: Box<NtlmSeal>,
    list: Vec<u8>,
}

impl AwaitProof {
    /// Checks the host's last token.
    pub(super) fn finish(mut self, from_host: &[u8]) -> Result<Box<NtlmSeal>, AuthError> {
        let response = response(from_host)?;
        if response.state != Some(State::Completed) || response.token.is_some() {
            return Err(SpnegoError::Malformed.into());
        }
        let mic = response.mic.ok_or(SpnegoError::NoMechListMic)?;
        if !self.seal.verify_mech_list(&self.list, mic)? {
            return Err(SpnegoError::BadMechListMic.into());
        }
        Ok(self.seal)
    }
}

impl Mechanism for AwaitProof {
    fn scheme(&self) -> &'static str {
        "Negotiate"
    }

    fn has_proven(&self) -> bool {
        true
    }

    fn step(self: Box<Self>, from_host: &[u8], _: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        Ok(Step::Done { token: None, seal: self.finish(from_host)? })
    }
}

fn response(token: &[u8]) -> Result<Response<'_>, AuthError> {
    if token.len() > spnego::MAX_TOKEN_BYTES {
        return Err(AuthError::TokenTooLong { limit: spnego::MAX_TOKEN_BYTES, found: token.len() });
    }
    Ok(spnego::response(token)?)
}

impl fmt::Debug for Negotiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Negotiator")
    }
}

impl fmt::Debug for AwaitChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwaitChoice")
    }
}

impl fmt::Debug for AwaitProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwaitProof")
    }
}

#[cfg(test)]
mod tests {
    use super::super::ntlm::FileTime;
    use super::super::{Accepted, Acceptor, Demand};
    use super::*;
    use crate::secret::Secret;

    fn account(password: &str) -> Credentials {
        Credentials { username: "analyst".to_owned(), password: Secret::new(password.to_owned()) }
    }

    fn client() -> Box<dyn Mechanism> {
        Box::new(Negotiator::new(&account("pä$$wörd😀"), "host01", &mut Entropy::seeded(2)).unwrap())
    }

    fn host(password: &str, demand: Demand) -> Acceptor {
        let accounts = [account(password)].into();
        Acceptor::new(accounts, "HOST01", FileTime(133_000_000_000_000_000), demand, &mut Entropy::seeded(1)).unwrap()
    }

    fn go_on(step: Step) -> (Vec<u8>, Box<dyn Mechanism>) {
        match step {
            Step::Continue { token, next } => (token, next),
            Step::Done { .. } => panic!("done too early"),
        }
    }

    /// The client that waits for the host's last word, and that word.
    fn until_proof(
        channel: Option<&ChannelBinding>,
        demand: Demand,
    ) -> Result<(Box<dyn Mechanism>, Accepted), AuthError> {
        let (init, client) = go_on(client().step(&[], channel).unwrap());
        let Accepted::Continue { token, next } = host("pä$$wörd😀", demand).step(&init).unwrap() else {
            panic!("done too early")
        };
        let (token, client) = go_on(client.step(&token, channel)?);
        Ok((client, next.step(&token)?))
    }

    #[test]
    fn both_ends_prove_the_list_and_talk() {
        let channel = ChannelBinding::named("this");
        for (named, demand) in [(None, Demand::Anything), (Some(&channel), Demand::Always(channel.clone()))] {
            let (client, accepted) = until_proof(named, demand).unwrap();
            let Accepted::Done { token: Some(token), seal: mut theirs, username } = accepted else {
                panic!("not done")
            };
            assert_eq!(username, "analyst");
            let Step::Done { token: None, seal: mut ours } = client.step(&token, named).unwrap() else {
                panic!("not done")
            };
            for text in ["", "a", "two"] {
                let sealed = ours.seal(text.into()).unwrap();
                assert_eq!(theirs.unseal(&sealed.header, sealed.data).unwrap(), text.as_bytes());
                let sealed = theirs.seal(text.into()).unwrap();
                assert_eq!(ours.unseal(&sealed.header, sealed.data).unwrap(), text.as_bytes());
            }
        }
        let wrong = until_proof(Some(&ChannelBinding::named("another")), Demand::Always(channel)).err();
        assert_eq!(wrong, Some(AuthError::ChannelBinding));
    }

    #[test]
    fn the_hosts_last_word_must_prove_the_list() {
        let refused = |change: fn(Response<'_>) -> Vec<u8>| {
            let (client, accepted) = until_proof(None, Demand::Anything).unwrap();
            let Accepted::Done { token: Some(token), .. } = accepted else { panic!("not done") };
            let token = change(response(&token).unwrap());
            client.step(&token, None).err()
        };
        let spnego = |error: SpnegoError| Some(AuthError::Spnego(error));
        assert_eq!(refused(|r| Response { mic: None, ..r }.encode()), spnego(SpnegoError::NoMechListMic));
        assert_eq!(
            refused(|r| Response { state: Some(State::Incomplete), ..r }.encode()),
            spnego(SpnegoError::Malformed)
        );
        assert_eq!(refused(|r| Response { state: Some(State::Reject), ..r }.encode()), spnego(SpnegoError::Rejected));
        assert_eq!(refused(|r| Response { mic: Some(&[1; 3]), ..r }.encode()), spnego(SpnegoError::BadMechListMic));
        assert_eq!(
            refused(|r| {
                let mut mic = r.mic.unwrap().to_vec();
                mic[5] ^= 1;
                Response { mic: Some(&mic), ..r }.encode()
            }),
            spnego(SpnegoError::BadMechListMic)
        );
    }

    #[test]
    fn another_mechanism_or_none_is_no_choice() {
        const KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
        let answer =
            |response: Response<'_>| go_on(client().step(&[], None).unwrap()).1.step(&response.encode(), None).err();
        let incomplete = Response { state: Some(State::Incomplete), ..Response::default() };
        let spnego = |error: SpnegoError| Some(AuthError::Spnego(error));
        let other = Response { mechanism: Some(KERBEROS_OID), token: Some(b"x"), ..incomplete };
        assert_eq!(answer(other), spnego(SpnegoError::OtherMechanism));
        assert_eq!(answer(Response { mechanism: Some(NTLM_OID), ..incomplete }), spnego(SpnegoError::NoToken));
        assert_eq!(
            answer(Response { state: Some(State::Completed), ..incomplete }),
            spnego(SpnegoError::NoMechListMic)
        );
        // A raw challenge is no answer to an offer: nothing is fallen back to.
        let (_, client) = go_on(client().step(&[], None).unwrap());
        assert_eq!(client.step(b"NTLMSSP\0\x02\0\0\0", None).err(), spnego(SpnegoError::Malformed));
    }
}
