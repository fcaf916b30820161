//! The numbers of the host's messages.
//!
//! Seen: a host's engine counts its messages over the whole shell, the pool's
//! and every pipeline's, from 1 (all recordings). So a number that is left out
//! is a message that nobody heard, unless another stream has it. Where that
//! cannot be told (pipelines side by side, a shell that one connected to, an
//! engine that serves several shells from one count) nothing is said.

use uuid::Uuid;

use super::super::exchange::Purpose;
use super::super::{End, Event, Irregularity, PipelineEvent, PipelineId};
use super::Session;
use crate::time::Duration;

/// The numbers heard of one shell.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The shell counts for itself, and from 1.
    own_count: bool,
    highest: u64,
    /// Numbers below the highest that were not heard; pool and pipelines are
    /// heard on connections of their own.
    missing: std::collections::BTreeSet<u64>,
    /// A pipeline ended without its last word: what it still said is unknown.
    loose: bool,
}

/// How long a pipeline's end waits for numbers that the pool may have. Chosen:
/// the pool's Receive is parked, so what it has is on its way already.
const GRACE: Duration = Duration::from_millis(250);

/// Most numbers that are kept as missing. Chosen: more than any burst of
/// another stream.
const MOST_MISSING: u64 = 4096;

impl Numbers {
    /// Takes a number; whether it is new.
    fn take(&mut self, object: u64) -> bool {
        if self.highest == 0 {
            self.own_count = object == 1;
        }
        if object <= self.highest {
            return self.missing.remove(&object);
        }
        if object - self.highest <= MOST_MISSING {
            self.missing.extend(self.highest + 1..object);
        } else {
            self.own_count = false;
        }
        while self.missing.len() as u64 > MOST_MISSING {
            self.missing.pop_first();
        }
        self.highest = object;
        true
    }
}

impl Session {
    /// A message of the pool; whether it is none that was heard before.
    pub(super) fn pool_numbered(&mut self, object: u64) -> bool {
        let new = self.numbers.take(object) || !self.numbers.own_count;
        if !new {
            tracing::warn!(object, "a message of the pool came twice");
        }
        new
    }

    /// A pipeline begins.
    pub(super) fn begin_numbers(&mut self, id: Uuid) {
        let alone = self.pipelines.len() == 1;
        let from = (!self.numbers.loose).then_some(self.numbers.highest + 1);
        for (other, pipeline) in &mut self.pipelines {
            pipeline.heard_ids.shared |= !alone;
            if *other == id {
                pipeline.heard_ids.from = from;
            }
        }
    }

    /// A message of a pipeline; whether it is none that was heard before.
    pub(super) fn pipeline_numbered(&mut self, id: Uuid, object: u64) -> bool {
        let new = self.numbers.take(object);
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return true };
        let ids = &mut pipeline.heard_ids;
        if self.numbers.loose && ids.from.is_none() && !ids.shared {
            ids.from = Some(object);
            self.numbers.loose = false;
        }
        // A number of this very stream that does not rise is a double also
        // where the host counts otherwise.
        let doubled = !new && (self.numbers.own_count || object <= ids.last);
        ids.last = ids.last.max(object);
        if doubled {
            self.irregular(id, Irregularity::Doubled { object });
        }
        !doubled
    }

    /// A pipeline has said its last word. Where numbers before it are missing
    /// that the pool may have, it is given a moment.
    pub(super) fn last_word(&mut self, id: Uuid, end: End) {
        let waits = self.missing_of(id) > 0 && self.is_out(Purpose::PoolReceive);
        let by = if waits { self.latest + GRACE } else { self.latest };
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        pipeline.heard_ids.ended = true;
        pipeline.last_word = Some((by, end));
        if !waits {
            self.end_heard(id);
        }
    }

    /// Ends a pipeline that said its last word; what of it was not heard?
    pub(super) fn end_heard(&mut self, id: Uuid) {
        let messages = self.missing_of(id);
        let Some((_, end)) = self.pipelines.get_mut(&id).and_then(|pipeline| pipeline.last_word.take()) else { return };
        if messages > 0 {
            self.irregular(id, Irregularity::Missing { messages });
        }
        self.end(id, end);
    }

    /// The pool was heard: those that waited for it for no other reason end.
    pub(super) fn end_all_heard(&mut self) {
        let waiting = self.pipelines.iter().filter(|(_, pipeline)| pipeline.last_word.is_some());
        let ids: Vec<_> = waiting.map(|(id, _)| *id).collect();
        for id in ids {
            if self.missing_of(id) == 0 {
                self.end_heard(id);
            }
        }
    }

    /// How many messages of a pipeline were said and not heard, where that can
    /// be told.
    fn missing_of(&self, id: Uuid) -> u64 {
        let Some(ids) = self.pipelines.get(&id).map(|pipeline| pipeline.heard_ids) else { return 0 };
        let Some(from) = ids.from.filter(|_| self.numbers.own_count && !ids.shared) else { return 0 };
        self.numbers.missing.iter().filter(|missing| (from..=ids.last).contains(missing)).count() as u64
    }

    /// A pipeline is over without its last word.
    pub(super) fn leave_numbers(&mut self) {
        self.numbers.loose = true;
    }

    pub(super) fn irregular(&mut self, id: Uuid, what: Irregularity) {
        tracing::warn!(?what, "the messages of a pipeline are not in order");
        self.event(Event::Pipeline(PipelineId(id), PipelineEvent::Irregular(what)));
    }
}
