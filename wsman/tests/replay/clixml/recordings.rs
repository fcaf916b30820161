//! The messages in recordings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Bytes before the data of a fragment.
const FRAGMENT_HEADER: usize = 21;

/// Bytes before the CLIXML of a message.
const MESSAGE_HEADER: usize = 40;

/// The files of a folder whose names end so, in order.
pub(crate) fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_file() && path.to_string_lossy().ends_with(end)).collect()
}

/// The folders of a folder, in order.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// A message of a recording.
pub(crate) struct Message {
    pub(crate) from_client: bool,
    pub(crate) object: u64,
    /// The CLIXML, a byte order mark taken off.
    pub(crate) payload: Vec<u8>,
}

/// All messages of a scenario, from both sides.
pub(crate) fn messages(scenario: &Path) -> Vec<Message> {
    let mut messages = Vec::new();
    // Fragments by direction and object.
    let mut open: BTreeMap<(bool, u64), Vec<u8>> = BTreeMap::new();
    for file in files(scenario, ".xml") {
        let from_client = file.to_string_lossy().ends_with(".request.xml");
        for stream in streams(&std::fs::read_to_string(&file).unwrap()) {
            let mut rest = stream.as_slice();
            while !rest.is_empty() {
                let (header, behind) = rest.split_at(FRAGMENT_HEADER);
                let object = u64::from_be_bytes(header[..8].try_into().unwrap());
                let length = u32::from_be_bytes(header[17..].try_into().unwrap()) as usize;
                let (data, behind) = behind.split_at(length);
                rest = behind;
                let parts = open.entry((from_client, object)).or_default();
                if header[16] & 1 != 0 {
                    parts.clear();
                }
                parts.extend_from_slice(data);
                if header[16] & 2 != 0 {
                    let whole = open.remove(&(from_client, object)).unwrap();
                    let payload = &whole[MESSAGE_HEADER..];
                    let payload = payload.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(payload).to_vec();
                    messages.push(Message { from_client, object, payload });
                }
            }
        }
    }
    assert!(open.is_empty(), "{}: unfinished messages", scenario.display());
    messages
}

/// The PSRP bytes of an envelope.
fn streams(envelope: &str) -> Vec<Vec<u8>> {
    let mut reader = Reader::from_str(envelope);
    let (mut found, mut inside) = (Vec::new(), false);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                inside = ["rsp:Stream", "rsp:Arguments", "creationXml"].contains(&tag.name().into_inner());
            }
            Event::Text(text) if inside => found.push(STANDARD.decode(text.trim()).unwrap()),
            Event::End(_) => inside = false,
            Event::Eof => return found,
            _ => {}
        }
    }
}
