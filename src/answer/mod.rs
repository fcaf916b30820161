//! What a caller is told, in one room: outcome, code, case and sentence, rows,
//! pages, shape.

pub mod case;
mod error;
mod kept;
mod outcome;
mod page;
mod records;
mod rename;
mod rows;
mod sentences;
mod shape;
mod text;
mod tokens;
mod view;
mod written;

pub use case::Case;
pub use error::{HostText, ToolError};
pub use outcome::{Code, Outcome};
pub use sentences::In;
pub use shape::{About, Answer, Fleet, One};

pub(crate) use kept::{Found, Pages, Question};
pub(crate) use page::{At, Room, page};
pub use records::Records;
pub use rows::Filter;
pub(crate) use rows::{Gathering, Rows};
pub(crate) use sentences::{Ask, Phrase};
pub(crate) use shape::{Head, Lines, done, host_errors, lines, refused};
pub use tokens::tokens;
pub(crate) use view::{expected, fields, view};
