//! Queries and what they answer: mostly the examples of Kusto's documentation.

mod operators;
mod refusals;
mod scalars;

use std::sync::Arc;

use super::*;

/// A workspace with a table, a function and a watchlist.
struct Small;

const EVENTS: &str = "TimeGenerated:datetime n:int user:string tags:dynamic";

impl Database for Small {
    fn tables(&self) -> Vec<String> {
        vec!["Events".to_owned(), "EventsOld".to_owned()]
    }

    fn table(&self, name: &str) -> Option<Arc<Table>> {
        let mut table = Table::empty(name, EVENTS);
        let row = |time: &str, n: i32, user: &str, tags: &str| {
            Row::from(vec![
                Value::DateTime(ticks(time.parse().unwrap())),
                Value::Int(n),
                Value::text(user),
                Value::dynamic(serde_json::from_str(tags).unwrap()),
            ])
        };
        match name {
            "Events" => {
                table.rows = vec![
                    row("2026-03-10T11:00:00Z", 1, "ada", r#"["a","b"]"#),
                    row("2026-03-10T09:30:00Z", 2, "bob", r#"[]"#),
                    row("2026-03-08T09:30:00Z", 3, "ada", r#"{"k":1}"#),
                ];
            }
            "EventsOld" => table.rows = vec![row("2026-01-01T00:00:00Z", 9, "eve", "null")],
            _ => return None,
        }
        Some(Arc::new(table))
    }

    fn function(&self, name: &str) -> Option<Function> {
        let function =
            |parameters: &str, query: &str| Function { parameters: parameters.to_owned(), query: query.to_owned() };
        Some(match name {
            "Of" => function("who:string, least:long=0", "Events | where user == who and n >= least"),
            "Twice" => function("x:long", "x * 2"),
            "Forever" => function("", "Forever()"),
            "Broken" => function("", "Events | where missing == 1"),
            _ => return None,
        })
    }

    fn watchlist(&self, alias: &str) -> Option<Arc<Table>> {
        let mut items = Table::empty("Watchlist", "SearchKey:string Owner:string");
        items.rows = vec![Row::from(vec![Value::text("ada"), Value::text("CISO")])];
        (alias == "People").then(|| Arc::new(items))
    }
}

fn ask(query: &str) -> Result<Table, Error> {
    run(query, &Small, "2026-03-10T12:00:00Z".parse().unwrap(), None, Limits::default())
}

/// An answer on one line: `a:int, b:string | 1, x | 2, y`.
fn answer_of(query: &str) -> String {
    match ask(query) {
        Ok(answer) => {
            let columns = answer.columns.iter().map(|column| format!("{}:{}", column.name, column.kind.name()));
            let rows = answer.rows.iter().map(|row| {
                let cells = row.iter().map(|value| match value {
                    Value::Null => "null".to_owned(),
                    Value::String(text) => format!("'{text}'"),
                    other => other.to_text(),
                });
                cells.collect::<Vec<_>>().join(", ")
            });
            std::iter::once(columns.collect::<Vec<_>>().join(", ")).chain(rows).collect::<Vec<_>>().join(" | ")
        }
        Err(error) => format!("refused: {error}"),
    }
}

/// Each query answers as it stands beside it.
fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(query, expected)| (query, expected, answer_of(query)))
        .filter(|(_, expected, found)| *expected != found)
        .map(|(query, expected, found)| format!("{query}\n    expected {expected}\n    found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
