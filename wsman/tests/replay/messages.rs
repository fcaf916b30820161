//! The PSRP messages in envelopes, found without the crate's SOAP layer, put
//! together by hand and by the crate: both must agree.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wsman::psrp::fragment::Assembler;

use super::recording::Recording;
use crate::infoset::Node;

/// A message of a recording.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) from_client: bool,
    /// Index of the exchange in which it began.
    pub(crate) began: usize,
    /// CommandId of the envelope's part that it began in, in upper case.
    pub(crate) command: Option<String>,
    pub(crate) object: u64,
    /// Header and payload.
    pub(crate) bytes: Vec<u8>,
}

/// Bytes of one stream in one envelope.
pub(crate) struct Piece {
    pub(crate) command: Option<String>,
    pub(crate) data: Vec<u8>,
}

/// The PSRP bytes of an envelope, in order.
pub(crate) fn pieces(envelope: &Node) -> Result<Vec<Piece>, String> {
    let mut found = Vec::new();
    let mut wrong = None;
    let line = envelope.find("CommandLine").and_then(|line| line.attributes.get("CommandId"));
    envelope.walk(&mut |node| {
        let inside = ["Stream", "Arguments", "creationXml", "connectXml", "connectResponseXml"];
        if !inside.contains(&node.name.as_str()) || node.text.trim().is_empty() {
            return;
        }
        let packed: String = node.text.split_ascii_whitespace().collect();
        match STANDARD.decode(packed) {
            Ok(data) => found
                .push(Piece { command: node.attributes.get("CommandId").or(line).map(|id| id.to_uppercase()), data }),
            Err(error) => wrong = Some(format!("{}: {error}", node.name)),
        }
    });
    wrong.map_or(Ok(found), Err)
}

/// Whether an envelope is about a PowerShell shell; `None`: it does not say.
pub(crate) fn is_powershell(envelope: &Node) -> Option<bool> {
    let uri = envelope.find("ResourceURI").or_else(|| envelope.find("ResourceUri"))?;
    Some(uri.text.trim().to_ascii_lowercase().contains("/powershell/"))
}

/// One fragment: object, number, marks, data.
pub(crate) type Fragment<'b> = (u64, u64, u8, &'b [u8]);

/// Takes whole fragments apart.
pub(crate) fn fragments(mut bytes: &[u8]) -> Result<Vec<Fragment<'_>>, String> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (header, rest) = bytes.split_at_checked(21).ok_or("a fragment is shorter than its header")?;
        let number = |range: std::ops::Range<usize>| header[range].iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        let length = usize::try_from(number(17..21)).unwrap_or(usize::MAX);
        let (data, rest) = rest.split_at_checked(length).ok_or("a fragment is shorter than it says")?;
        all.push((number(0..8), number(8..16), header[16], data));
        bytes = rest;
    }
    Ok(all)
}

/// Every message of both directions, in the order in which they end; and what
/// is wrong.
pub(crate) fn of(recording: &Recording) -> (Vec<Found>, Vec<String>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    let mut lines: BTreeMap<(bool, String, Option<String>), Line> = BTreeMap::new();
    for (index, exchange) in recording.exchanges.iter().enumerate() {
        let request = Node::parse(&String::from_utf8_lossy(&exchange.request));
        // A client's objects are numbered by session.
        let session = request.as_ref().ok().and_then(|node| node.find("SessionId")).map(|id| id.text.clone());
        let powershell = request.as_ref().ok().and_then(is_powershell).unwrap_or(true);
        if !powershell {
            continue;
        }
        let response = exchange.response.as_ref().map(|body| Node::parse(&String::from_utf8_lossy(body)));
        for (from_client, envelope) in [(true, Some(request)), (false, response)] {
            let Some(Ok(envelope)) = envelope else { continue };
            let pieces = match pieces(&envelope) {
                Ok(pieces) => pieces,
                Err(error) => {
                    wrong.push(format!("{}, exchange {}: {error}", recording.name, exchange.number));
                    continue;
                }
            };
            for piece in pieces {
                let key = (from_client, session.clone().unwrap_or_default(), piece.command.clone());
                let line = lines.entry(key).or_insert_with(Line::new);
                if let Err(error) = line.take(index, from_client, &piece, &mut found) {
                    wrong.push(format!("{}, exchange {}: {error}", recording.name, exchange.number));
                }
            }
        }
    }
    // What a dying host or an impatient client left unfinished is no message.
    (found, wrong)
}

/// One direction of one command.
struct Line {
    assembler: Assembler,
    open: BTreeMap<u64, (usize, Vec<u8>)>,
}

impl Line {
    fn new() -> Self {
        Self { assembler: Assembler::new(Assembler::DEFAULT_LIMIT), open: BTreeMap::new() }
    }

    fn take(&mut self, index: usize, client: bool, piece: &Piece, found: &mut Vec<Found>) -> Result<(), String> {
        let mut whole = Vec::new();
        for (object, _, marks, data) in fragments(&piece.data)? {
            if marks & 1 != 0 {
                self.open.insert(object, (index, Vec::new()));
            }
            let part = self.open.get_mut(&object).ok_or_else(|| format!("object {object} has no beginning"))?;
            part.1.extend_from_slice(data);
            if marks & 2 != 0
                && let Some((began, bytes)) = self.open.remove(&object)
            {
                whole.push(Found { from_client: client, began, command: piece.command.clone(), object, bytes });
            }
        }
        let theirs = self.assembler.push(&piece.data).map_err(|error| format!("our assembler: {error}"))?;
        if theirs.iter().ne(whole.iter().map(|found| &found.bytes)) {
            return Err("our assembler makes other messages".to_owned());
        }
        found.extend(whole);
        Ok(())
    }
}
