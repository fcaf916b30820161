//! CLIXML: PowerShell's objects as XML.
//!
//! [`decode`] loses nothing that the wire holds, [`encode`] refuses what a
//! host would answer with silence. [`Value`] is the model between them;
//! [`json`] has its one mapping to JSON and back.
//!
//! Source: [MS-PSRP] §2.2.5.

mod decode;
mod encode;
mod error;
mod escape;
mod lexical;
mod limits;
mod number;
mod text;
mod value;

pub use crate::xml::XmlError;
pub use decode::{Item, decode, decode_all};
pub use encode::encode;
pub use error::{DecodeError, EncodeError};
pub use limits::Limits;
pub use text::Text;
pub use value::{
    Content, DateTime, Decimal, InvalidLexical, ListKind, Object, Property, RefId, SecureString, TimeSpan, TypeNames,
    Value, Version,
};
