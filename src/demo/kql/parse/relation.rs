//! Reads what makes or combines tables.

use super::Parser;
use crate::demo::kql::error::Error;
use crate::demo::kql::lexer::Token;
use crate::demo::kql::syntax::{Join, JoinKind, Operator, Search, Source, Union, UnionPart};

impl Parser<'_> {
    /// A source that begins with a word of its own.
    pub(super) fn source(&mut self) -> Result<Option<Source>, Error> {
        let Token::Word(word) = self.peek() else { return Ok(None) };
        let call = *self.peek_at(1) == Token::Sign("(");
        match word.as_str() {
            "union" => {
                self.at += 1;
                Ok(Some(Source::Union(self.union()?)))
            }
            "print" => {
                self.at += 1;
                Ok(Some(Source::Print(self.named_list()?)))
            }
            "datatable" if call => {
                self.at += 1;
                self.datatable().map(Some)
            }
            "range" if !call => {
                self.at += 1;
                let name = self.name()?;
                self.expect_word("from")?;
                let from = self.expression()?;
                self.expect_word("to")?;
                let to = self.expression()?;
                self.expect_word("step")?;
                Ok(Some(Source::Range { name, from, to, step: self.expression()? }))
            }
            "search" if !call || matches!(self.peek_at(2), Token::Text(_)) => {
                self.at += 1;
                Ok(Some(Source::Search(self.search()?)))
            }
            _ => Ok(None),
        }
    }

    /// `hint.strategy=broadcast`: hints change how it is done, not what comes
    /// of it.
    pub(super) fn hint(&mut self) -> Result<bool, Error> {
        if !(self.is_word("hint") && *self.peek_at(1) == Token::Sign(".")) {
            return Ok(false);
        }
        while !self.take_sign("=") {
            if *self.peek() == Token::End {
                return Err(self.wrong());
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(true)
    }

    fn datatable(&mut self) -> Result<Source, Error> {
        self.sign("(")?;
        let columns = self.commas(|parser| {
            let name = parser.name()?;
            parser.sign(":")?;
            Ok((name, parser.kind()?))
        })?;
        self.sign(")")?;
        // One text in brackets reads as a name in brackets.
        if let Token::Quoted(text) = self.peek().clone() {
            let start = self.span().start;
            self.at += 1;
            let value = crate::demo::kql::value::Value::text(text);
            let node = crate::demo::kql::syntax::Node::Literal(value, crate::demo::kql::value::Kind::String);
            return Ok(Source::Datatable(columns, vec![self.made(start, node, 0)?]));
        }
        self.sign("[")?;
        let mut cells = Vec::new();
        while !self.take_sign("]") {
            cells.push(self.expression()?);
            if !self.take_sign(",") {
                self.sign("]")?;
                break;
            }
        }
        Ok(Source::Datatable(columns, cells))
    }

    pub(super) fn union(&mut self) -> Result<Union, Error> {
        let mut union = Union { inner: false, source_column: None, fuzzy: false, tables: Vec::new() };
        loop {
            if let Some(kind) = self.option("kind")? {
                union.inner = kind == "inner";
            } else if let Some(name) = self.option("withsource")? {
                union.source_column = Some(name);
            } else if let Some(fuzzy) = self.option("isfuzzy")? {
                union.fuzzy = fuzzy == "true";
            } else {
                break;
            }
        }
        union.tables = self.commas(Self::union_part)?;
        Ok(union)
    }

    fn union_part(&mut self) -> Result<UnionPart, Error> {
        let at = self.at;
        if matches!(self.peek(), Token::Word(_) | Token::Sign("*")) {
            let name = self.wildcard()?;
            if name.contains('*') {
                return Ok(UnionPart::Wildcard(name));
            }
            self.at = at;
        }
        Ok(UnionPart::Expression(self.expression()?))
    }

    pub(super) fn search(&mut self) -> Result<Search, Error> {
        self.option("kind")?;
        let mut tables = Vec::new();
        if self.take_word("in") {
            self.sign("(")?;
            tables = self.commas(Self::union_part)?;
            self.sign(")")?;
        }
        Ok(Search { tables, predicate: self.expression()? })
    }

    pub(super) fn join(&mut self, lookup: bool) -> Result<Operator, Error> {
        let mut kind = if lookup { JoinKind::LeftOuter } else { JoinKind::InnerUnique };
        loop {
            let at = self.at;
            if let Some(name) = self.option("kind")? {
                let fits = |kind: &JoinKind| !lookup || matches!(kind, JoinKind::LeftOuter | JoinKind::Inner);
                kind = kind_named(&name).filter(fits).ok_or_else(|| {
                    self.at = at + 2;
                    self.wrong()
                })?;
            } else if !self.hint()? {
                break;
            }
        }
        let right = self.expression()?;
        self.expect_word("on")?;
        let on = self.commas(Self::expression)?;
        Ok(Operator::Join(Join { kind, lookup, right, on }))
    }
}

fn kind_named(name: &str) -> Option<JoinKind> {
    Some(match name {
        "innerunique" => JoinKind::InnerUnique,
        "inner" => JoinKind::Inner,
        "leftouter" => JoinKind::LeftOuter,
        "rightouter" => JoinKind::RightOuter,
        "fullouter" => JoinKind::FullOuter,
        "leftanti" | "anti" | "leftantisemi" => JoinKind::LeftAnti,
        "rightanti" | "rightantisemi" => JoinKind::RightAnti,
        "leftsemi" => JoinKind::LeftSemi,
        "rightsemi" => JoinKind::RightSemi,
        _ => return None,
    })
}
