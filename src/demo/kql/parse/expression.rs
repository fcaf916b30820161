//! Reads expressions.

use serde_json::{Map, Value as Json};

use super::Parser;
use crate::demo::kql::decimal::Decimal;
use crate::demo::kql::error::Error;
use crate::demo::kql::lexer::{Token, literal};
use crate::demo::kql::syntax::{Argument, Expr, List, ListTest, Match, Node, Sign, Test};
use crate::demo::kql::time;
use crate::demo::kql::value::{Kind, Value};

/// How tight operators bind.
const COMPARISON: u8 = 1;
const SUM: u8 = 2;
const PRODUCT: u8 = 3;
/// Arrays and objects in each other, as `parse_json` takes them.
const LITERAL_DEPTH: usize = 100;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, Error> {
        self.deeper(|parser| parser.logic("or", Node::Or, |parser| parser.logic("and", Node::And, Self::comparison)))
    }

    /// Parts with a word between them, in one node: a chain of a thousand is
    /// not a thousand deep.
    fn logic(
        &mut self,
        word: &str,
        node: fn(Vec<Expr>) -> Node,
        part: impl Fn(&mut Self) -> Result<Expr, Error>,
    ) -> Result<Expr, Error> {
        let start = self.span().start;
        let first = part(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        let depth = parts.iter().map(|part| part.depth).max().unwrap_or_default();
        self.made(start, node(parts), depth)
    }

    fn comparison(&mut self) -> Result<Expr, Error> {
        self.binary(COMPARISON)
    }

    fn binary(&mut self, tightness: u8) -> Result<Expr, Error> {
        let start = self.span().start;
        let mut left = if tightness > PRODUCT { return self.unary() } else { self.binary(tightness + 1)? };
        loop {
            if tightness == COMPARISON && matches!(self.peek(), Token::Word(_)) {
                match self.word_comparison(start, left)? {
                    (compared, true) => left = compared,
                    (same, false) => return Ok(same),
                }
                continue;
            }
            let Token::Sign(sign) = self.peek() else { return Ok(left) };
            let Some((sign, _)) = sign_of(sign).filter(|(_, binds)| *binds == tightness) else { return Ok(left) };
            self.at += 1;
            let right = self.binary(tightness + 1)?;
            let depth = left.depth.max(right.depth);
            left = self.made(start, Node::Binary(sign, Box::new(left), Box::new(right)), depth)?;
        }
    }

    /// A comparison by a word, and whether one stood there.
    fn word_comparison(&mut self, start: usize, left: Expr) -> Result<(Expr, bool), Error> {
        let Token::Word(word) = self.peek() else { return Ok((left, false)) };
        let word = word.clone();
        let (plain, negated) = word.strip_prefix('!').map_or((word.as_str(), false), |plain| (plain, true));
        if plain == "between" {
            self.at += 1;
            self.sign("(")?;
            let low = self.expression()?;
            self.sign("..")?;
            let high = self.expression()?;
            self.sign(")")?;
            let depth = left.depth.max(low.depth).max(high.depth);
            let (item, low, high) = (Box::new(left), Box::new(low), Box::new(high));
            return Ok((self.made(start, Node::Between { negated, item, low, high }, depth)?, true));
        }
        if let Some(list) = list_of(plain, negated) {
            self.at += 1;
            let items = self.list()?;
            let depth = items.iter().map(|item| item.depth).max().unwrap_or_default().max(left.depth);
            return Ok((self.made(start, Node::List(list, Box::new(left), items), depth)?, true));
        }
        let test = match plain {
            "matches" if !negated && matches!(self.peek_at(1), Token::Word(next) if next == "regex") => {
                self.at += 1;
                Some(Match { test: Test::Regex, exact_case: true, negated })
            }
            other => match_of(other, negated),
        };
        let Some(test) = test else { return Ok((left, false)) };
        self.at += 1;
        let right = self.binary(SUM)?;
        let depth = left.depth.max(right.depth);
        Ok((self.made(start, Node::Match(test, Box::new(left), Box::new(right)), depth)?, true))
    }

    /// `(a, b)`, `(table)`, or what is a list by itself.
    fn list(&mut self) -> Result<Vec<Expr>, Error> {
        if !self.take_sign("(") {
            return Ok(vec![self.binary(SUM)?]);
        }
        if self.take_sign(")") {
            return Ok(Vec::new());
        }
        let items = self.commas(|parser| parser.deeper(Self::tabular))?;
        self.sign(")")?;
        Ok(items)
    }

    fn unary(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        if self.take_sign("-") {
            let inner = self.deeper(Self::unary)?;
            let depth = inner.depth;
            return self.made(start, Node::Negate(Box::new(inner)), depth);
        }
        if self.take_sign("+") {
            return self.deeper(Self::unary);
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        let mut value = self.primary()?;
        loop {
            if self.is_sign(".") {
                self.at += 1;
                let name = self.name()?;
                let depth = value.depth;
                value = self.made(start, Node::Member(Box::new(value), name), depth)?;
            } else if self.is_sign("[") {
                self.at += 1;
                let index = self.expression()?;
                self.sign("]")?;
                let depth = value.depth.max(index.depth);
                value = self.made(start, Node::Element(Box::new(value), Box::new(index)), depth)?;
            } else if let Token::Quoted(name) = self.peek() {
                // `bag['a b']`: the lexer cannot tell it from a name.
                let name = name.clone();
                self.at += 1;
                let depth = value.depth;
                value = self.made(start, Node::Member(Box::new(value), name), depth)?;
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        let (node, depth) = match self.peek().clone() {
            Token::Long(number) => (Node::Literal(Value::Long(number), Kind::Long), 0),
            Token::Real(number) => (Node::Literal(Value::Real(number), Kind::Real), 0),
            Token::Timespan(ticks) => (Node::Literal(Value::Timespan(ticks), Kind::Timespan), 0),
            Token::Typed(kind, text) => {
                let Some((value, kind)) = typed(&kind, &text) else { return Err(self.wrong()) };
                (Node::Literal(value, kind), 0)
            }
            Token::Text(mut text) => {
                // Literals side by side are one.
                while let Token::Text(more) = self.peek_at(1) {
                    text.push_str(more);
                    self.at += 1;
                }
                (Node::Literal(Value::text(text), Kind::String), 0)
            }
            Token::Word(word) if !word.starts_with('!') => return self.worded(start, word),
            Token::Quoted(name) => (Node::Name(name), 0),
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.deeper(Self::tabular)?;
                self.sign(")")?;
                return Ok(inner);
            }
            Token::Sign("*") if matches!(self.peek_at(1), Token::Word(_)) => (Node::Star, 0),
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        self.made(start, node, depth)
    }

    /// What begins with a word: a name, a call, a truth.
    fn worded(&mut self, start: usize, word: String) -> Result<Expr, Error> {
        self.at += 1;
        let truth = match word.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        if let Some(truth) = truth {
            return self.made(start, Node::Literal(Value::Bool(truth), Kind::Bool), 0);
        }
        if !self.is_sign("(") {
            return self.made(start, Node::Name(word), 0);
        }
        self.at += 1;
        if word == "typeof" {
            let kind = self.kind()?;
            self.sign(")")?;
            return self.made(start, Node::Literal(Value::text(kind.name()), Kind::String), 0);
        }
        let arguments: Vec<Argument> = self.arguments()?;
        let depth = arguments.iter().map(|argument| argument.value.depth).max().unwrap_or_default();
        self.made(start, Node::Call(word, arguments), depth)
    }
}

fn sign_of(sign: &str) -> Option<(Sign, u8)> {
    Some(match sign {
        "+" => (Sign::Add, SUM),
        "-" => (Sign::Subtract, SUM),
        "*" => (Sign::Multiply, PRODUCT),
        "/" => (Sign::Divide, PRODUCT),
        "%" => (Sign::Remainder, PRODUCT),
        "==" => (Sign::Equal, COMPARISON),
        "!=" | "<>" => (Sign::NotEqual, COMPARISON),
        "<" => (Sign::Less, COMPARISON),
        "<=" => (Sign::LessOrEqual, COMPARISON),
        ">" => (Sign::Greater, COMPARISON),
        ">=" => (Sign::GreaterOrEqual, COMPARISON),
        "=~" => (Sign::Alike, COMPARISON),
        "!~" => (Sign::NotAlike, COMPARISON),
        _ => return None,
    })
}

fn match_of(word: &str, negated: bool) -> Option<Match> {
    let (word, negated) = match word {
        "notcontains" | "nothas" | "notlike" => (word.trim_start_matches("not"), true),
        _ => (word, negated),
    };
    let (plain, exact_case) = word.strip_suffix("_cs").map_or((word, false), |plain| (plain, true));
    let test = match plain {
        "contains" => Test::Contains,
        "startswith" => Test::StartsWith,
        "endswith" => Test::EndsWith,
        "has" => Test::Has,
        "hasprefix" => Test::HasPrefix,
        "hassuffix" => Test::HasSuffix,
        "like" => Test::Like,
        _ => return None,
    };
    Some(Match { test, exact_case, negated })
}

fn list_of(word: &str, negated: bool) -> Option<List> {
    let (test, exact_case) = match word {
        "in" => (ListTest::In, true),
        "in~" => (ListTest::In, false),
        "has_any" if !negated => (ListTest::HasAny, false),
        "has_all" if !negated => (ListTest::HasAll, false),
        _ => return None,
    };
    Some(List { test, exact_case, negated })
}

/// A literal that is written like a call.
fn typed(kind: &str, text: &str) -> Option<(Value, Kind)> {
    let kind = Kind::named(kind)?;
    let text = text.trim();
    let bare = literal(text).filter(|(_, length)| *length == text.len()).map(|(bare, _)| bare);
    let plain = bare.as_deref().unwrap_or(text);
    if text == "null" {
        return Some((Value::Null, kind));
    }
    let value = match kind {
        Kind::Bool => match plain.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number => Value::Bool(number.parse::<i64>().ok()? != 0),
        },
        Kind::Int => Value::Int(whole(plain).and_then(|number| i32::try_from(number).ok())?),
        Kind::Long => Value::Long(whole(plain)?),
        Kind::Real => Value::Real(match plain {
            "+inf" => f64::INFINITY,
            "-inf" => f64::NEG_INFINITY,
            "nan" => f64::NAN,
            number => number.parse().ok()?,
        }),
        Kind::Decimal => Value::Decimal(Decimal::parse(plain)?),
        Kind::DateTime => Value::DateTime(time::parse_datetime(plain)?),
        Kind::Timespan => Value::Timespan(time::parse_timespan(plain)?),
        Kind::Guid => Value::Guid(plain.parse::<uuid::Uuid>().ok()?.to_string().into()),
        Kind::Dynamic => {
            let mut reader = Reader { text, at: 0 };
            let json = reader.value(0)?;
            reader.skip();
            if reader.at < text.len() {
                return None;
            }
            Value::dynamic(json)
        }
        Kind::String => return None,
    };
    Some((value, kind))
}

fn whole(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Reads what `dynamic(…)` holds: JSON, texts in either quotes, and literals
/// of the other types.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, letter: char) -> bool {
        self.skip();
        let found = self.rest().starts_with(letter);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > LITERAL_DEPTH {
            return None;
        }
        if self.take('[') {
            let mut items = Vec::new();
            while !self.take(']') {
                items.push(self.value(depth + 1)?);
                if !self.take(',') {
                    return self.take(']').then_some(Json::Array(items));
                }
            }
            return Some(Json::Array(items));
        }
        if self.take('{') {
            let mut fields = Map::new();
            while !self.take('}') {
                self.skip();
                let (name, length) = literal(self.rest())?;
                self.at += length;
                if !self.take(':') {
                    return None;
                }
                fields.insert(name, self.value(depth + 1)?);
                if !self.take(',') {
                    return self.take('}').then_some(Json::Object(fields));
                }
            }
            return Some(Json::Object(fields));
        }
        self.skip();
        if let Some((text, length)) = literal(self.rest()) {
            self.at += length;
            return Some(Json::String(text));
        }
        self.bare()
    }

    /// A number, a truth, null, or `datetime(…)`.
    fn bare(&mut self) -> Option<Json> {
        let rest = self.rest();
        let length = rest.find([',', ']', '}', '(']).unwrap_or(rest.len());
        let word = rest.get(..length)?;
        if rest.get(length..)?.starts_with('(') {
            let inner_length = rest.get(length + 1..)?.find(')')?;
            let (value, _) = typed(word.trim(), rest.get(length + 1..length + 1 + inner_length)?)?;
            self.at += length + inner_length + 2;
            return Some(value.to_dynamic());
        }
        let json = serde_json::from_str(word.trim()).ok()?;
        self.at += length;
        Some(json)
    }
}
