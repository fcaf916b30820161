//! How much of an answer is asked for.

use serde_json::{Map, Value as Json};

use super::ToolError;
use super::case::{BadArgument, Misspelt, Wanted};
use crate::catalog::schema::{PAGE_SIZE, PAGE_SIZE_MAX};
use crate::spelling;

/// How much of the answer is asked for, and from where on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) page_size: usize,
    pub(crate) cursor: Option<String>,
}

/// Reads the arguments that shape the answer.
pub(crate) fn view(arguments: &Map<String, Json>) -> Result<View, ToolError> {
    let fields = match arguments.get("fields") {
        None | Some(Json::Null) => None,
        Some(Json::Array(items)) => {
            let names: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            Some(names.ok_or_else(|| expected("fields", Wanted::Texts))?).filter(|names| !names.is_empty())
        }
        Some(_) => return Err(expected("fields", Wanted::Texts)),
    };
    let page_size = match arguments.get("page_size") {
        None | Some(Json::Null) => PAGE_SIZE,
        Some(value) => value
            .as_u64()
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| (1..=PAGE_SIZE_MAX).contains(size))
            .ok_or_else(|| expected("page_size", Wanted::WholeWithin { least: 1, greatest: PAGE_SIZE_MAX }))?,
    };
    let cursor = match arguments.get("cursor") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text.clone()),
        Some(_) => return Err(expected("cursor", Wanted::Text)),
    };
    Ok(View { fields, page_size, cursor })
}

/// Refuses a field that the tool's answers do not have and that looks like a
/// slip of one that they have. Any other may be a script's own.
pub(crate) fn fields<'a>(view: &View, known: impl IntoIterator<Item = &'a str> + Clone) -> Result<(), ToolError> {
    for field in view.fields.iter().flatten() {
        let is_known = known.clone().into_iter().any(|name| name.eq_ignore_ascii_case(field));
        if !is_known && (spelling::is_too_long(field) || !spelling::closest(field, known.clone()).is_empty()) {
            return Err(ToolError::of(BadArgument::Field(Misspelt::of(field, known))));
        }
    }
    Ok(())
}

/// The refusal of a value of the wrong form.
pub(crate) fn expected(name: &str, wanted: Wanted) -> ToolError {
    ToolError::of(BadArgument::MustBe { name: name.to_owned(), wanted })
}
