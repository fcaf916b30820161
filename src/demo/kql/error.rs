//! Why a query did not come off, in the words of Log Analytics.

use serde_json::{Value as Json, json};

/// A byte range of the query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Span {
    pub(in crate::demo) start: usize,
    pub(in crate::demo) end: usize,
}

/// What was wrong with a query, or what it ran into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::demo) enum Error {
    /// The text is no query.
    #[error("Query could not be parsed at '{token}' on line [{line},{column}]")]
    Syntax {
        /// What stands there; empty at the end of the query.
        token: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 0, in characters, as Kusto counts it.
        column: usize,
    },
    /// It names or combines what does not fit.
    #[error("{message}")]
    Semantic {
        /// Kusto's number, such as `SEM0100`.
        code: &'static str,
        /// Names the operator and the column, table or function.
        message: String,
    },
    /// It makes more than memory holds.
    #[error(
        "Query execution lacks memory resources to complete (80DA0007): Partial query failure: Low memory condition \
         (E_LOW_MEMORY_CONDITION)."
    )]
    TooLarge,
    /// It takes longer than a query may.
    #[error("Kusto query timed out")]
    TimedOut,
}

impl Error {
    /// A name that nothing answers to, as `SEM0100`.
    pub(super) fn unresolved(operator: &str, what: &str, name: &str) -> Self {
        Self::Semantic {
            code: "SEM0100",
            message: format!("'{operator}' operator: Failed to resolve {what} named '{name}'"),
        }
    }

    /// Anything else that does not fit.
    pub(super) fn semantic(code: &'static str, message: impl Into<String>) -> Self {
        Self::Semantic { code, message: message.into() }
    }

    /// What stands at `span` of `query` and could not be read.
    pub(super) fn syntax(query: &str, span: Span) -> Self {
        let before = query.get(..span.start).unwrap_or(query);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self::Syntax {
            token: query.get(span.start..span.end).unwrap_or_default().chars().take(TOKEN_AT_MOST).collect(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count(),
        }
    }

    /// The value of `error` in the answer of the query interface.
    pub(in crate::demo) fn body(&self) -> Json {
        let inner = match self {
            Self::Syntax { token, line, column } => json!({
                "code": "SyntaxError",
                "message": "A recognition error occurred in the query.",
                "innererror": {
                    "code": "SYN0002",
                    "message": self.to_string(),
                    "line": line,
                    "pos": column,
                    "token": token,
                },
            }),
            Self::Semantic { code, message } => json!({
                "code": "SemanticError",
                "message": "A semantic error occurred.",
                "innererror": { "code": code, "message": message },
            }),
            Self::TooLarge => json!({ "code": "80DA0007", "message": self.to_string() }),
            Self::TimedOut => json!({ "code": "GatewayTimeout", "message": self.to_string() }),
        };
        let (code, message) = match self {
            Self::TimedOut => ("GatewayTimeout", "Gateway timeout"),
            _ => ("BadArgumentError", "The request had some invalid properties"),
        };
        json!({ "message": message, "code": code, "innererror": inner })
    }
}

/// Chosen: a token may be a literal of megabytes; its head says which one.
const TOKEN_AT_MOST: usize = 80;
