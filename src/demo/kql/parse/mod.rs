//! Reads a query.
//!
//! *Chosen*: written by hand. Of the crates that read KQL the one kept up
//! (`kqlparser` 0.0.4) knows a part of the operators, no places for its
//! errors, and comes with an engine (`datafusion-kql`) that has neither
//! Kusto's types nor its nulls.

mod expression;
mod operator;
mod relation;

use super::error::{Error, Span};
use super::lexer::{Lexeme, Token, lexemes};
use super::syntax::{Argument, Expr, Lambda, Let, Meaning, Named, Node, Parameter, Pipeline, Query, Source};
use super::value::{Kind, Value};

/// Expressions inside each other.
///
/// Chosen: Kusto itself gives up at some hundreds; nobody writes fifty.
const DEPTH_AT_MOST: usize = 200;
/// Chosen: a hundred times what the longest rules in public have.
const STEPS_AT_MOST: usize = 2_000;

/// The tree of a query.
pub(super) fn query(text: &str) -> Result<Query, Error> {
    let mut parser = Parser { text, lexemes: lexemes(text)?, at: 0, depth: 0 };
    let query = parser.statements()?;
    if *parser.peek() == Token::End { Ok(query) } else { Err(parser.wrong()) }
}

/// The parameters of a saved function, as it writes them: `a:long, b:string='x'`.
pub(super) fn parameters(text: &str) -> Result<Vec<Parameter>, Error> {
    let text = format!("({text})");
    let mut parser = Parser { text: &text, lexemes: lexemes(&text)?, at: 0, depth: 0 };
    parser.parameters()
}

pub(super) struct Parser<'q> {
    text: &'q str,
    lexemes: Vec<Lexeme>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        self.lexemes.get(self.at + ahead).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    fn span(&self) -> Span {
        let end = Span { start: self.text.len(), end: self.text.len() };
        self.lexemes.get(self.at).map_or(end, |lexeme| lexeme.span)
    }

    /// Where the last word ended.
    fn last_end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.lexemes.get(at)).map_or(0, |lexeme| lexeme.span.end)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn wrong(&self) -> Error {
        Error::syntax(self.text, self.span())
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found == word)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> Result<(), Error> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.wrong()) }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Error> {
        if self.take_word(word) { Ok(()) } else { Err(self.wrong()) }
    }

    /// A name of a column, a table, a function.
    fn name(&mut self) -> Result<String, Error> {
        match self.peek() {
            Token::Word(name) | Token::Quoted(name) if !name.starts_with('!') => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.wrong()),
        }
    }

    /// Whether a name and `=` stand here, and not `==`.
    fn is_assignment(&self) -> bool {
        matches!(self.peek(), Token::Word(_) | Token::Quoted(_)) && *self.peek_at(1) == Token::Sign("=")
    }

    /// What an option is set to: `kind=inner`.
    fn option(&mut self, name: &str) -> Result<Option<String>, Error> {
        if !(self.is_word(name) && *self.peek_at(1) == Token::Sign("=")) {
            return Ok(None);
        }
        self.at += 2;
        match self.next() {
            Token::Word(value) | Token::Quoted(value) | Token::Text(value) => Ok(Some(value)),
            Token::Long(value) => Ok(Some(value.to_string())),
            _ => {
                self.at -= 1;
                Err(self.wrong())
            }
        }
    }

    /// Items with commas between them.
    fn commas<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let mut items = vec![item(self)?];
        while self.take_sign(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Runs `read` one deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= DEPTH_AT_MOST {
            return Err(self.wrong());
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// `node` from `start` to the last word.
    fn made(&self, start: usize, node: Node, inner: usize) -> Result<Expr, Error> {
        if inner >= DEPTH_AT_MOST {
            return Err(Error::syntax(self.text, Span { start, end: self.last_end() }));
        }
        Ok(Expr { node, span: Span { start, end: self.last_end() }, depth: inner + 1 })
    }

    fn statements(&mut self) -> Result<Query, Error> {
        let mut lets = Vec::new();
        loop {
            while self.take_sign(";") {}
            if self.is_word("let") {
                lets.push(self.statement_let()?);
            } else if self.is_word("set") {
                self.at += 1;
                self.name()?;
                if self.take_sign("=") {
                    self.next();
                }
            } else {
                break;
            }
            if lets.len() > STEPS_AT_MOST {
                return Err(self.wrong());
            }
            if !self.is_sign("}") {
                self.sign(";")?;
            }
        }
        let answer = self.deeper(Self::tabular)?;
        while self.take_sign(";") {}
        Ok(Query { lets, answer })
    }

    fn statement_let(&mut self) -> Result<Let, Error> {
        self.at += 1;
        let name = self.name()?;
        self.sign("=")?;
        let view = self.is_word("view") && *self.peek_at(1) == Token::Sign("(");
        self.at += usize::from(view);
        let meaning = if view || self.is_lambda() {
            Meaning::Function(self.deeper(Self::lambda)?.into())
        } else {
            Meaning::Value(self.deeper(Self::tabular)?)
        };
        Ok(Let { name, meaning })
    }

    /// `(` … `) {`
    fn is_lambda(&self) -> bool {
        if !self.is_sign("(") {
            return false;
        }
        let mut depth = 0_usize;
        for (n, lexeme) in self.lexemes.iter().enumerate().skip(self.at) {
            match lexeme.token {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") => {
                    depth -= 1;
                    if depth == 0 {
                        return self.lexemes.get(n + 1).is_some_and(|next| next.token == Token::Sign("{"));
                    }
                }
                Token::Sign(";") => return false,
                _ => {}
            }
        }
        false
    }

    fn lambda(&mut self) -> Result<Lambda, Error> {
        let parameters = self.parameters()?;
        self.sign("{")?;
        let body = self.statements()?;
        self.sign("}")?;
        Ok(Lambda { parameters, body })
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>, Error> {
        self.sign("(")?;
        if self.take_sign(")") {
            return Ok(Vec::new());
        }
        let parameters = self.commas(|parser| {
            let name = parser.name()?;
            parser.sign(":")?;
            if parser.take_sign("(") {
                parser.table_parameter()?;
                return Ok(Parameter { name, kind: None, default: None });
            }
            let kind = parser.kind()?;
            let default = if parser.take_sign("=") { Some(parser.constant()?) } else { None };
            Ok(Parameter { name, kind: Some(kind), default })
        })?;
        self.sign(")")?;
        Ok(parameters)
    }

    /// `(a:string, b:long)` or `(*)`, after its parenthesis. What a table has
    /// shows when it is handed over.
    fn table_parameter(&mut self) -> Result<(), Error> {
        if !self.take_sign("*") {
            self.commas(|parser| {
                parser.name()?;
                parser.sign(":")?;
                parser.kind()
            })?;
        }
        self.sign(")")
    }

    fn kind(&mut self) -> Result<Kind, Error> {
        let kind = match self.peek() {
            Token::Word(name) => Kind::named(name),
            _ => None,
        };
        let kind = kind.ok_or_else(|| self.wrong())?;
        self.at += 1;
        Ok(kind)
    }

    fn constant(&mut self) -> Result<Value, Error> {
        let value = self.expression()?;
        match value.node {
            Node::Literal(value, _) => Ok(value),
            // As saved functions write it: `disabled:bool=False`.
            Node::Name(name) if name.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
            Node::Name(name) if name.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
            Node::Negate(inner) => match inner.node {
                Node::Literal(Value::Long(number), _) => Ok(Value::Long(-number)),
                Node::Literal(Value::Real(number), _) => Ok(Value::Real(-number)),
                _ => Err(Error::syntax(self.text, value.span)),
            },
            _ => Err(Error::syntax(self.text, value.span)),
        }
    }

    /// A scalar, or a pipeline.
    fn tabular(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        let (source, inner) = match self.source()? {
            Some(source) => (source, 1),
            None => {
                let value = self.expression()?;
                if !self.is_sign("|") {
                    return Ok(value);
                }
                let depth = value.depth;
                (Source::Expression(value), depth)
            }
        };
        let steps = self.steps()?;
        self.made(start, Node::Table(Pipeline { source, steps }.into()), inner)
    }

    /// `| operator` …
    fn steps(&mut self) -> Result<Vec<super::syntax::Step>, Error> {
        let mut steps = Vec::new();
        while self.take_sign("|") {
            steps.push(self.step()?);
            if steps.len() > STEPS_AT_MOST {
                return Err(self.wrong());
            }
        }
        Ok(steps)
    }

    fn named_list(&mut self) -> Result<Vec<Named>, Error> {
        self.commas(Self::named)
    }

    /// `a = x`, `(a, b) = x` or `x`.
    fn named(&mut self) -> Result<Named, Error> {
        if self.is_assignment() {
            let name = self.name()?;
            self.at += 1;
            return Ok(Named { names: vec![name], value: self.expression()? });
        }
        if self.is_sign("(") && self.is_name_list() {
            self.at += 1;
            let names = self.commas(Self::name)?;
            self.at += 2;
            return Ok(Named { names, value: self.expression()? });
        }
        Ok(Named { names: Vec::new(), value: self.expression()? })
    }

    /// `(a, b) =`
    fn is_name_list(&self) -> bool {
        let mut ahead = 1;
        loop {
            let name = matches!(self.peek_at(ahead), Token::Word(_) | Token::Quoted(_));
            match self.peek_at(ahead + 1) {
                Token::Sign(",") if name => ahead += 2,
                Token::Sign(")") if name => return *self.peek_at(ahead + 2) == Token::Sign("="),
                _ => return false,
            }
        }
    }

    /// Arguments after their parenthesis.
    fn arguments(&mut self) -> Result<Vec<Argument>, Error> {
        if self.take_sign(")") {
            return Ok(Vec::new());
        }
        let arguments = self.commas(|parser| {
            let name = if parser.is_assignment() {
                let name = parser.name()?;
                parser.at += 1;
                Some(name)
            } else {
                None
            };
            let start = parser.span().start;
            let bare = matches!(parser.peek_at(1), Token::Sign("," | ")"));
            let value = if parser.is_sign("*") && bare {
                parser.at += 1;
                parser.made(start, Node::Star, 0)?
            } else {
                parser.deeper(Self::tabular)?
            };
            Ok(Argument { name, value })
        })?;
        self.sign(")")?;
        Ok(arguments)
    }
}
