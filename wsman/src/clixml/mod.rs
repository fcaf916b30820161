//! CLIXML: PowerShell's objects as XML.
//!
//! [`decode`] loses nothing that the wire holds, [`encode`] refuses what a
//! host would answer with silence. [`Value`] is the model between them;
//! [`json`] has its one mapping to JSON and back.
//!
//! ```
//! use wsman::clixml::{Limits, Value, decode, encode, json};
//!
//! let line = decode("<Obj RefId=\"0\"><S>text</S><MS><S N=\"PSPath\">C:\\a</S></MS></Obj>", &Limits::DECODE)?;
//! assert_eq!(line.as_str(), Some("text"));
//! assert_eq!(json::to_json(&line), "text");
//!
//! let message = Value::custom([("RunspaceState", Value::I32(2))]);
//! let document = encode(&message, &Limits::ENCODE)?;
//! assert_eq!(document, "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">2</I32></MS></Obj>");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: [MS-PSRP] §2.2.5.

mod decode;
mod encode;
mod error;
mod escape;
pub mod json;
mod lexical;
mod limits;
mod number;
mod scalar;
mod secure;
mod serde;
mod text;
mod value;

pub use crate::xml::XmlError;
pub use decode::{Item, decode, decode_all};
pub use encode::encode;
pub use error::{DecodeError, EncodeError};
pub use limits::Limits;
pub use secure::SecureString;
pub use serde::{FromValueError, from_value};
pub use text::Text;
pub use value::{
    Content, DateTime, Decimal, InvalidLexical, ListKind, Object, Progress, Property, RefId, TimeSpan, TypeNames,
    Value, Version,
};
