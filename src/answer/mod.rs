//! What a caller is told, in one room: outcome, code, rows, pages, shape.

mod error;
mod kept;
mod outcome;
mod page;
mod rename;
mod rows;
mod shape;
mod text;
mod view;

pub use error::{HostText, ToolError};
pub use outcome::{Code, Outcome};
pub use shape::{About, Answer, Fleet, One};

pub(crate) use kept::{Found, Pages, Question};
pub(crate) use page::page_within;
pub(crate) use rows::Rows;
pub(crate) use shape::{Head, Lines, done, host_errors, lines, refused};
pub(crate) use view::{expected, fields, no_argument, view};
