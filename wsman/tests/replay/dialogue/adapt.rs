//! Recorded answers with the ids of the running client put in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;
use wsman::entropy::Entropy;
use wsman::psrp::{EncryptedSessionKey, Message, MessageType, PublicKey, SessionKey};

use super::super::messages;
use crate::infoset::Node;

/// Which recorded id stands for which of ours.
#[derive(Default)]
pub(crate) struct Ids {
    /// Upper case, both.
    pub(crate) shell: Option<(String, String)>,
    pub(crate) pool: Uuid,
    /// Recorded and ours.
    pub(crate) commands: Vec<(Uuid, Uuid)>,
    /// Commands that the host named itself, and the ids that we proposed.
    pub(crate) given: Vec<(Uuid, Uuid)>,
    /// What our client sent: the host's key is made for it.
    pub(crate) public_key: Option<PublicKey>,
}

impl Ids {
    pub(crate) fn ours(&self, recorded: Uuid) -> Option<Uuid> {
        // The latest: pypsrp used an id again once its command was over.
        let known = self.commands.iter().rev().chain(&self.given);
        known.into_iter().find(|(theirs, _)| *theirs == recorded).map(|(_, ours)| *ours)
    }

    pub(crate) fn given(&self, recorded: Uuid, ours: Uuid) -> bool {
        recorded == ours && self.given.iter().any(|(given, _)| *given == recorded)
    }

    /// By the bytes in a message's header. The clients of 2018 wrote them
    /// big-endian, and hosts echo what they get.
    fn by_bytes(&self, bytes: [u8; 16]) -> Option<Uuid> {
        self.ours(Uuid::from_bytes_le(bytes)).or_else(|| self.ours(Uuid::from_bytes(bytes)))
    }

    /// The answer for our request with that MessageID.
    pub(crate) fn adapt(&self, answer: &[u8], recorded_message: Option<Uuid>, ours: Uuid) -> Result<Vec<u8>, String> {
        let mut text = String::from_utf8_lossy(answer).into_owned();
        let root = Node::parse(&text)?;
        for piece in streams(&root) {
            let packed: String = piece.text.split_ascii_whitespace().collect();
            let Ok(data) = STANDARD.decode(packed) else { continue };
            // A stream of another kind of shell is left as it is.
            let Ok(changed) = self.fragments(&data) else { continue };
            text = text.replacen(&piece.text, &STANDARD.encode(changed), 1);
        }
        let mut replace = |from: &str, to: &str| {
            text = text.replace(from, to).replace(&from.to_lowercase(), to);
        };
        if let Some(recorded) = recorded_message {
            replace(&upper(recorded), &upper(ours));
        }
        if let Some((recorded, ours)) = &self.shell {
            replace(recorded, ours);
        }
        for (recorded, _) in &self.commands {
            if let Some(ours) = self.ours(*recorded) {
                replace(&upper(*recorded), &upper(ours));
            }
        }
        Ok(text.into_bytes())
    }

    fn fragments(&self, data: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(data.len());
        for (object, fragment, marks, data) in messages::fragments(data)? {
            let mut data = data.to_vec();
            if marks & 1 != 0 && data.len() >= 40 {
                self.header(&mut data);
                if marks & 2 != 0 {
                    self.session_key(&mut data)?;
                }
            }
            out.extend_from_slice(&object.to_be_bytes());
            out.extend_from_slice(&fragment.to_be_bytes());
            out.push(marks);
            out.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(&data);
        }
        Ok(out)
    }

    fn header(&self, message: &mut [u8]) {
        if message[8..24] != [0; 16] {
            message[8..24].copy_from_slice(&self.pool.to_bytes_le());
        }
        let pipeline: [u8; 16] = message[24..40].try_into().unwrap_or_default();
        if let Some(ours) = self.by_bytes(pipeline) {
            message[24..40].copy_from_slice(&ours.to_bytes_le());
        }
    }

    /// The recorded one is for a key that was never kept: another is made for
    /// the key that our client sent.
    fn session_key(&self, message: &mut Vec<u8>) -> Result<(), String> {
        let Ok(mut read) = Message::decode(message) else { return Ok(()) };
        let (MessageType::EncryptedSessionKey, Some(key)) = (read.kind, &self.public_key) else { return Ok(()) };
        EncryptedSessionKey::decode(&read.payload).map_err(|error| error.to_string())?;
        let mut entropy = Entropy::seeded(5);
        let made = SessionKey::generate(&mut entropy).encrypt_for(key, &mut entropy).map_err(|e| e.to_string())?;
        read.payload = made.encode().map_err(|error| error.to_string())?;
        *message = read.encode();
        Ok(())
    }
}

fn streams(root: &Node) -> Vec<&Node> {
    let mut found = Vec::new();
    root.walk(&mut |node| {
        if ["Stream", "connectResponseXml"].contains(&node.name.as_str()) && !node.text.trim().is_empty() {
            found.push(node);
        }
    });
    found
}

/// As Windows writes ids.
pub(crate) fn upper(id: Uuid) -> String {
    id.hyphenated().to_string().to_uppercase()
}
