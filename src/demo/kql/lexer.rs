//! Words of a query.

use super::error::{Error, Span};
use super::time;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword; also `in~` and, with the bang, `!has`.
    Word(String),
    /// A name in brackets: `['a b']`.
    Quoted(String),
    Long(i64),
    Real(f64),
    /// Ticks.
    Timespan(i64),
    Text(String),
    /// `datetime(…)` and its like: the type's name and what is between the
    /// parentheses.
    Typed(String, String),
    /// Anything else: the longest sign that fits.
    Sign(&'static str),
    End,
}

/// A word and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) span: Span,
}

const SIGNS: [&str; 30] = [
    "==", "!=", "<>", "<=", ">=", "=~", "!~", "=>", "..", "<|", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "|",
    "+", "-", "*", "/", "%", "<", ">", "=", "?",
];

/// Types whose literals are written like calls.
const TYPES: [&str; 14] = [
    "datetime", "date", "timespan", "time", "guid", "dynamic", "int", "long", "real", "double", "decimal", "bool",
    "boolean", "uuid",
];

/// All words of `query`, the end last.
pub(super) fn lexemes(query: &str) -> Result<Vec<Lexeme>, Error> {
    let mut lexer = Lexer { query, at: 0 };
    let mut lexemes = Vec::new();
    loop {
        lexer.skip();
        let start = lexer.at;
        let token = lexer.token()?;
        let end = token == Token::End;
        lexemes.push(Lexeme { token, span: Span { start, end: lexer.at } });
        if end {
            return Ok(lexemes);
        }
    }
}

struct Lexer<'q> {
    query: &'q str,
    at: usize,
}

impl<'q> Lexer<'q> {
    fn rest(&self) -> &'q str {
        self.query.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, start: usize) -> Error {
        let end = self.query.len().min(self.at.max(start + 1));
        Error::syntax(self.query, Span { start, end })
    }

    /// Takes what `belongs` to a word.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'q str {
        let rest = self.rest();
        let length = rest.find(|letter| !belongs(letter)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip(&mut self) {
        loop {
            self.take(|letter| letter.is_whitespace() || letter == '\u{feff}');
            if !self.rest().starts_with("//") {
                return;
            }
            self.take(|letter| letter != '\n');
        }
    }

    fn token(&mut self) -> Result<Token, Error> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        match first {
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' | '$' => self.word(),
            '\'' | '"' => self.text(),
            '@' if rest.starts_with("@'") || rest.starts_with("@\"") => self.text(),
            '`' if rest.starts_with("```") => self.text(),
            '~' if rest.starts_with("~~~") => self.text(),
            '[' if quoted_name(rest).is_some() => self.bracketed(),
            '!' if rest.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) => {
                self.at += 1;
                match self.word()? {
                    Token::Word(word) => Ok(Token::Word(format!("!{word}"))),
                    _ => Err(self.wrong(self.at)),
                }
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).ok_or_else(|| self.wrong(self.at))?;
                self.at += sign.len();
                Ok(Token::Sign(sign))
            }
        }
    }

    fn number(&mut self) -> Result<Token, Error> {
        let start = self.at;
        if self.rest().starts_with("0x") || self.rest().starts_with("0X") {
            self.at += 2;
            let digits = self.take(|letter| letter.is_ascii_hexdigit());
            return i64::from_str_radix(digits, 16).map(Token::Long).map_err(|_| self.wrong(start));
        }
        self.take(|letter| letter.is_ascii_digit());
        let mut bytes = self.rest().bytes();
        // `1..5` is a range of whole numbers.
        let mut real = false;
        if bytes.next() == Some(b'.') && bytes.next().is_some_and(|byte| byte.is_ascii_digit()) {
            real = true;
            self.at += 1;
            self.take(|letter| letter.is_ascii_digit());
        }
        let amount = self.query.get(start..self.at).unwrap_or_default();
        let rest = self.rest();
        let exponent = rest.strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if exponent.is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit())) {
            self.at += 2;
            self.take(|letter| letter.is_ascii_digit());
            let text = self.query.get(start..self.at).unwrap_or_default();
            return text.parse().map(Token::Real).map_err(|_| self.wrong(start));
        }
        let name = self.take(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !name.is_empty() {
            let ticks = time::unit(name).and_then(|unit| time::scaled(amount, unit));
            return ticks.map(Token::Timespan).ok_or_else(|| self.wrong(start));
        }
        let number = if real { amount.parse().ok().map(Token::Real) } else { amount.parse().ok().map(Token::Long) };
        number.ok_or_else(|| self.wrong(start))
    }

    fn word(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let word = self.take(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$');
        if matches!(word, "h" | "H") && self.rest().starts_with(['\'', '"', '@']) {
            return self.text();
        }
        if matches!(word, "in" | "has_any" | "has_all") && self.rest().starts_with('~') {
            self.at += 1;
            return Ok(Token::Word(format!("{word}~")));
        }
        let is_type = TYPES.contains(&word);
        if is_type && self.rest().trim_start().starts_with('(') {
            self.take(char::is_whitespace);
            return match enclosed(self.rest()) {
                Some(inner) => {
                    self.at += inner.len() + 2;
                    Ok(Token::Typed(word.to_owned(), inner.to_owned()))
                }
                None => Err(self.wrong(start)),
            };
        }
        Ok(Token::Word(word.to_owned()))
    }

    fn bracketed(&mut self) -> Result<Token, Error> {
        self.at += 1;
        self.skip();
        let name = self.text()?;
        self.skip();
        self.at += 1;
        match name {
            Token::Text(name) => Ok(Token::Quoted(name)),
            _ => Err(self.wrong(self.at)),
        }
    }

    fn text(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let (text, length) = literal(self.rest()).ok_or_else(|| self.wrong(start))?;
        self.at += length;
        Ok(Token::Text(text))
    }
}

/// `['name']`, and not the start of an index or an array.
fn quoted_name(rest: &str) -> Option<()> {
    let inner = rest.strip_prefix('[')?.trim_start();
    let (_, length) = literal(inner)?;
    inner.get(length..)?.trim_start().starts_with(']').then_some(())
}

/// A string literal at the start of `text`, and how long it is written.
pub(super) fn literal(text: &str) -> Option<(String, usize)> {
    for fence in ["```", "~~~"] {
        if let Some(rest) = text.strip_prefix(fence) {
            let end = rest.find(fence)?;
            return Some((rest.get(..end)?.to_owned(), end + 2 * fence.len()));
        }
    }
    let verbatim = text.starts_with('@');
    let body = text.strip_prefix('@').unwrap_or(text);
    let quote = body.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    let mut out = String::new();
    let mut letters = body.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            if verbatim && letters.peek().is_some_and(|(_, next)| *next == quote) {
                letters.next();
                out.push(quote);
                continue;
            }
            return Some((out, at + 1 + usize::from(verbatim)));
        }
        match letter {
            '\\' if !verbatim => out.push(escape(&mut letters)?),
            '\n' | '\r' if !verbatim => return None,
            other => out.push(other),
        }
    }
    None
}

fn escape(letters: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    Some(match letters.next()?.1 {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '0' => '\0',
        same @ ('\\' | '\'' | '"' | '?') => same,
        'x' => hex(letters, 2)?,
        'u' => hex(letters, 4)?,
        'U' => hex(letters, 8)?,
        _ => return None,
    })
}

fn hex(letters: &mut impl Iterator<Item = (usize, char)>, digits: usize) -> Option<char> {
    let text: String = letters.take(digits).map(|(_, letter)| letter).collect();
    u32::from_str_radix(&text, 16).ok().and_then(char::from_u32)
}

/// What is between a parenthesis and its other half.
fn enclosed(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(letter) = text.get(at..)?.chars().next() {
        match letter {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return text.get(1..at);
                }
            }
            '\'' | '"' => {
                at += literal(text.get(at..)?)?.1;
                continue;
            }
            _ => {}
        }
        at += letter.len_utf8();
    }
    None
}
