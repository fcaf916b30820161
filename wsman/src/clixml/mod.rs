//! CLIXML: PowerShell's objects as XML.
//!
//! [`decode`] loses nothing that the wire holds, [`encode`] refuses what a
//! host would answer with silence. [`Value`] is the model between them;
//! [`json`] has its one mapping to JSON and back.
//!
//! Source: [MS-PSRP] §2.2.5.

mod text;
mod value;

pub use text::Text;
pub use value::{
    Content, DateTime, Decimal, InvalidLexical, ListKind, Object, Property, RefId, SecureString, TimeSpan, TypeNames,
    Value, Version,
};
