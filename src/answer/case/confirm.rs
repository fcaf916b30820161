//! Confirmations that were not given.

cases! {
    /// Why no person could be asked.
    Unasked {
        /// There is nobody.
        Nobody,
        /// The client has no way to ask.
        ClientCannot,
        /// The client was told to ask, and calls again with the answer.
        Told,
        /// The question could not be sealed.
        NotSealed,
        /// The command line lacks the name.
        NotTyped { name: String, argument: &'static str },
    }
}

cases! {
    /// What a person's answer came to.
    Unconfirmed {
        /// What was typed is not the object's name.
        OtherName { argument: &'static str },
        /// The person said no.
        Declined,
        /// The answer is none.
        Void(Void),
    }
}

cases! {
    /// Why an answer to a question does not count.
    Void {
        /// It came too late.
        Late { seconds: u64 },
        /// Nobody answered in time.
        Unanswered { seconds: u64 },
        /// It is for another call, or was changed.
        OfAnother,
        /// It counted once before.
        Used,
        /// Too many were given.
        TooMany,
    }
}
