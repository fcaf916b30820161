//! NTLMv2 with MIC, key exchange and sealing; nothing weaker.
//!
//! The crate `ntlmclient` is the codec; what it lacks (MIC, key exchange,
//! sealing, and the host end) is here. Hazards of it that this module keeps
//! away from:
//!
//! - its `ChallengeResponse::to_message` sends the session base key in clear:
//!   never called;
//! - it panics when it writes more than 64 KiB: challenges are bounded first;
//! - its types print passwords and keys: none is kept or logged;
//! - it draws the client's challenge itself: the response is made here;
//! - it writes challenges with their payload in the wrong place, and refuses
//!   negotiate messages of the usual 40 bytes: both are done here.
//!
//! One thing is out of reach: it leaves an unwiped UTF-16 copy of the password
//! in freed memory.
//!
//! NTLM seals with RC4-128. Prefer HTTPS or Kerberos where there is a choice.
//!
//! Source: [MS-NLMP].

mod account;
mod crypto;
mod host;
mod initiator;
mod message;
mod seal;

pub(super) use account::is_meant_by;
pub use host::FileTime;
pub(super) use host::{AwaitAuthenticate, AwaitNegotiate, SignedIn};
pub use initiator::Initiator;
pub use seal::NtlmSeal;
