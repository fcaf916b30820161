//! A query as it is written, as a tree.

use std::rc::Rc;

use super::error::Span;
use super::value::{Kind, Value};

/// Statements, and the pipeline that answers.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) lets: Vec<Let>,
    pub(super) answer: Expr,
}

#[derive(Clone, Debug)]
pub(super) struct Let {
    pub(super) name: String,
    pub(super) meaning: Meaning,
}

#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// A scalar or a table.
    Value(Expr),
    Function(Rc<Lambda>),
}

/// `(parameters) { body }`.
#[derive(Debug)]
pub(super) struct Lambda {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Query,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// None for a table.
    pub(super) kind: Option<Kind>,
    pub(super) default: Option<Value>,
}

#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) node: Node,
    pub(super) span: Span,
    /// How many expressions are inside each other, this one counted.
    pub(super) depth: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Value, Kind),
    Name(String),
    /// `*` as an argument.
    Star,
    Member(Box<Expr>, String),
    Element(Box<Expr>, Box<Expr>),
    Call(String, Vec<Argument>),
    Negate(Box<Expr>),
    Binary(Sign, Box<Expr>, Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// `has`, `startswith` and their like.
    Match(Match, Box<Expr>, Box<Expr>),
    /// `in` and `has_any`: one against a list.
    List(List, Box<Expr>, Vec<Expr>),
    Between {
        negated: bool,
        item: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    Table(Rc<Pipeline>),
}

#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) name: Option<String>,
    pub(super) value: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Alike,
    NotAlike,
}

/// A test of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) test: Test,
    pub(super) exact_case: bool,
    pub(super) negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Contains,
    StartsWith,
    EndsWith,
    Has,
    HasPrefix,
    HasSuffix,
    Like,
    Regex,
}

/// A test against a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) test: ListTest,
    pub(super) exact_case: bool,
    pub(super) negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListTest {
    In,
    HasAny,
    HasAll,
}

/// A source and what its rows go through.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) source: Source,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum Source {
    /// A name, a call or a pipeline in parentheses.
    Expression(Expr),
    Union(Union),
    Print(Vec<Named>),
    Datatable(Vec<(String, Kind)>, Vec<Expr>),
    Range {
        name: String,
        from: Expr,
        to: Expr,
        step: Expr,
    },
    Search(Search),
    /// The rows that the operator around it hands in (`mv-apply`).
    Given,
}

/// An operator, by the name that errors give it.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) operator: Operator,
}

#[derive(Debug)]
pub(super) enum Operator {
    Where(Expr),
    Extend(Vec<Named>),
    Project(Vec<Named>),
    ProjectAway(Vec<Pattern>),
    ProjectKeep(Vec<Pattern>),
    ProjectRename(Vec<(String, Expr)>),
    ProjectReorder(Vec<Pattern>),
    Summarize {
        aggregates: Vec<Named>,
        by: Vec<Named>,
    },
    Distinct(Option<Vec<Named>>),
    Count,
    Take(Expr),
    Sort(Vec<SortKey>),
    Top(Expr, SortKey),
    Join(Join),
    Union(Union),
    Parse(Parse),
    Expand(Expand),
    Apply(Box<Apply>),
    Serialize(Vec<Named>),
    Schema,
    Invoke(Expr),
    Search(Search),
    Evaluate(Expr),
    As(String),
    /// What does not change the rows: `render`, `consume`.
    Nothing,
}

/// `name = expression`; several names for what gives several columns.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) names: Vec<String>,
    pub(super) value: Expr,
}

/// A column's name, `*` standing for anything.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) order: Option<bool>,
}

#[derive(Clone, Debug)]
pub(super) struct SortKey {
    pub(super) value: Expr,
    pub(super) descending: bool,
    /// Where the query says it.
    pub(super) nulls_first: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftAnti,
    RightAnti,
    LeftSemi,
    RightSemi,
}

#[derive(Debug)]
pub(super) struct Join {
    pub(super) kind: JoinKind,
    /// `lookup`: the right side's keys are left out.
    pub(super) lookup: bool,
    pub(super) right: Expr,
    pub(super) on: Vec<Expr>,
}

#[derive(Debug)]
pub(super) struct Union {
    pub(super) inner: bool,
    pub(super) source_column: Option<String>,
    pub(super) fuzzy: bool,
    pub(super) tables: Vec<UnionPart>,
}

#[derive(Debug)]
pub(super) enum UnionPart {
    Expression(Expr),
    /// `Sec*`
    Wildcard(String),
}

#[derive(Debug)]
pub(super) struct Search {
    pub(super) tables: Vec<UnionPart>,
    pub(super) predicate: Expr,
}

#[derive(Debug)]
pub(super) struct Parse {
    pub(super) value: Expr,
    pub(super) mode: ParseMode,
    /// `parse-where`: rows that do not fit fall.
    pub(super) filter: bool,
    pub(super) parts: Vec<ParsePart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParseMode {
    Simple,
    Relaxed,
    Regex,
}

#[derive(Debug)]
pub(super) enum ParsePart {
    Star,
    Text(String),
    Column(String, Kind),
}

#[derive(Debug)]
pub(super) struct Expand {
    pub(super) columns: Vec<(Named, Option<Kind>)>,
    pub(super) index: Option<String>,
    /// Fields as arrays of name and value.
    pub(super) pairs: bool,
    pub(super) limit: Option<Expr>,
}

/// `mv-apply`: what each row's elements go through.
#[derive(Debug)]
pub(super) struct Apply {
    pub(super) expand: Expand,
    pub(super) body: Pipeline,
}
