//! Parts of envelopes that only this host needs.

use uuid::Uuid;

use crate::soap::{Answer, AnswerEnvelope, CommandState, Received, StreamData};

/// Bytes of a ReceiveResponse without its streams, and of a stream without
/// its base64.
pub(super) fn overhead(command_id: Option<Uuid>) -> (usize, usize) {
    let bytes = |streams| {
        let states = vec![CommandState { command_id, done: true }];
        let answer = Answer::Received(Received { streams, states });
        AnswerEnvelope { message_id: Some(Uuid::nil()), relates_to: Some(Uuid::nil()), operation_id: None, answer }
            .encode()
            .len()
    };
    let around = bytes(Vec::new());
    let with_one = bytes(vec![StreamData { command_id, data: Vec::new() }]);
    // An empty ReceiveResponse may be written shorter than one with content.
    (around + 16, with_one.saturating_sub(around))
}
