//! What is no query, what does not fit, and what takes too much.

use serde_json::json;

use super::*;

#[test]
fn a_query_that_cannot_be_read_says_where() {
    check(&[
        ("union * | foobar", "refused: Query could not be parsed at 'foobar' on line [1,10]"),
        ("Events\n| where (n == 1", "refused: Query could not be parsed at '' on line [2,15]"),
        ("Events | extend y =", "refused: Query could not be parsed at '' on line [1,19]"),
        ("Events | where n = 1", "refused: Query could not be parsed at '=' on line [1,17]"),
        (
            "Events | make-series count() on TimeGenerated step 1h",
            "refused: Query could not be parsed at 'make-series' \
          on line [1,9]",
        ),
        ("Events | where user == 'open", "refused: Query could not be parsed at ''' on line [1,23]"),
        ("Events | where n == 1x", "refused: Query could not be parsed at '1x' on line [1,20]"),
        ("Events || count", "refused: Query could not be parsed at '|' on line [1,8]"),
        ("", "refused: Query could not be parsed at '' on line [1,0]"),
        ("let x = 1;", "refused: Query could not be parsed at '' on line [1,10]"),
        ("Events | join kind=sideways Events on n", "refused: Query could not be parsed at 'sideways' on line [1,19]"),
        ("print datetime(yesterday)", "refused: Query could not be parsed at 'datetime(yesterday)' on line [1,6]"),
    ]);
}

#[test]
fn what_no_name_stands_for_is_named_with_its_operator() {
    check(&[
        ("Nowhere | take 1", "refused: 'take' operator: Failed to resolve table or column expression named 'Nowhere'"),
        (
            "Events | where who == 'x'",
            "refused: 'where' operator: Failed to resolve column or scalar expression named 'who'",
        ),
        ("Events | extend x=who", "refused: 'extend' operator: Failed to resolve scalar expression named 'who'"),
        (
            "Events | where n > 9 | project missing",
            "refused: 'project' operator: Failed to resolve scalar expression named \
          'missing'",
        ),
        ("Events | extend x=nosuch(n)", "refused: 'extend' operator: Unknown function: 'nosuch'"),
        ("nosuch() | count", "refused: Unknown function: 'nosuch'"),
        ("Events | join Events on who", "refused: 'join' operator: Failed to resolve column named 'who'"),
        ("Events | invoke nosuch()", "refused: 'invoke' operator: Unknown function: 'nosuch'"),
        ("Events | evaluate autocluster(n)", "refused: 'evaluate' operator: Unknown plugin: 'autocluster'"),
        ("Broken | take 1", "refused: 'where' operator: Failed to resolve column or scalar expression named 'missing'"),
        ("union isfuzzy=true Nowhere", "refused: 'union' operator: none of the tables can be resolved"),
    ]);
}

#[test]
fn types_that_do_not_fit_are_refused_before_a_row_is_read() {
    check(&[
        (
            "Events | where user == 1",
            "refused: Cannot compare values of types string and long. Try adding explicit casts",
        ),
        (
            "Events | where TimeGenerated > 5",
            "refused: Cannot compare values of types datetime and long. Try adding \
          explicit casts",
        ),
        (
            "Events | where user > 'a'",
            "refused: Cannot compare values of types string and string. Try adding explicit casts",
        ),
        ("Events | where n > 9 | where user", "refused: 'where' operator: expression must be of type bool, not string"),
        (
            "Events | extend x=user + 1",
            "refused: Arithmetic expression cannot be carried-out between types string and long",
        ),
        ("Events | extend x=count()", "refused: 'extend' operator: Aggregate function 'count' cannot be used here"),
        (
            "Events | summarize count() by tags",
            "refused: 'summarize' operator: Group key 'tags' is of a 'dynamic' type. \
          Please use an explicit cast as grouping by a 'dynamic' type is not supported",
        ),
        ("Events | where user matches regex '('", "refused: Regex pattern is ill-formed: '('"),
        ("Events | extend x=strlen(n)", "refused: strlen(): argument #1 expected to be a string expression"),
        ("Events | extend x=strlen()", "refused: strlen(): function expects 1 argument(s), not 0"),
        (
            "Events | mv-expand user",
            "refused: 'mv-expand' operator: expanded expression must be of type dynamic, not string",
        ),
        ("Events | project a=n, a=user", "refused: 'project' operator: a column with the name 'a' is already declared"),
        (
            "Events | join (Events | project n=user) on n",
            "refused: 'join' operator: key columns 'n' (int) and 'n' (string) \
          differ in type",
        ),
        ("Of()", "refused: Of(): no value is given for parameter 'who'"),
    ]);
}

#[test]
fn an_error_has_the_form_of_log_analytics() {
    let body = |query: &str| ask(query).unwrap_err().body();
    assert_eq!(
        body("union * | foobar"),
        json!({
            "message": "The request had some invalid properties",
            "code": "BadArgumentError",
            "innererror": {
                "code": "SyntaxError",
                "message": "A recognition error occurred in the query.",
                "innererror": {
                    "code": "SYN0002",
                    "message": "Query could not be parsed at 'foobar' on line [1,10]",
                    "line": 1,
                    "pos": 10,
                    "token": "foobar",
                },
            },
        })
    );
    assert_eq!(
        body("Appquests | take 5"),
        json!({
            "message": "The request had some invalid properties",
            "code": "BadArgumentError",
            "innererror": {
                "code": "SemanticError",
                "message": "A semantic error occurred.",
                "innererror": {
                    "code": "SEM0100",
                    "message": "'take' operator: Failed to resolve table or column expression named 'Appquests'",
                },
            },
        })
    );
}

/// Runs a query that may take little.
fn little(query: &str) -> Error {
    let limits = Limits { work: 100_000, bytes: 10_000_000 };
    run(query, &Small, "2026-03-10T12:00:00Z".parse().unwrap(), None, limits).unwrap_err()
}

#[test]
fn a_query_that_never_ends_is_stopped() {
    for query in [
        "range x from 1 to 1000000000 step 1 | count",
        "let a=(x:long){x+x}; let b=(x:long){a(x)+a(x)}; let c=(x:long){b(x)+b(x)}; let d=(x:long){c(x)+c(x)}; \
         let e=(x:long){d(x)+d(x)}; let f=(x:long){e(x)+e(x)}; let g=(x:long){f(x)+f(x)}; let h=(x:long){g(x)+g(x)}; \
         let i=(x:long){h(x)+h(x)}; let j=(x:long){i(x)+i(x)}; let k=(x:long){j(x)+j(x)}; let l=(x:long){k(x)+k(x)}; \
         let m=(x:long){l(x)+l(x)}; let n=(x:long){m(x)+m(x)}; let o=(x:long){n(x)+n(x)}; let p=(x:long){o(x)+o(x)}; \
         range x from 1 to 2 step 1 | extend y=p(x)",
        // Bound at once, and evaluated two to the power of forty times.
        &format!("let f=(x:long){{x+x}}; range x from 1 to 2 step 1 | extend y={}x{}", "f(".repeat(40), ")".repeat(40)),
    ] {
        assert_eq!(little(query), Error::TimedOut, "{query}");
    }
}

#[test]
fn a_text_that_doubles_with_every_step_is_stopped() {
    let doubling = (0..40).map(|_| " | extend s=strcat(s, s)").collect::<String>();
    assert_eq!(little(&format!("print s='0123456789'{doubling}")), Error::TooLarge);
    let wide = "let T = range x from 1 to 300 step 1 | extend k=1; T | join kind=inner T on k | join kind=inner T on k";
    assert_eq!(
        run(wide, &Small, "2026-03-10T12:00:00Z".parse().unwrap(), None, Limits::default()),
        Err(Error::TooLarge)
    );
    let nesting = (0..200).map(|_| " | extend s=pack('a', s, 'b', s)").collect::<String>();
    // A value larger than a dynamic one may be is null, and grows anew.
    assert!(ask(&format!("print s=dynamic(1){nesting}")).is_ok());
}

#[test]
fn a_query_however_deep_is_refused_and_not_overrun() {
    let many = 20_000;
    for query in [
        format!("print {}1{}", "(".repeat(many), ")".repeat(many)),
        format!("print {}1", "-".repeat(many)),
        format!("print {}1", "1+".repeat(many)),
        format!("print {}{}", "not(".repeat(many), ")".repeat(many)),
        format!("print x=dynamic({}{})", "[".repeat(many), "]".repeat(many)),
        format!("print dynamic(1){}", "[0]".repeat(many)),
        format!("print dynamic(1){}", ".a".repeat(many)),
        format!("Events{}", " | union (Events".repeat(many)),
        format!("Events | where n in {}", "(".repeat(many)),
        format!("Events{}", " | count".repeat(many)),
        format!("{}print 1", "let x=1;".repeat(many)),
        "Forever | take 1".to_owned(),
        "Forever()".to_owned(),
    ] {
        assert!(ask(&query).is_err(), "{}", &query[..40.min(query.len())]);
    }
    // Chains of these are as flat as they are long.
    let ors = vec!["n == 1"; many].join(" or ");
    assert_eq!(answer_of(&format!("Events | where {ors} | count")), "Count:long | 1");
    let items = (0..many).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(answer_of(&format!("Events | where n in ({items}) | count")), "Count:long | 3");
    let steps = " | where n > 0".repeat(1_000);
    assert_eq!(answer_of(&format!("Events{steps} | count")), "Count:long | 3");
}

/// Every beginning of queries, and each with a byte in its place: answers or
/// errors, never a panic.
#[test]
fn any_text_is_answered_or_refused() {
    let queries = [
        "let w=1h; Events | where TimeGenerated between (ago(2d) .. now()) and user in~ ('a', \"b\") | summarize c=count(), \
         s=make_set(user, 5) by bin(TimeGenerated, w), tostring(tags[0]) | sort by c desc nulls last | top 3 by c",
        "union isfuzzy=true (Events | mv-expand t=tags to typeof(string) limit 3), Nope* | parse user with * 'x' y:long 'z' \
         | extend q=iff(isnull(y), dynamic({'a':[1,2]}), parse_json('{}')), p=prev(user), ['a b']=-1.5e3 | join \
         kind=leftouter (Events) on $left.user == $right.user",
        "let f=(T:(*), d:timespan=1d){ T | where TimeGenerated > now() - d | project-away t* }; f(Events, 0x10tick)",
    ];
    for query in queries {
        for end in (0..=query.len()).filter(|end| query.is_char_boundary(*end)) {
            for other in ["", "'", ")", "\u{e4}"] {
                let text = format!("{}{other}{}", &query[..end], query.get(end + 1..).unwrap_or_default());
                let text = if other.is_empty() { &query[..end] } else { &text };
                let _ = ask(text);
            }
        }
    }
}
