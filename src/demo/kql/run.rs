//! Runs statements, pipelines and the functions that a query defines.

use std::rc::Rc;

use super::bind::{Binder, Typed};
use super::engine::{Binding, Engine, Function, Scope};
use super::error::Error;
use super::functions::conversion::convert;
use super::operators::{At, operator};
use super::parse;
use super::syntax::{Argument, Expr, Lambda, Let, Meaning, Node, Pipeline, Query, Source};
use super::table::Table;
use super::value::{Kind, Value};

/// The answer of a query or of a function's body.
pub(super) fn query(engine: &Engine<'_>, scope: &Scope, query: &Query) -> Result<Rc<Table>, Error> {
    let scope = lets(engine, scope, &query.lets)?;
    if is_table(engine, &scope, &query.answer) {
        return table(engine, &scope, &query.answer, "");
    }
    // A name that nothing knows was meant as a table.
    if let Node::Name(name) = &query.answer.node
        && scope.find(name).is_none()
    {
        return Err(unknown_table("", name));
    }
    Err(Error::semantic("SEM0001", "A query must end in a tabular expression"))
}

fn unknown_table(operator: &str, name: &str) -> Error {
    Error::unresolved(operator, "table or column expression", name)
}

/// The names that `let` gives, each knowing those before it.
fn lets(engine: &Engine<'_>, scope: &Scope, lets: &[Let]) -> Result<Scope, Error> {
    let mut scope = scope.clone();
    for statement in lets {
        let binding = match &statement.meaning {
            Meaning::Function(lambda) => Binding::Function(Rc::clone(lambda), scope.clone()),
            Meaning::Value(expr) if is_table(engine, &scope, expr) => Binding::Table(table(engine, &scope, expr, "")?),
            Meaning::Value(expr) => {
                let binder = Binder { engine, scope: &scope, columns: &[], operator: "let", aggregates: None };
                bound(binder.bind(expr)?)
            }
        };
        scope = scope.with(&statement.name, binding);
    }
    Ok(scope)
}

fn bound(typed: Typed) -> Binding {
    match &typed.constant {
        Some(value) => Binding::Scalar(value.clone(), typed.kind),
        None => Binding::Inline(typed),
    }
}

/// Whether an expression gives rows.
pub(super) fn is_table(engine: &Engine<'_>, scope: &Scope, expr: &Expr) -> bool {
    // Too deep to tell: running it says so.
    engine.deeper(|| Ok(gives_rows(engine, scope, expr))).unwrap_or(true)
}

fn gives_rows(engine: &Engine<'_>, scope: &Scope, expr: &Expr) -> bool {
    match &expr.node {
        Node::Table(_) => true,
        Node::Name(name) => match scope.find(name) {
            Some(Binding::Table(_)) => true,
            Some(Binding::Function(lambda, scope)) => lambda_gives_rows(engine, scope, lambda),
            Some(Binding::Scalar(..) | Binding::Inline(_)) => false,
            None => engine.database.table(name).is_some() || saved_gives_rows(engine, name),
        },
        Node::Call(name, arguments) => match (scope.find(name), name.as_str()) {
            (Some(Binding::Function(lambda, scope)), _) => lambda_gives_rows(engine, scope, lambda),
            (_, "_GetWatchlist" | "table") => true,
            (_, "materialize" | "view") => {
                arguments.first().is_some_and(|argument| is_table(engine, scope, &argument.value))
            }
            _ => saved_gives_rows(engine, name),
        },
        _ => false,
    }
}

fn saved_gives_rows(engine: &Engine<'_>, name: &str) -> bool {
    let Some(function) = engine.database.function(name) else { return false };
    saved(&function).is_ok_and(|lambda| lambda_gives_rows(engine, &Scope::default(), &lambda))
}

fn lambda_gives_rows(engine: &Engine<'_>, scope: &Scope, lambda: &Lambda) -> bool {
    let Node::Name(name) = &lambda.body.answer.node else { return is_table(engine, scope, &lambda.body.answer) };
    if let Some(parameter) = lambda.parameters.iter().find(|parameter| parameter.name == *name) {
        return parameter.kind.is_none();
    }
    match lambda.body.lets.iter().rev().find(|statement| statement.name == *name).map(|found| &found.meaning) {
        Some(Meaning::Value(expr)) => is_table(engine, scope, expr),
        Some(Meaning::Function(inner)) => lambda_gives_rows(engine, scope, inner),
        None => is_table(engine, scope, &lambda.body.answer),
    }
}

/// The rows of an expression; `operator` is what reads them, for the error.
pub(super) fn table(engine: &Engine<'_>, scope: &Scope, expr: &Expr, operator: &str) -> Result<Rc<Table>, Error> {
    engine.deeper(|| match &expr.node {
        Node::Table(pipeline) => run(engine, scope, pipeline, None),
        Node::Name(name) => named_table(engine, scope, name, operator),
        Node::Call(name, arguments) => called_table(engine, scope, name, arguments, operator),
        _ => Err(Error::semantic("SEM0001", format!("'{operator}' operator: a tabular expression is expected"))),
    })
}

fn named_table(engine: &Engine<'_>, scope: &Scope, name: &str, operator: &str) -> Result<Rc<Table>, Error> {
    match scope.find(name) {
        Some(Binding::Table(table)) => return Ok(Rc::clone(table)),
        Some(Binding::Function(lambda, inner)) => return call_table(engine, scope, name, (lambda, inner), &[], None),
        Some(_) => return Err(unknown_table(operator, name)),
        None => {}
    }
    if let Some(table) = engine.read(name)? {
        return Ok(table);
    }
    match engine.database.function(name) {
        Some(function) => call_table(engine, scope, name, (&saved(&function)?, &Scope::default()), &[], None),
        None => Err(unknown_table(operator, name)),
    }
}

fn called_table(
    engine: &Engine<'_>,
    scope: &Scope,
    name: &str,
    arguments: &[Argument],
    operator: &str,
) -> Result<Rc<Table>, Error> {
    if let Some(Binding::Function(lambda, inner)) = scope.find(name) {
        return call_table(engine, scope, name, (lambda, inner), arguments, None);
    }
    let first = || {
        let binder = Binder { engine, scope, columns: &[], operator: "let", aggregates: None };
        let value = arguments.first().map(|argument| binder.bind(&argument.value)).transpose()?;
        let text = value.and_then(|value| value.constant).map(|value| value.to_text());
        text.ok_or_else(|| Error::semantic("SEM0219", format!("{name}(): argument #1 expected to be a string literal")))
    };
    match (name, arguments) {
        ("materialize" | "view", [argument]) => table(engine, scope, &argument.value, operator),
        ("_GetWatchlist", _) => {
            let alias = first()?;
            let items = engine.database.watchlist(&alias).map(|items| (*items).clone());
            let items = items.unwrap_or_else(|| Table::empty("Watchlist", super::WATCHLIST_COLUMNS));
            engine.spend(items.rows.len())?;
            Ok(Rc::new(items))
        }
        ("table", _) => {
            let name = first()?;
            engine.read(&name)?.ok_or_else(|| unknown_table(operator, &name))
        }
        _ => match engine.database.function(name) {
            Some(function) => call_table(engine, scope, name, (&saved(&function)?, &Scope::default()), arguments, None),
            None => Err(Error::semantic("SEM0260", format!("Unknown function: '{name}'"))),
        },
    }
}

/// A saved function as if the query had defined it.
pub(super) fn saved(function: &Function) -> Result<Rc<Lambda>, Error> {
    let parameters = parse::parameters(&function.parameters)?;
    Ok(Rc::new(Lambda { parameters, body: parse::query(&function.query)? }))
}

/// The rows of a call; `first` is what `invoke` hands in.
pub(super) fn call_table(
    engine: &Engine<'_>,
    caller: &Scope,
    name: &str,
    (lambda, scope): (&Rc<Lambda>, &Scope),
    arguments: &[Argument],
    first: Option<Rc<Table>>,
) -> Result<Rc<Table>, Error> {
    let binder = Binder { engine, scope: caller, columns: &[], operator: "let", aggregates: None };
    engine.deeper(|| {
        let scope = given(&binder, name, lambda, scope, arguments, first)?;
        query(engine, &scope, &lambda.body)
    })
}

/// The value of a call at a row.
pub(super) fn call_scalar(
    binder: &Binder<'_, '_>,
    name: &str,
    lambda: &Rc<Lambda>,
    scope: &Scope,
    arguments: &[Argument],
) -> Result<Typed, Error> {
    binder.engine.deeper(|| {
        let scope = given(binder, name, lambda, scope, arguments, None)?;
        let scope = lets(binder.engine, &scope, &lambda.body.lets)?;
        let engine = binder.engine;
        let inner = Binder { engine, scope: &scope, columns: &[], operator: binder.operator, aggregates: None };
        if is_table(engine, &scope, &lambda.body.answer) {
            return inner.scalar_of(&lambda.body.answer);
        }
        inner.bind(&lambda.body.answer)
    })
}

/// The scope of a body, its parameters bound.
fn given(
    binder: &Binder<'_, '_>,
    name: &str,
    lambda: &Lambda,
    scope: &Scope,
    arguments: &[Argument],
    first: Option<Rc<Table>>,
) -> Result<Scope, Error> {
    let wrong = |what: String| Error::semantic("SEM0219", format!("{name}(): {what}"));
    let handed = usize::from(first.is_some());
    if arguments.len() + handed > lambda.parameters.len() {
        return Err(wrong(format!("function expects {} argument(s)", lambda.parameters.len())));
    }
    if let Some(unknown) = arguments
        .iter()
        .filter_map(|argument| argument.name.as_ref())
        .find(|name| !lambda.parameters.iter().any(|parameter| parameter.name == **name))
    {
        return Err(wrong(format!("function has no parameter named '{unknown}'")));
    }
    let mut first = first;
    let mut scope = scope.clone();
    for (n, parameter) in lambda.parameters.iter().enumerate() {
        let named = arguments.iter().find(|argument| argument.name.as_ref() == Some(&parameter.name));
        let placed = n.checked_sub(handed).and_then(|n| arguments.get(n)).filter(|argument| argument.name.is_none());
        let binding = match (named.or(placed), parameter.kind, &parameter.default) {
            (_, None, _) if first.is_some() => {
                first.take().map_or(Binding::Scalar(Value::Null, Kind::Dynamic), Binding::Table)
            }
            (Some(argument), None, _) => {
                Binding::Table(table(binder.engine, binder.scope, &argument.value, binder.operator)?)
            }
            (Some(argument), Some(kind), _) => handed_in(binder, argument, kind)?,
            (None, Some(kind), Some(default)) => Binding::Scalar(convert(default, kind), kind),
            (None, _, _) => return Err(wrong(format!("no value is given for parameter '{}'", parameter.name))),
        };
        scope = scope.with(&parameter.name, binding);
    }
    Ok(scope)
}

fn handed_in(binder: &Binder<'_, '_>, argument: &Argument, kind: Kind) -> Result<Binding, Error> {
    let typed = binder.bind(&argument.value)?;
    if typed.kind == kind {
        return Ok(bound(typed));
    }
    let inner = typed.clone();
    Ok(bound(Typed::of(kind, &[&typed], move |cursor| convert(&inner.at(cursor), kind))?))
}

/// Sends the source's rows through the operators.
pub(super) fn run(
    engine: &Engine<'_>,
    scope: &Scope,
    pipeline: &Pipeline,
    given: Option<Rc<Table>>,
) -> Result<Rc<Table>, Error> {
    let name = pipeline.steps.first().map_or("", |step| step.name);
    let mut rows = match &pipeline.source {
        Source::Expression(expr) => table(engine, scope, expr, name)?,
        Source::Given => given.unwrap_or_default(),
        source => Rc::new(super::operators::source(&At { engine, scope, name: source_name(source) }, source)?),
    };
    // `as` names what came so far, for the operators behind it.
    let mut scope = scope.clone();
    for step in &pipeline.steps {
        let at = At { engine, scope: &scope, name: step.name };
        if let super::syntax::Operator::As(name) = &step.operator {
            scope = scope.with(name, Binding::Table(Rc::clone(&rows)));
            continue;
        }
        rows = operator(&at, &step.operator, rows)?;
    }
    Ok(rows)
}

fn source_name(source: &Source) -> &'static str {
    match source {
        Source::Union(_) => "union",
        Source::Print(_) => "print",
        Source::Datatable(..) => "datatable",
        Source::Range { .. } => "range",
        Source::Search(_) => "search",
        Source::Expression(_) | Source::Given => "",
    }
}
