//! Operators.

use super::*;

#[test]
fn rows_are_kept_and_shaped() {
    check(&[
        ("Events | where n > 1 | project n, user", "n:int, user:string | 2, 'bob' | 3, 'ada'"),
        ("Events | where TimeGenerated > ago(1d) | count", "Count:long | 2"),
        ("Events | take 1 | extend n=n*2, m=n | project n, m", "n:long, m:int | 2, 1"),
        ("Events | project-away T*, tags | take 1", "n:int, user:string | 1, 'ada'"),
        ("Events | project-keep user, n | take 1", "n:int, user:string | 1, 'ada'"),
        ("Events | project-rename who=user | project who | take 1", "who:string | 'ada'"),
        (
            "Events | project-reorder user, n | project-away tags, TimeGenerated | take 1",
            "user:string, n:int | 'ada', 1",
        ),
        (
            "Events | project strlen(user), tags[0], n + 1 | take 1",
            "strlen_user:long, tags_0:dynamic, Column1:long | 3, a, 2",
        ),
        ("Events | distinct user", "user:string | 'ada' | 'bob'"),
        (
            "Events | getschema | project ColumnName, ColumnType, DataType",
            "ColumnName:string, ColumnType:string, \
          DataType:string | 'TimeGenerated', 'datetime', 'System.DateTime' | 'n', 'int', 'System.Int32' | 'user', \
          'string', 'System.String' | 'tags', 'dynamic', 'System.Object'",
        ),
        ("print 1, x='a', now()", "print_0:long, x:string, print_2:datetime | 1, 'a', 2026-03-10T12:00:00.0000000Z"),
        ("range x from 1 to 8 step 3", "x:long | 1 | 4 | 7"),
        ("range t from datetime(2020-01-01) to datetime(2020-01-02) step 12h | count", "Count:long | 3"),
        ("datatable(a:string, b:long)['x', 1, 'y', 2] | where b == 2", "a:string, b:long | 'y', 2"),
        ("Events | render timechart with (title='x') | count", "Count:long | 3"),
        ("Events | as E | where n == 1 | union E | count", "Count:long | 4"),
    ]);
}

#[test]
fn rows_are_sorted_falling_and_nulls_last_if_nothing_is_said() {
    let values = "datatable(v:int)[2, int(null), 3, 1]";
    let sorted = |by: &str| answer_of(&format!("{values} | sort by {by}"));
    assert_eq!(sorted("v"), "v:int | 3 | 2 | 1 | null");
    assert_eq!(sorted("v asc"), "v:int | null | 1 | 2 | 3");
    assert_eq!(sorted("v asc nulls last"), "v:int | 1 | 2 | 3 | null");
    assert_eq!(sorted("v desc nulls first"), "v:int | null | 3 | 2 | 1");
    check(&[
        ("Events | top 2 by n | project n", "n:int | 3 | 2"),
        ("Events | order by user asc, n desc | project user, n", "user:string, n:int | 'ada', 3 | 'ada', 1 | 'bob', 2"),
    ]);
}

#[test]
fn groups_are_summed_up() {
    check(&[
        ("Events | summarize count() by user", "user:string, count_:long | 'ada', 2 | 'bob', 1"),
        (
            "Events | summarize sum(n), avg(n), min(n), max(user), dcount(user)",
            "sum_n:long, avg_n:real, min_n:int, \
          max_user:string, dcount_user:long | 6, 2.0, 1, 'bob', 2",
        ),
        ("Events | summarize x=countif(n > 1), y=count() * 10 + max(n)", "x:long, y:long | 2, 33"),
        (
            "Events | summarize make_set(user), make_list(n), take_any(user)",
            "set_user:dynamic, list_n:dynamic, \
          user:string | [\"ada\",\"bob\"], [1,2,3], 'ada'",
        ),
        (
            "Events | summarize make_set(user, 1), make_list_if(n, n > 1)",
            "set_user:dynamic, list_n:dynamic | [\"ada\"], [2,3]",
        ),
        (
            "Events | summarize arg_max(n, user, x=TimeGenerated)",
            "n:int, user:string, x:datetime | 3, 'ada', \
          2026-03-08T09:30:00.0000000Z",
        ),
        ("Events | project n, user | summarize arg_min(n, *) by user", "user:string, n:int | 'ada', 1 | 'bob', 2"),
        ("Events | summarize (latest, who)=arg_max(n, user)", "latest:int, who:string | 3, 'ada'"),
        (
            "Events | summarize n=count() by bin(TimeGenerated, 1d)",
            "TimeGenerated:datetime, n:long | \
          2026-03-10T00:00:00.0000000Z, 2 | 2026-03-08T00:00:00.0000000Z, 1",
        ),
        (
            "range x from 1 to 100 step 1 | summarize percentile(x, 95), percentiles(x, 5, 50)",
            "percentile_x_95:long, \
          percentile_x_5:long, percentile_x_50:long | 95, 5, 50",
        ),
        (
            "range x from 1 to 5 step 1 | summarize stdev(x), variance(x)",
            "stdev_x:real, variance_x:real | \
          1.5811388300841898, 2.5",
        ),
        (
            "Events | where n > 9 | summarize count(), sum(n), max(n), make_list(n)",
            "count_:long, sum_n:long, \
          max_n:int, list_n:dynamic | 0, 0, null, []",
        ),
        ("Events | where n > 9 | summarize count() by user", "user:string, count_:long"),
        ("Events | summarize by user", "user:string | 'ada' | 'bob'"),
        ("Events | summarize hint.strategy=shuffle hint.num_partitions=2 count() by user | count", "Count:long | 2"),
        ("Events | join hint.strategy=broadcast kind=leftsemi EventsOld on user | count", "Count:long | 0"),
        (
            "Events | summarize round(avg(n), 1), tostring(make_set(user))",
            "avg_n:real, set_user:string | 2.0, \
          '[\"ada\",\"bob\"]'",
        ),
        (
            "datatable(s:string)['', 'x'] | summarize take_any(s), dcountif(s, s != '')",
            "s:string, dcountif_s:long | 'x', 1",
        ),
    ]);
}

/// Source: the examples of the documentation of `join`.
#[test]
fn tables_are_joined_as_each_kind_says() {
    let join = |kind: &str| {
        format!(
            "let X = datatable(Key:string, Value1:long)['a',1, 'b',2, 'b',3, 'c',4]; \
             let Y = datatable(Key:string, Value2:long)['b',10, 'c',20, 'c',30, 'd',40]; X | join {kind} Y on Key"
        )
    };
    let both = "Key:string, Value1:long, Key1:string, Value2:long";
    let cases = [
        ("", format!("{both} | 'b', 2, 'b', 10 | 'c', 4, 'c', 20 | 'c', 4, 'c', 30")),
        ("kind=inner", format!("{both} | 'b', 2, 'b', 10 | 'b', 3, 'b', 10 | 'c', 4, 'c', 20 | 'c', 4, 'c', 30")),
        (
            "kind=leftouter",
            format!(
                "{both} | 'a', 1, '', null | 'b', 2, 'b', 10 | 'b', 3, 'b', 10 | 'c', 4, 'c', 20 | 'c', 4, 'c', 30"
            ),
        ),
        (
            "kind=rightouter",
            format!(
                "{both} | 'b', 2, 'b', 10 | 'b', 3, 'b', 10 | 'c', 4, 'c', 20 | 'c', 4, 'c', 30 | '', null, 'd', 40"
            ),
        ),
        (
            "kind=fullouter",
            format!(
                "{both} | 'a', 1, '', null | 'b', 2, 'b', 10 | 'b', 3, 'b', 10 | 'c', 4, 'c', 20 | 'c', 4, 'c', 30 | \
                 '', null, 'd', 40"
            ),
        ),
        ("kind=leftanti", "Key:string, Value1:long | 'a', 1".to_owned()),
        ("kind=rightanti", "Key:string, Value2:long | 'd', 40".to_owned()),
        ("kind=leftsemi", "Key:string, Value1:long | 'b', 2 | 'b', 3 | 'c', 4".to_owned()),
        ("kind=rightsemi", "Key:string, Value2:long | 'b', 10 | 'c', 20 | 'c', 30".to_owned()),
    ];
    let cases: Vec<(String, String)> = cases.into_iter().map(|(kind, expected)| (join(kind), expected)).collect();
    check(&cases.iter().map(|(query, expected)| (query.as_str(), expected.as_str())).collect::<Vec<_>>());
    check(&[
        (
            "let L = datatable(a:long, v:string)[1,'x', 2,'y']; let R = datatable(b:int, w:string)[1,'z']; \
             L | join kind=inner R on $left.a == $right.b",
            "a:long, v:string, b:int, w:string | 1, 'x', 1, 'z'",
        ),
        (
            "let L = datatable(k:string, v:long)['a',1, 'b',2]; let R = datatable(k:string, w:long)['a',10]; \
             L | lookup R on k",
            "k:string, v:long, w:long | 'a', 1, 10 | 'b', 2, null",
        ),
    ]);
}

#[test]
fn tables_are_put_together() {
    check(&[
        ("union Events, EventsOld | count", "Count:long | 4"),
        (
            "union withsource=From Events, EventsOld | summarize count() by From",
            "From:string, count_:long | \
          'Events', 3 | 'EventsOld', 1",
        ),
        ("union Events* | count", "Count:long | 4"),
        ("union isfuzzy=true Events, Nowhere | count", "Count:long | 3"),
        ("union (print a=1), (print b='x')", "a:long, b:string | 1, '' | null, 'x'"),
        ("union (print a=1), (print a='x')", "a_long:long, a_string:string | 1, '' | null, 'x'"),
        ("union kind=inner (print a=1, b=2), (print a=3)", "a:long | 1 | 3"),
        ("search in (Events) 'bob' | project n", "n:int | 2"),
        ("Events | search 'bob' | project $table, n", "$table:string, n:int | 'Events', 2"),
        ("Events | search user:'x' | count", "refused: Query could not be parsed at ':' on line [1,20]"),
        ("Events | where * has 'bob' | project n", "n:int | 2"),
    ]);
}

#[test]
fn texts_are_parsed_into_columns() {
    let event =
        "print s='Event: NotifySliceRelease (resourceName=PipelineScheduler, totalSlices=27, lockTime=02/17/2016)'";
    let simple = format!(
        "{event} | parse s with * 'resourceName=' resourceName ', totalSlices=' totalSlices:long * 'lockTime=' \
         lockTime ')' * | project-away s"
    );
    check(&[
        (&simple, "resourceName:string, totalSlices:long, lockTime:string | 'PipelineScheduler', 27, '02/17/2016'"),
        ("print s='no match' | parse s with 'x=' x:long", "s:string, x:long | 'no match', null"),
        ("print s='no match' | parse-where s with 'x=' x:long", "s:string, x:long"),
        ("print s='a=1;b=two' | parse s with 'a=' a:int ';b=' b", "s:string, a:int, b:string | 'a=1;b=two', 1, 'two'"),
        ("print s='port x' | parse kind=relaxed s with 'port ' p:int", "s:string, p:int | 'port x', null"),
        (
            "print s='from 10.0.0.1 port 22' | parse kind=regex s with 'fr.m ' ip ' port ' p",
            "s:string, ip:string, \
          p:string | 'from 10.0.0.1 port 22', '10.0.0.1', '22'",
        ),
    ]);
}

#[test]
fn arrays_and_bags_become_rows() {
    check(&[
        ("Events | project n, tags | mv-expand tags", "n:int, tags:dynamic | 1, a | 1, b | 3, {\"k\":1}"),
        (
            "print a=dynamic([1,2]), b=dynamic(['x']) | mv-expand a to typeof(long), b to typeof(string)",
            "a:long, \
          b:string | 1, 'x' | 2, ''",
        ),
        (
            "print a=dynamic([10,20]) | mv-expand with_itemindex=i x=a | project i, x",
            "i:long, x:dynamic | 0, 10 | 1, 20",
        ),
        ("print a=dynamic({'p':1,'q':2}) | mv-expand kind=array a", "a:dynamic | [\"p\",1] | [\"q\",2]"),
        ("print a=dynamic([1,2,3]) | mv-expand a limit 2 | count", "Count:long | 2"),
        ("print a=dynamic(null) | mv-expand a", "a:dynamic | null"),
        (
            "print k=1, a=dynamic([3,9,4]) | mv-apply x=a to typeof(long) on (top 2 by x) | project k, x",
            "k:long, x:long \
          | 1, 9 | 1, 4",
        ),
        (
            "print k=1, a=dynamic([3,9]) | mv-apply x=a to typeof(long) on (summarize m=max(x)) | project k, m",
            "k:long, \
          m:long | 1, 9",
        ),
        ("print a=dynamic({'x':1,'y':'z'}) | evaluate bag_unpack(a)", "x:long, y:string | 1, 'z'"),
    ]);
}

#[test]
fn rows_know_their_neighbours() {
    check(&[
        (
            "range x from 1 to 3 step 1 | serialize p=prev(x), q=next(x, 1, -1), r=row_number()",
            "x:long, p:long, q:long, \
          r:long | 1, null, 2, 1 | 2, 1, 3, 2 | 3, 2, -1, 3",
        ),
        ("Events | sort by n asc | extend gap=n - prev(n) | project gap", "gap:long | null | 1 | 1"),
        (
            "Events | sort by user asc, n asc | extend r=row_number(1, prev(user) != user) | project user, r",
            "user:string, \
          r:long | 'ada', 1 | 'ada', 2 | 'bob', 1",
        ),
        ("range x from 1 to 3 step 1 | serialize s=row_cumsum(x)", "x:long, s:long | 1, 1 | 2, 3 | 3, 6"),
    ]);
}

#[test]
fn names_stand_for_values_tables_and_functions() {
    check(&[
        ("let w = 1h; let n = 2; print a=w * n", "a:timespan | 02:00:00"),
        ("let T = Events | where n > 1; T | count", "Count:long | 2"),
        ("let f = (x:long, y:long=10) { x + y }; print a=f(1), b=f(1, y=2)", "a:long, b:long | 11, 3"),
        ("let f = (x:long) { let z = x * 2; z + 1 }; Events | extend v=f(n) | project v", "v:long | 3 | 5 | 7"),
        ("let f = (T:(n:int), most:long) { T | where n <= most }; f(Events, 1) | count", "Count:long | 1"),
        ("let f = (T:(*)) { T | count }; Events | invoke f()", "Count:long | 3"),
        ("let who = dynamic(['ada']); Events | where user in (who) | count", "Count:long | 2"),
        ("Events | where user in ((Events | where n == 2 | project user)) | project n", "n:int | 2"),
        ("let m = toscalar(Events | summarize max(n)); Events | where n == m | project n", "n:int | 3"),
        ("Of('ada') | count", "Count:long | 2"),
        ("Of(least=2, who='ada') | project n", "n:int | 3"),
        ("print x=Twice(21)", "x:long | 42"),
        ("_GetWatchlist('People') | project SearchKey, Owner", "SearchKey:string, Owner:string | 'ada', 'CISO'"),
        ("_GetWatchlist('Nobody') | count", "Count:long | 0"),
        ("let p = _GetWatchlist('People') | project SearchKey; Events | where user in~ (p) | count", "Count:long | 2"),
        ("let x = 1; let x2 = x + 1; print x2", "print_0:long | 2"),
        ("let T = materialize(Events | take 1); union T, T | count", "Count:long | 2"),
        ("Events // all of them\n| where n == 1 // the first\n| count", "Count:long | 1"),
        ("set notruncation; Events | count;", "Count:long | 3"),
        ("table('Events') | count", "Count:long | 3"),
        ("Events | extend x=column_ifexists('nope', 'none') | project x | take 1", "x:string | 'none'"),
    ]);
}

#[test]
fn the_asked_time_bounds_what_is_read() {
    let span = ("2026-03-10T00:00:00Z".parse().unwrap(), "2026-03-10T10:00:00Z".parse().unwrap());
    let answer = run("Events | project n", &Small, span.1, Some(span), Limits::default()).unwrap();
    assert_eq!(answer.rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>(), [vec![Value::Int(2)]]);
    assert_eq!(answer.name, "PrimaryResult");
}

#[test]
fn cells_are_written_as_the_query_interface_writes_them() {
    let query = "print a=datetime(2026-03-10 12:00:00.0300000), b=1d, c=dynamic({'x':[1]}), d=1.5, e=int(null), f=true, \
                 g=decimal(1.5), h='', i=datetime(2026-03-10)";
    let answer = ask(query).unwrap();
    let cells: Vec<serde_json::Value> = answer.rows[0].iter().map(Value::cell).collect();
    let expected = serde_json::json!([
        "2026-03-10T12:00:00.03Z",
        "1.00:00:00",
        "{\"x\":[1]}",
        1.5,
        null,
        true,
        "1.5",
        "",
        "2026-03-10T00:00:00Z",
    ]);
    assert_eq!(serde_json::Value::from(cells), expected);
}
