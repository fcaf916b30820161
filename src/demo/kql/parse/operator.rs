//! Reads the operators of a pipeline.

use super::Parser;
use crate::demo::kql::error::{Error, Span};
use crate::demo::kql::lexer::Token;
use crate::demo::kql::syntax::{
    Apply, Expand, Named, Operator, Parse, ParseMode, ParsePart, Pattern, Pipeline, SortKey, Source, Step,
};
use crate::demo::kql::value::Kind;

impl Parser<'_> {
    /// The name of an operator: `mv-expand` is three words without a gap.
    fn operator_name(&mut self) -> Result<String, Error> {
        let Token::Word(word) = self.peek() else { return Err(self.wrong()) };
        let mut name = word.clone();
        self.at += 1;
        while self.is_sign("-") && self.span().start == self.last_end() {
            let Token::Word(word) = self.peek_at(1) else { break };
            name = format!("{name}-{word}");
            self.at += 2;
        }
        Ok(name)
    }

    pub(super) fn step(&mut self) -> Result<Step, Error> {
        let at = self.at;
        let name = self.operator_name()?;
        let step = |name, operator| Ok(Step { name, operator });
        match name.as_str() {
            "where" | "filter" => step("where", Operator::Where(self.expression()?)),
            "extend" => step("extend", Operator::Extend(self.named_list()?)),
            "project" => step("project", Operator::Project(self.named_list()?)),
            "project-away" => step("project-away", Operator::ProjectAway(self.patterns()?)),
            "project-keep" => step("project-keep", Operator::ProjectKeep(self.patterns()?)),
            "project-reorder" => step("project-reorder", Operator::ProjectReorder(self.patterns()?)),
            "project-rename" => step("project-rename", Operator::ProjectRename(self.renames()?)),
            "summarize" => step("summarize", self.summarize()?),
            "distinct" => {
                let all = self.take_sign("*");
                step("distinct", Operator::Distinct(if all { None } else { Some(self.named_list()?) }))
            }
            "count" => step("count", Operator::Count),
            // Chosen: a sample that is the same each time is the first rows.
            "take" | "limit" | "sample" => step("take", Operator::Take(self.expression()?)),
            "sort" | "order" => {
                self.expect_word("by")?;
                step("sort", Operator::Sort(self.commas(Self::sort_key)?))
            }
            "top" => {
                let count = self.expression()?;
                self.expect_word("by")?;
                step("top", Operator::Top(count, self.sort_key()?))
            }
            "join" => step("join", self.join(false)?),
            "lookup" => step("lookup", self.join(true)?),
            "union" => step("union", Operator::Union(self.union()?)),
            "parse" => step("parse", self.parse(false)?),
            "parse-where" => step("parse-where", self.parse(true)?),
            "mv-expand" | "mvexpand" => step("mv-expand", Operator::Expand(self.expand()?)),
            "mv-apply" => step("mv-apply", self.apply()?),
            "serialize" => {
                let bare = self.is_sign("|") || self.is_sign(";") || self.is_sign(")") || *self.peek() == Token::End;
                step("serialize", Operator::Serialize(if bare { Vec::new() } else { self.named_list()? }))
            }
            "getschema" => step("getschema", Operator::Schema),
            "invoke" => step("invoke", Operator::Invoke(self.expression()?)),
            "search" => step("search", Operator::Search(self.search()?)),
            "evaluate" => step("evaluate", Operator::Evaluate(self.expression()?)),
            "as" => step("as", Operator::As(self.name()?)),
            "consume" => step("consume", Operator::Nothing),
            "render" => {
                self.render()?;
                step("render", Operator::Nothing)
            }
            _ => {
                // All of `make-series`, not its first word.
                let start = self.lexemes.get(at).map_or(0, |lexeme| lexeme.span.start);
                Err(Error::syntax(self.text, Span { start, end: self.last_end() }))
            }
        }
    }

    /// What `render` says does not change the rows.
    fn render(&mut self) -> Result<(), Error> {
        self.name()?;
        if self.take_word("with") {
            self.sign("(")?;
            while !self.take_sign(")") {
                if *self.peek() == Token::End {
                    return Err(self.wrong());
                }
                self.at += 1;
            }
        }
        Ok(())
    }

    fn patterns(&mut self) -> Result<Vec<Pattern>, Error> {
        self.commas(|parser| {
            let text = parser.wildcard()?;
            let order = if parser.take_word("asc") {
                Some(false)
            } else if parser.take_word("desc") {
                Some(true)
            } else {
                None
            };
            Ok(Pattern { text, order })
        })
    }

    /// A name with `*` in it: words and stars without a gap.
    pub(super) fn wildcard(&mut self) -> Result<String, Error> {
        let mut text = if self.take_sign("*") { "*".to_owned() } else { self.name()? };
        while self.span().start == self.last_end() {
            if self.take_sign("*") {
                text.push('*');
            } else if text.ends_with('*') && matches!(self.peek(), Token::Word(_)) {
                text += &self.name()?;
            } else {
                break;
            }
        }
        Ok(text)
    }

    fn renames(&mut self) -> Result<Vec<(String, crate::demo::kql::syntax::Expr)>, Error> {
        self.commas(|parser| {
            let name = parser.name()?;
            parser.sign("=")?;
            Ok((name, parser.expression()?))
        })
    }

    fn summarize(&mut self) -> Result<Operator, Error> {
        while self.hint()? {}
        let aggregates = if self.is_word("by") { Vec::new() } else { self.named_list()? };
        let by = if self.take_word("by") { self.named_list()? } else { Vec::new() };
        Ok(Operator::Summarize { aggregates, by })
    }

    fn sort_key(&mut self) -> Result<SortKey, Error> {
        let value = self.expression()?;
        let descending = !self.take_word("asc");
        if descending {
            self.take_word("desc");
        }
        let nulls_first = if self.take_word("nulls") {
            let first = self.take_word("first");
            if !first {
                self.expect_word("last")?;
            }
            Some(first)
        } else {
            None
        };
        Ok(SortKey { value, descending, nulls_first })
    }

    fn parse(&mut self, filter: bool) -> Result<Operator, Error> {
        let mode = match self.option("kind")?.as_deref() {
            None | Some("simple") => ParseMode::Simple,
            Some("relaxed") => ParseMode::Relaxed,
            Some("regex") => ParseMode::Regex,
            Some(_) => {
                self.at -= 1;
                return Err(self.wrong());
            }
        };
        self.option("flags")?;
        let value = self.expression()?;
        self.expect_word("with")?;
        let mut parts = Vec::new();
        loop {
            match self.peek().clone() {
                Token::Sign("*") => {
                    self.at += 1;
                    parts.push(ParsePart::Star);
                }
                Token::Text(text) => {
                    self.at += 1;
                    parts.push(ParsePart::Text(text));
                }
                Token::Word(_) | Token::Quoted(_) => {
                    let name = self.name()?;
                    let kind = if self.take_sign(":") { self.kind()? } else { Kind::String };
                    parts.push(ParsePart::Column(name, kind));
                }
                _ => break,
            }
        }
        if parts.is_empty() {
            return Err(self.wrong());
        }
        Ok(Operator::Parse(Parse { value, mode, filter, parts }))
    }

    fn expand(&mut self) -> Result<Expand, Error> {
        let mut pairs = false;
        let mut index = None;
        loop {
            if let Some(kind) = self.option("kind")?.or(self.option("bagexpansion")?) {
                pairs = kind == "array";
            } else if let Some(name) = self.option("with_itemindex")? {
                index = Some(name);
            } else {
                break;
            }
        }
        let columns = self.commas(|parser| {
            let column: Named = parser.named()?;
            let kind = if parser.take_word("to") {
                parser.expect_word("typeof")?;
                parser.sign("(")?;
                let kind = parser.kind()?;
                parser.sign(")")?;
                Some(kind)
            } else {
                None
            };
            Ok((column, kind))
        })?;
        let limit = if self.take_word("limit") { Some(self.expression()?) } else { None };
        Ok(Expand { columns, index, pairs, limit })
    }

    fn apply(&mut self) -> Result<Operator, Error> {
        let expand = self.expand()?;
        self.expect_word("on")?;
        self.sign("(")?;
        let mut steps = vec![self.deeper(Self::step)?];
        steps.extend(self.deeper(Self::steps)?);
        self.sign(")")?;
        Ok(Operator::Apply(Box::new(Apply { expand, body: Pipeline { source: Source::Given, steps } })))
    }
}
