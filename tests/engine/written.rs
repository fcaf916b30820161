//! What a real PowerShell says of functions that write to the screen, draw
//! tables and put out scalars or JSON text.

use std::path::Path;

use sentinel_jump::host::{Ended, Returned, ScriptSource, Session};
use serde_json::{Value as Json, json};
use wsman::clixml::json::to_json;

use crate::engine::{Real, real, run};
use crate::outside::trials;
use crate::real::Cli;

trials! { TRIALS:
    current_thread {
        c5_a_line_is_there_once_and_without_its_colours(real);
        c6_a_scalar_is_its_value(real);
        c7_a_drawing_is_text_and_no_data(real);
    }
    multi_thread {
        c7_json_text_is_its_rows_and_what_fell_out_is_text(real);
    }
}

async fn open(real: &Real) -> Session {
    let mut plan = real.plan("");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/host/written.ps1");
    plan.script = ScriptSource::Path { path: file.display().to_string(), sha256: None };
    Session::open(&plan).await.expect("the script loads")
}

async fn done(session: &mut Session, function: &str) -> Returned {
    let returned = run(session, function, &[]).await;
    assert_eq!(returned.ended, Ended::Completed, "{function}: {returned:?}");
    returned
}

fn rows(returned: &Returned) -> Vec<Json> {
    returned.data.iter().map(to_json).collect()
}

async fn c5_a_line_is_there_once_and_without_its_colours(real: Real) {
    let mut session = open(&real).await;
    let said = done(&mut session, "Show-Colours").await;
    // Write-Information whose stream is off was said all the same.
    assert_eq!(said.text, ["rot", "gelb", "[+] gut", "Hinweis", "still", "eins"]);
    assert_eq!(said.warnings, ["Achtung"]);
    assert_eq!(said.errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>(), ["kaputt"]);
    assert_eq!(rows(&said), [json!({"N": 1})]);
    let twice = done(&mut session, "Show-Twice").await;
    assert_eq!((twice.text.as_slice(), rows(&twice)), (&["a".to_owned(), "a".to_owned()][..], vec![json!(1)]));
}

async fn c6_a_scalar_is_its_value(real: Real) {
    let mut session = open(&real).await;
    let scalars = json!({
        "Nichts": null,
        "Adresse": "192.0.2.7",
        "Link": "https://x.example/a?b=c",
        "Fassung": "1.2.3",
        "Gross": "9007199254740993",
        "Klein": 42,
        "Genau": "0.12345678901234567890",
        "Bruch": 1.5,
        "Tag": "Monday",
        "Dauer": "PT1H",
    });
    assert_eq!(rows(&done(&mut session, "Get-Scalars").await), [scalars]);
    assert_eq!(rows(&done(&mut session, "Get-Address").await), [json!("192.0.2.7")]);
    assert_eq!(rows(&done(&mut session, "Get-Row").await), [json!({"Name": "a", "Wert": null})]);
}

async fn c7_a_drawing_is_text_and_no_data(real: Real) {
    let mut session = open(&real).await;
    for (function, lines) in [
        (
            "Show-Table",
            &["Name      Anzahl", "----      ------", "Anmeldung      1", "Übung         20", "c            300"][..],
        ),
        ("Show-List", &["Name   : Anmeldung", "Anzahl : 1", "", "Name   : Übung", "Anzahl : 20", ""]),
    ] {
        let drawn = done(&mut session, function).await;
        assert_eq!(
            (drawn.text.iter().map(String::as_str).collect::<Vec<_>>(), drawn.objects),
            (lines.to_vec(), 0),
            "{function}"
        );
    }
    let groups = done(&mut session, "Show-Groups").await;
    assert_eq!(groups.objects, 0, "{groups:?}");
    // Each group has its head above its own table.
    let at = |text: &str| {
        groups.text.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {groups:?}"))
    };
    assert!(
        at("Gruppe: A") < at("Anmeldung") && at("Übung") < at("Gruppe: B") && at("Gruppe: B") < at("300"),
        "{groups:?}"
    );
    let between = done(&mut session, "Show-Between").await;
    assert_eq!(between.text, ["Name", "----", "Anmeldung", "Ende"]);
    assert_eq!(rows(&between), [json!({"N": 1})]);
}

/// As a caller has it: only the answer knows what rows are.
async fn c7_json_text_is_its_rows_and_what_fell_out_is_text(real: Real) {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("script.ps1");
    let pb = "param([string]$SubscriptionId,[string]$ResourceGroupName,[string]$WorkspaceName)";
    let text = format!(
        r#"function Get-AnalyticsRules {{ {pb} '[', '  {{"RuleId":"r1"}},', '  {{"RuleId":"r2"}}', ']' }}
        function Get-SentinelTables {{ {pb}
            $l = [System.Collections.ArrayList]::new()
            $l.Add([pscustomobject]@{{ TableName = 'a' }}); $l.Add([pscustomobject]@{{ TableName = 'b' }})
            $l }}
        function Get-SentinelWorkbooks {{ {pb} [pscustomobject]@{{ DisplayName = 'w'; Content = '[{{"a": 1}}]' }} }}"#
    );
    std::fs::write(&script, text).expect("it is written");
    let cli = Cli::of(&real, &script, "");
    let (_, rules) = cli.call("Get-AnalyticsRules", &json!({})).await;
    assert_eq!((&rules["data"], &rules["count"]), (&json!([{"RuleId": "r1"}, {"RuleId": "r2"}]), &json!(2)), "{rules}");
    let (_, tables) = cli.call("Get-SentinelTables", &json!({})).await;
    assert_eq!(
        (&tables["data"], &tables["count"]),
        (&json!([{"TableName": "a"}, {"TableName": "b"}]), &json!(2)),
        "{tables}"
    );
    assert_eq!(tables["text"], json!(["0", "1"]), "{tables}");
    let (_, books) = cli.call("Get-SentinelWorkbooks", &json!({})).await;
    assert_eq!(books["data"][0]["Content"], "[{\"a\": 1}]", "a property is as it was: {books}");
}
