//! Lists in pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;
use serde_json::{Value as Json, json};

use super::exchange::Request;
use super::refusal::Refusal;

/// *Spec* the most that `$top` of incidents takes.
const TOP: usize = 1_000;

/// Items of a page of a list that has no pages.
pub(super) const UNPAGED: usize = usize::MAX;

/// One page of `all`: `{"value": […], "nextLink": "…"}`, the link only where
/// more follows. A page has `usual` items, as many as `$top` says (a thousand
/// at most), and never more than `most`.
///
/// # Errors
///
/// 400 for a `$top` or a `$skipToken` that is none.
pub(super) fn page(request: &Request, all: Vec<Json>, usual: usize, most: usize) -> Result<Json, Refusal> {
    if usual == UNPAGED {
        return Ok(json!({ "value": all }));
    }
    let top = match request.parameter("$top") {
        None => usual.min(most),
        Some(text) => match text.parse() {
            Ok(0) | Err(_) => return Err(Refusal::bad(format!("Invalid value for '$top': '{text}'."))),
            Ok(top) => most.min(top).min(TOP),
        },
    };
    let from = match request.parameter("$skipToken") {
        None => 0,
        Some(token) => position(token).ok_or_else(|| Refusal::bad("The continuation token is not valid."))?,
    };
    let count = all.len();
    let value: Vec<Json> = all.into_iter().skip(from).take(top).collect();
    let next = from + value.len();
    if next >= count || value.is_empty() {
        return Ok(json!({ "value": value }));
    }
    Ok(json!({ "value": value, "nextLink": link(request, next) }))
}

fn link(request: &Request, next: usize) -> String {
    let mut query = Serializer::new(String::new());
    for (key, value) in request.query.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("$skipToken")) {
        query.append_pair(key, value);
    }
    query.append_pair("$skipToken", &URL_SAFE_NO_PAD.encode(format!("from={next}")));
    format!("{}{}?{}", request.base, request.path, query.finish())
}

fn position(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("from=")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &[(&str, &str)]) -> Request {
        Request {
            method: "GET".into(),
            path: "/a%20b".into(),
            query: query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            headers: Vec::new(),
            body: Vec::new(),
            base: "https://127.0.0.1:1".into(),
            is_sealed: true,
        }
    }

    #[test]
    fn pages_together_are_the_list() {
        let all: Vec<Json> = (0..5).map(Json::from).collect();
        let mut seen = Vec::new();
        let mut asked = request(&[("api-version", "1"), ("$filter", "a eq 'b & c'")]);
        loop {
            let page = page(&asked, all.clone(), 100, 2).unwrap();
            seen.extend(page["value"].as_array().unwrap().clone());
            let Some(link) = page["nextLink"].as_str() else { break };
            let query = link.strip_prefix("https://127.0.0.1:1/a%20b?").unwrap();
            asked.query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            assert_eq!(asked.parameter("$filter"), Some("a eq 'b & c'"), "the link asks the same");
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_list_without_pages_is_whole() {
        let all: Vec<Json> = (0..5).map(Json::from).collect();
        let page = page(&request(&[]), all.clone(), UNPAGED, 2).unwrap();
        assert_eq!(page, json!({ "value": all }));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for query in [("$top", "0"), ("$top", "x"), ("$skipToken", "x"), ("$SkipToken", "ZnJvbT14")] {
            assert_eq!(page(&request(&[query]), Vec::new(), 2, 2).unwrap_err().status, 400, "{query:?}");
        }
    }
}
