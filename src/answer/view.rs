//! How much of an answer is asked for.

use serde_json::{Map, Value as Json};

use super::ToolError;
use super::case::{BadArgument, Misspelt, Wanted};
use crate::catalog::schema::{PAGE_SIZE, PAGE_SIZE_MAX};
use crate::catalog::{Kind, reading};
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
    // None of them can be empty: "" is one that was left out.
    let given = |name: &str| arguments.get(name).filter(|value| !value.is_null() && *value != "");
    let texts = |value: &Json| serde_json::from_value::<Vec<String>>(value.clone()).ok();
    let fields = match given("fields") {
        None => None,
        Some(value) => {
            let names = reading::read(Kind::Strings, value).as_ref().and_then(texts);
            Some(names.ok_or_else(|| expected("fields", Wanted::Texts))?).filter(|names| !names.is_empty())
        }
    };
    let page_size = match given("page_size") {
        None => PAGE_SIZE,
        Some(value) => reading::read(Kind::Int, value)
            .and_then(|size| size.as_u64())
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| (1..=PAGE_SIZE_MAX).contains(size))
            .ok_or_else(|| expected("page_size", Wanted::WholeWithin { least: 1, greatest: PAGE_SIZE_MAX }))?,
    };
    let cursor = match given("cursor") {
        None => None,
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
