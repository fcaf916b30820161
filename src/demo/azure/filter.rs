//! `$filter` and `$orderby` of lists, as OData writes them.
//!
//! Paths (`properties/status`), `eq ne gt ge lt le`, `and or not`, brackets,
//! `contains(a, b)`, `startswith(a, b)` and `endswith(a, b)`.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::exchange::Request;
use super::refusal::Refusal;

/// What of `all` the request asks for, in its order.
///
/// # Errors
///
/// 400 for a filter or an order that cannot be read.
pub(super) fn filtered(request: &Request, mut all: Vec<Json>) -> Result<Vec<Json>, Refusal> {
    if let Some(text) = request.parameter("$filter").filter(|text| !text.trim().is_empty()) {
        let wrong = || Refusal::bad(format!("Invalid filter clause: '{text}'."));
        let tokens = tokens(text).ok_or_else(wrong)?;
        let mut reader = Reader { rest: &tokens };
        let filter = reader.any_of().filter(|_| reader.rest.is_empty()).ok_or_else(wrong)?;
        all.retain(|item| filter.holds(item));
    }
    if let Some(text) = request.parameter("$orderby").filter(|text| !text.trim().is_empty()) {
        // The last key first: the sort keeps the order of equals.
        for key in text.split(',').rev() {
            let mut words = key.split_whitespace();
            let (path, way) = (words.next().unwrap_or_default(), words.next().unwrap_or("asc"));
            if words.next().is_some() || !matches!(way, "asc" | "desc") {
                return Err(Refusal::bad(format!("Invalid order by clause: '{text}'.")));
            }
            all.sort_by(|a, b| {
                let order = compare(at(a, path), at(b, path)).unwrap_or(Ordering::Equal);
                if way == "desc" { order.reverse() } else { order }
            });
        }
    }
    Ok(all)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

enum Filter {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Compares(Operand, String, Operand),
    Holds(String, Operand, Operand),
}

enum Operand {
    Path(String),
    Value(Json),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(mut behind) = rest.strip_prefix('\'') {
            // Two quotes are one.
            let mut value = String::new();
            loop {
                let (part, after) = behind.split_once('\'')?;
                value.push_str(part);
                let Some(again) = after.strip_prefix('\'') else {
                    rest = after;
                    break;
                };
                value.push('\'');
                behind = again;
            }
            tokens.push(Token::Text(value));
        } else if matches!(first, '(' | ')' | ',') {
            tokens.push(Token::Sign(first));
            rest = &rest[1..];
        } else {
            let end =
                rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '\'')).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            tokens.push(Token::Word(word.to_owned()));
            rest = behind;
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

struct Reader<'a> {
    rest: &'a [Token],
}

impl Reader<'_> {
    fn any_of(&mut self) -> Option<Filter> {
        let mut all = vec![self.all_of()?];
        while self.takes_word("or") {
            all.push(self.all_of()?);
        }
        Some(Filter::Any(all))
    }

    fn all_of(&mut self) -> Option<Filter> {
        let mut all = vec![self.one()?];
        while self.takes_word("and") {
            all.push(self.one()?);
        }
        Some(Filter::All(all))
    }

    fn one(&mut self) -> Option<Filter> {
        if self.takes_word("not") {
            return self.one().map(|filter| Filter::Not(Box::new(filter)));
        }
        if self.takes_sign('(') {
            let inner = self.any_of()?;
            return self.takes_sign(')').then_some(inner);
        }
        if let [Token::Word(name), Token::Sign('('), ..] = self.rest
            && ["contains", "startswith", "endswith"].contains(&name.to_lowercase().as_str())
        {
            let name = name.to_lowercase();
            self.rest = self.rest.get(2..)?;
            let first = self.operand()?;
            if !self.takes_sign(',') {
                return None;
            }
            let second = self.operand()?;
            return self.takes_sign(')').then_some(Filter::Holds(name, first, second));
        }
        let first = self.operand()?;
        let [Token::Word(operator), rest @ ..] = self.rest else { return None };
        let operator = operator.to_lowercase();
        self.rest = rest;
        let known = ["eq", "ne", "gt", "ge", "lt", "le"].contains(&operator.as_str());
        let second = self.operand().filter(|_| known)?;
        Some(Filter::Compares(first, operator, second))
    }

    fn operand(&mut self) -> Option<Operand> {
        let (token, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match token {
            Token::Text(text) => Operand::Value(text.as_str().into()),
            Token::Sign(_) => return None,
            Token::Word(word) => match word.as_str() {
                "true" => Operand::Value(true.into()),
                "false" => Operand::Value(false.into()),
                "null" => Operand::Value(Json::Null),
                number if number.parse::<f64>().is_ok() => Operand::Value(serde_json::from_str(number).ok()?),
                // A time without quotes.
                time if time.starts_with(|c: char| c.is_ascii_digit()) => Operand::Value(time.into()),
                path => Operand::Path(path.to_owned()),
            },
        })
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let [Token::Word(word), rest @ ..] = self.rest else { return false };
        let takes = word.eq_ignore_ascii_case(wanted);
        if takes {
            self.rest = rest;
        }
        takes
    }

    fn takes_sign(&mut self, wanted: char) -> bool {
        let [Token::Sign(sign), rest @ ..] = self.rest else { return false };
        let takes = *sign == wanted;
        if takes {
            self.rest = rest;
        }
        takes
    }
}

impl Filter {
    fn holds(&self, item: &Json) -> bool {
        match self {
            Self::Any(all) => all.iter().any(|filter| filter.holds(item)),
            Self::All(all) => all.iter().all(|filter| filter.holds(item)),
            Self::Not(filter) => !filter.holds(item),
            Self::Compares(first, operator, second) => {
                let order = compare(first.of(item), second.of(item));
                match operator.as_str() {
                    "eq" => order == Some(Ordering::Equal),
                    "ne" => order != Some(Ordering::Equal),
                    "gt" => order == Some(Ordering::Greater),
                    "ge" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                    "lt" => order == Some(Ordering::Less),
                    _ => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                }
            }
            Self::Holds(name, first, second) => {
                let text = |operand: &Operand| operand.of(item).as_str().map(str::to_lowercase);
                let (Some(text), Some(part)) = (text(first), text(second)) else { return false };
                match name.as_str() {
                    "contains" => text.contains(&part),
                    "startswith" => text.starts_with(&part),
                    _ => text.ends_with(&part),
                }
            }
        }
    }
}

impl Operand {
    fn of<'a>(&'a self, item: &'a Json) -> &'a Json {
        match self {
            Self::Path(path) => at(item, path),
            Self::Value(value) => value,
        }
    }
}

/// The part of an item that a path names; properties of the resource may be
/// named without `properties/`.
fn at<'a>(item: &'a Json, path: &str) -> &'a Json {
    let walk = |from: &'a Json| path.split('/').fold(from, |json, key| &json[key]);
    match walk(item) {
        // *Spec* the list of resources has its own word for it.
        Json::Null if path == "resourceType" => &item["type"],
        Json::Null => walk(&item["properties"]),
        found => found,
    }
}

/// Times as times, numbers as numbers, texts without case.
fn compare(a: &Json, b: &Json) -> Option<Ordering> {
    match (a, b) {
        (Json::String(a), Json::String(b)) => match (a.parse::<jiff::Timestamp>(), b.parse::<jiff::Timestamp>()) {
            (Ok(a), Ok(b)) => Some(a.cmp(&b)),
            _ => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        },
        (Json::Number(a), Json::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Json::Bool(a), Json::Bool(b)) => Some(a.cmp(b)),
        (Json::Null, Json::Null) => Some(Ordering::Equal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(query: &[(&str, &str)]) -> Result<Vec<i64>, Refusal> {
        let request = Request {
            method: "GET".into(),
            path: String::new(),
            query: query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            headers: Vec::new(),
            body: Vec::new(),
            base: String::new(),
            is_sealed: true,
        };
        let item = |n: i64, status: &str, time: &str| json!({ "properties": { "n": n, "status": status, "time": time, "title": "O'Neil" } });
        let all = vec![
            item(1, "New", "2026-03-01T00:00:00Z"),
            item(2, "Active", "2026-03-02T00:00:00.5Z"),
            item(3, "Closed", "2026-03-03T01:00:00+01:00"),
        ];
        let left = filtered(&request, all)?;
        Ok(left.iter().filter_map(|item| item["properties"]["n"].as_i64()).collect())
    }

    #[test]
    fn a_filter_is_heeded() {
        for (filter, left) in [
            ("properties/status eq 'new'", vec![1]),
            ("properties/status ne 'Closed' and properties/n gt 1", vec![2]),
            ("(properties/n eq 1 or properties/n eq 3) and not (properties/status eq 'New')", vec![3]),
            ("properties/time ge 2026-03-02T00:00:00Z", vec![2, 3]),
            ("properties/time lt '2026-03-03T00:00:00Z'", vec![1, 2]),
            ("contains(properties/title, 'o''neil')", vec![1, 2, 3]),
            ("n le 2", vec![1, 2]),
        ] {
            assert_eq!(ask(&[("$filter", filter)]).unwrap(), left, "{filter}");
        }
    }

    #[test]
    fn an_order_is_heeded() {
        assert_eq!(ask(&[("$orderby", "properties/time desc")]).unwrap(), [3, 2, 1]);
        assert_eq!(ask(&[("$orderby", "properties/title asc, properties/n desc")]).unwrap(), [3, 2, 1]);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for filter in ["properties/status", "a eq", "a is 'b'", "(a eq 1", "a eq 'b", "a eq 1 b"] {
            assert_eq!(ask(&[("$filter", filter)]).unwrap_err().status, 400, "{filter}");
        }
        assert_eq!(ask(&[("$orderby", "a up")]).unwrap_err().status, 400);
    }
}
