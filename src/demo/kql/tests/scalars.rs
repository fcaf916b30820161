//! Values: literals, operators, functions.

use super::*;

/// `print` of each answers its value.
fn values(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(value, expected)| {
            let answer = answer_of(&format!("print x={value}"));
            let found = answer.strip_prefix("x:").unwrap_or(&answer).replacen(" | ", " ", 1);
            (value, expected, found)
        })
        .filter(|(_, expected, found)| *expected != found)
        .map(|(value, expected, found)| format!("{value}\n    expected {expected}\n    found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn literals_are_read_as_kusto_reads_them() {
    values(&[
        ("1", "long 1"),
        ("0x1F", "long 31"),
        ("int(7)", "int 7"),
        ("1.5e3", "real 1500.0"),
        ("real(nan)", "real NaN"),
        ("decimal(1.10)", "decimal 1.1"),
        ("true", "bool true"),
        ("1d", "timespan 1.00:00:00"),
        ("1.5h", "timespan 01:30:00"),
        ("15ms", "timespan 00:00:00.0150000"),
        ("1tick", "timespan 00:00:00.0000001"),
        ("timespan(1.02:03:04.5)", "timespan 1.02:03:04.5000000"),
        ("time('00:05')", "timespan 00:05:00"),
        ("datetime(2015-12-31 23:59:59.9)", "datetime 2015-12-31T23:59:59.9000000Z"),
        ("datetime(2015-12-31)", "datetime 2015-12-31T00:00:00.0000000Z"),
        ("datetime(2014-11-08T15:05:02+02:00)", "datetime 2014-11-08T13:05:02.0000000Z"),
        ("datetime(Sat, 08 Nov 2014 15:05:02 GMT)", "datetime 2014-11-08T15:05:02.0000000Z"),
        ("datetime(null)", "datetime null"),
        ("guid(74BE27DE-1E4E-49D9-B579-FE0B331D3642)", "guid 74be27de-1e4e-49d9-b579-fe0b331d3642"),
        (r#""a\tb\u00e4\"""#, "string 'a\tb\u{e4}\"'"),
        (r"@'C:\Folder\'", r"string 'C:\Folder\'"),
        (r#"@"say ""hi""""#, r#"string 'say "hi"'"#),
        ("h'hidden'", "string 'hidden'"),
        ("'a' \"b\"", "string 'ab'"),
        ("```two\nlines```", "string 'two\nlines'"),
        ("dynamic([1, 'two', {\"three\": 3.5}])", r#"dynamic [1,"two",{"three":3.5}]"#),
        ("dynamic({'a': datetime(2020-01-01)})", r#"dynamic {"a":"2020-01-01T00:00:00.0000000Z"}"#),
        ("dynamic(null)", "dynamic null"),
    ]);
}

#[test]
fn sums_keep_the_types_of_kusto() {
    values(&[
        ("7 / 2", "long 3"),
        ("7 / 2.0", "real 3.5"),
        ("-5 % 3", "long 1"),
        ("1 / 0", "long null"),
        ("1.0 / 0", "real Infinity"),
        ("int(1) + int(2)", "long 3"),
        ("2 * 3 + 4 * 5", "long 26"),
        ("10 - 4 - 3", "long 3"),
        ("9223372036854775807 + 1", "long null"),
        ("decimal(1.1) * decimal(2.2)", "decimal 2.42"),
        ("1h + 30m", "timespan 01:30:00"),
        ("1h / 15m", "real 4.0"),
        ("1d * 0.5", "timespan 12:00:00"),
        ("2 * 1h", "timespan 02:00:00"),
        ("datetime(2024-02-28) + 1d", "datetime 2024-02-29T00:00:00.0000000Z"),
        ("datetime(2024-03-01) - datetime(2024-02-01)", "timespan 29.00:00:00"),
        ("dynamic({'a': 4}).a + 1", "long 5"),
        ("1 + long(null)", "long null"),
    ]);
}

#[test]
fn nulls_compare_as_the_documentation_has_it() {
    values(&[
        ("int(null) == int(null)", "bool null"),
        ("int(null) == 1", "bool false"),
        ("int(null) != 1", "bool true"),
        ("int(null) < 1", "bool null"),
        ("int(null) == 1 or true", "bool true"),
        ("(int(null) < 1) and true", "bool null"),
        ("(int(null) < 1) and false", "bool false"),
        ("not(int(null) < 1)", "bool null"),
        ("isnull('')", "bool false"),
        ("isempty('')", "bool true"),
        ("isnull(toint('x'))", "bool true"),
        ("isnotempty(dynamic(null))", "bool false"),
        ("tostring(dynamic(null))", "string ''"),
        ("coalesce(tolong('not a number'), tolong('42'), 33)", "long 42"),
        ("strcat('a', long(null), 'b')", "string 'ab'"),
    ]);
}

#[test]
fn texts_are_searched_by_terms_and_case() {
    values(&[
        ("'North America' has 'america'", "bool true"),
        ("'NorthAmerica' has 'america'", "bool false"),
        ("'north_america' has 'america'", "bool true"),
        ("'North America' has_cs 'america'", "bool false"),
        ("'a-b.c' has 'b.c'", "bool true"),
        ("'Failed password for' has 'Failed password'", "bool true"),
        ("'North America' !has 'amer'", "bool true"),
        ("'North America' hasprefix 'ame'", "bool true"),
        ("'North America' hassuffix 'ica'", "bool true"),
        ("'FabriKam' contains 'BRik'", "bool true"),
        ("'FabriKam' contains_cs 'Kam'", "bool true"),
        ("'FabriKam' !contains_cs 'kam'", "bool true"),
        ("'Fabrikam' startswith 'FAB'", "bool true"),
        ("'Fabrikam' startswith_cs 'FAB'", "bool false"),
        ("'Fabrikam' endswith 'KAM'", "bool true"),
        ("'Fabrikam' !endswith_cs 'KAM'", "bool true"),
        ("'abc' =~ 'ABC'", "bool true"),
        ("'abc' !~ 'ABC'", "bool false"),
        ("'abc' == 'ABC'", "bool false"),
        ("'abc' in~ ('ABC', 'x')", "bool true"),
        ("'abc' in ('ABC', 'x')", "bool false"),
        ("'abc' !in ('ABC', 'x')", "bool true"),
        ("'abc' !in~ ('ABC', 'x')", "bool false"),
        ("2 in (dynamic([1, 2]))", "bool true"),
        ("'Fabrikam' matches regex '.*k.*'", "bool true"),
        ("'dog and cat' has_any ('fish', 'CAT')", "bool true"),
        ("'dog and cat' has_all (dynamic(['dog', 'fish']))", "bool false"),
        ("5 between (1 .. 5)", "bool true"),
        ("5 !between (1 .. 5)", "bool false"),
        ("datetime(2020-01-02) between (datetime(2020-01-01) .. 3d)", "bool true"),
    ]);
}

#[test]
fn functions_of_texts_answer_as_documented() {
    values(&[
        ("strlen('hello')", "long 5"),
        ("strlen('⒦⒰⒮⒯⒪')", "long 5"),
        ("substring('123456', 1)", "string '23456'"),
        ("substring('123456', 2, 2)", "string '34'"),
        ("substring('ABCD', 0, 2)", "string 'AB'"),
        ("substring('123456', -2, 2)", "string '56'"),
        ("split('aa_bb', '_')", r#"dynamic ["aa","bb"]"#),
        ("split('aaa_bbb_ccc', '_', 1)", r#"dynamic ["bbb"]"#),
        ("split('', '_')", r#"dynamic [""]"#),
        ("split('a__b', '_')", r#"dynamic ["a","","b"]"#),
        ("split('aabbcc', 'bb')", r#"dynamic ["aa","cc"]"#),
        ("split('a.b.c', '.')[-1]", "dynamic c"),
        ("strcat('hello', ' ', 'world', '!')", "string 'hello world!'"),
        ("strcat_delim('-', 1, '2', 'A', 1s)", "string '1-2-A-00:00:01'"),
        ("indexof('abcdefg', 'cde')", "long 2"),
        ("indexof('abcdefg', 'cde', 1, 4)", "long 2"),
        ("indexof('abcdefg', 'cde', 3)", "long -1"),
        ("countof('aaa', 'a')", "long 3"),
        ("countof('aaaa', 'aa')", "long 3"),
        ("countof('ababa', 'aba')", "long 2"),
        ("countof('abcabc', 'a.c', 'regex')", "long 2"),
        ("extract('x=([0-9.]+)', 1, 'hello x=45.6|wo')", "string '45.6'"),
        ("extract('x=([0-9.]+)', 1, 'hello x=45.6|wo', typeof(real))", "real 45.6"),
        ("extract('([0-9.]+) (MB)', 2, 'used 12 MB')", "string 'MB'"),
        ("extract_all(@'([a-z]+)', '82b8be2d and')", r#"dynamic ["b","be","d","and"]"#),
        ("replace_string('A magic trick', 'magic', 'card')", "string 'A card trick'"),
        (r"replace_regex('Number is 1', @'is (\d+)', @'was: \1')", "string 'Number was: 1'"),
        ("trim('--', '--https://bing.com--')", "string 'https://bing.com'"),
        (r"trim_start('[^\\w]+', '- Te st1// $')", "string 'Te st1// $'"),
        ("tolower('Hello') == 'hello'", "bool true"),
        ("reverse('ABC')", "string 'CBA'"),
        ("translate('krasp', 'otsku', 'spark')", "string 'kusto'"),
        ("base64_encode_tostring('Kusto')", "string 'S3VzdG8='"),
        ("base64_decode_tostring('S3VzdG8=')", "string 'Kusto'"),
        ("url_decode('https%3a%2f%2fwww.bing.com%2f')", "string 'https://www.bing.com/'"),
        ("parse_url('scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v2#fragment').Host", "dynamic host"),
        ("parse_path(@'C:\\temp\\file.txt').Filename", "dynamic file.txt"),
        ("parse_csv('aa,\"b,b\",cc')[1]", "dynamic b,b"),
        ("hash_sha256('World')", "string '78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524'"),
        ("tohex(256)", "string '100'"),
        ("strrep('ab', 3, '-')", "string 'ab-ab-ab'"),
    ]);
}

#[test]
fn functions_of_times_answer_as_documented() {
    values(&[
        ("now()", "datetime 2026-03-10T12:00:00.0000000Z"),
        ("ago(1h)", "datetime 2026-03-10T11:00:00.0000000Z"),
        ("now(-1d)", "datetime 2026-03-09T12:00:00.0000000Z"),
        ("bin(4.5, 1)", "real 4.0"),
        ("bin(time(16d), 7d)", "timespan 14.00:00:00"),
        ("bin(datetime(1970-05-11 13:45:07), 1d)", "datetime 1970-05-11T00:00:00.0000000Z"),
        ("bin(-3, 2)", "long -4"),
        ("bin_at(6.5, 2.5, 7)", "real 4.5"),
        ("bin_at(time(1h), 1d, 12h)", "timespan -12:00:00"),
        ("startofday(datetime(2017-01-01 10:10:17), -1)", "datetime 2016-12-31T00:00:00.0000000Z"),
        ("startofweek(datetime(2017-01-01 10:10:17))", "datetime 2017-01-01T00:00:00.0000000Z"),
        ("startofmonth(datetime(2017-01-15))", "datetime 2017-01-01T00:00:00.0000000Z"),
        ("endofday(datetime(2017-01-01 10:10:17))", "datetime 2017-01-01T23:59:59.9999999Z"),
        ("endofmonth(datetime(2017-01-01 10:10:17), -1)", "datetime 2016-12-31T23:59:59.9999999Z"),
        ("hourofday(datetime(2015-12-14 18:54))", "int 18"),
        ("dayofweek(datetime(2015-12-14))", "timespan 1.00:00:00"),
        ("dayofyear(datetime(2015-12-14))", "int 348"),
        ("week_of_year(datetime(2020-12-31))", "int 53"),
        ("datetime_diff('year', datetime(2017-01-01), datetime(2000-12-31))", "long 17"),
        ("datetime_diff('quarter', datetime(2017-07-01), datetime(2017-03-30))", "long 2"),
        ("datetime_diff('month', datetime(2017-01-01), datetime(2015-12-30))", "long 13"),
        ("datetime_diff('week', datetime(2017-10-29 00:00), datetime(2017-09-30 23:59))", "long 5"),
        ("datetime_diff('day', datetime(2017-10-29 00:00), datetime(2017-09-30 23:59))", "long 29"),
        ("datetime_diff('hour', datetime(2017-10-31 01:00), datetime(2017-10-30 23:59))", "long 2"),
        ("datetime_diff('minute', datetime(2017-10-30 23:05:01), datetime(2017-10-30 23:00:59))", "long 5"),
        ("datetime_diff('second', datetime(2017-10-30 23:00:10.100), datetime(2017-10-30 23:00:00.900))", "long 10"),
        ("datetime_add('month', 1, datetime(2017-01-31))", "datetime 2017-02-28T00:00:00.0000000Z"),
        ("datetime_part('quarter', datetime(2017-10-30 01:02:03.7654321))", "int 4"),
        ("format_datetime(datetime(2017-01-29 09:00:05), 'yy-MM-dd [HH:mm:ss]')", "string '17-01-29 [09:00:05]'"),
        ("format_datetime(datetime(2017-01-29 21:00:05), 'yy-M-dd [hh:mm:ss tt]')", "string '17-1-29 [09:00:05 PM]'"),
        ("format_timespan(time(29.09:00:05.12345), 'dd.hh:mm:ss [FF]')", "string '29.09:00:05 [12]'"),
        ("make_datetime(2017, 10, 1, 12, 10)", "datetime 2017-10-01T12:10:00.0000000Z"),
        ("make_timespan(1, 12, 30, 55.123)", "timespan 1.12:30:55.1230000"),
        ("unixtime_seconds_todatetime(1546300800)", "datetime 2019-01-01T00:00:00.0000000Z"),
        ("todatetime('2015-12-24') == datetime(2015-12-24)", "bool true"),
        ("totimespan('0.00:01:00') == time(1min)", "bool true"),
    ]);
}

#[test]
fn functions_of_numbers_and_bags_answer_as_documented() {
    values(&[
        ("abs(-5)", "long 5"),
        ("abs(int(-5))", "long 5"),
        ("round(2.98765, 2)", "real 2.99"),
        ("ceiling(-1.1)", "real -1.0"),
        ("pow(2, 3)", "real 8.0"),
        ("min_of(10, 1, -3, 17)", "long -3"),
        ("max_of(10, 1.5)", "real 10.0"),
        ("iff(1 > 2, 'yes', 'no')", "string 'no'"),
        ("case(false, 1, true, 2, 3)", "long 2"),
        ("toint('123')", "int 123"),
        ("toint(2.7)", "int 2"),
        ("tolong('0x1f')", "long 31"),
        ("todouble('123.4')", "real 123.4"),
        ("tobool('1')", "bool true"),
        ("tostring(123)", "string '123'"),
        ("tostring(1.0)", "string '1.0'"),
        ("gettype(dynamic({'a': 1}))", "string 'dictionary'"),
        ("gettype(1s)", "string 'timespan'"),
        ("parse_json('{\"a\":{\"b\":[10,20]}}').a.b[1]", "dynamic 20"),
        ("parse_json('not json')", "dynamic not json"),
        ("todynamic('[1,2]')[0]", "dynamic 1"),
        ("dynamic({'x y': 1})['x y']", "dynamic 1"),
        ("dynamic({'a': 1}).b", "dynamic null"),
        ("array_length(dynamic([1, 2, 3]))", "long 3"),
        ("array_concat(dynamic([1]), dynamic([2, 3]))", "dynamic [1,2,3]"),
        ("array_slice(dynamic([1, 2, 3, 4, 5]), 2, -2)", "dynamic [3,4]"),
        ("array_index_of(dynamic(['this', 'is']), 'is')", "long 1"),
        ("array_sort_desc(dynamic([3, 10, 2]))", "dynamic [10,3,2]"),
        ("bag_keys(dynamic({'a': 1, 'b': 2}))", r#"dynamic ["a","b"]"#),
        ("bag_merge(dynamic({'a': 1}), dynamic({'a': 2, 'b': 3}))", r#"dynamic {"a":1,"b":3}"#),
        ("bag_pack('Level', 'Information', 'n', 1)", r#"dynamic {"Level":"Information","n":1}"#),
        ("pack_array(1, 'a')", r#"dynamic [1,"a"]"#),
        ("set_difference(dynamic([1, 2, 3]), dynamic([2]))", "dynamic [1,3]"),
        ("set_union(dynamic([1, 2]), dynamic([2, 3]))", "dynamic [1,2,3]"),
        ("set_has_element(dynamic(['a', 'b']), 'b')", "bool true"),
        ("range(1, 4, 2)", "dynamic [1,3]"),
        ("strcat_array(dynamic([1, 2, 3]), '->')", "string '1->2->3'"),
        ("zip(dynamic([1, 3]), dynamic([2, 4]))", "dynamic [[1,2],[3,4]]"),
        ("binary_and(6, 3)", "long 2"),
    ]);
}

#[test]
fn functions_of_addresses_answer_as_documented() {
    values(&[
        ("ipv4_is_private('192.168.1.1/24')", "bool true"),
        ("ipv4_is_private('202.1.2.3/24')", "bool false"),
        ("ipv4_is_private('10.1.2.3')", "bool true"),
        ("ipv4_is_private('172.32.0.1')", "bool false"),
        ("ipv4_is_private('nonsense')", "bool null"),
        ("ipv4_is_in_range('127.0.0.1', '127.0.0.1')", "bool true"),
        ("ipv4_is_in_range('192.168.1.6', '192.168.1.1/24')", "bool true"),
        ("ipv4_is_in_range('192.168.1.1', '192.168.2.1/24')", "bool false"),
        ("ipv4_is_in_any_range('192.168.1.6', '10.0.0.0/8', '192.168.1.1/24')", "bool true"),
        ("ipv4_is_match('192.168.1.1/24', '192.168.1.255/24')", "bool true"),
        ("ipv4_compare('192.168.1.1', '192.168.1.255')", "long -1"),
        ("parse_ipv4('127.0.0.1')", "long 2130706433"),
        ("parse_ipv4('192.1.168.1') < parse_ipv4('192.1.168.2')", "bool true"),
        ("format_ipv4('192.168.1.255', 24)", "string '192.168.1.0'"),
        ("has_ipv4('05:04:54 127.0.0.1 GET', '127.0.0.1')", "bool true"),
        ("has_ipv4('05:04:54 127.0.0.256 GET', '127.0.0.256')", "bool false"),
        ("parse_ipv6('127.0.0.1')", "string '0000:0000:0000:0000:0000:ffff:7f00:0001'"),
    ]);
}
