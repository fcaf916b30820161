//! The suite run by itself without what it needs.

use std::process::{Command, Output};

use crate::outside::{WITHOUT, trials};

trials! { TRIALS:
    blocking {
        what_is_missing_is_shown_with_its_reason_and_counted;
        whoever_runs_it_all_the_same_is_told;
        #[cfg(target_os = "linux")]
        what_ci_must_have_is_red_when_it_is_missing;
    }
}

fn suite(hidden: &str, ci: &str, arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output =
        command.args(arguments).args(["--color", "never"]).env(WITHOUT, hidden).env("CI", ci).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, said)
}

fn what_is_missing_is_shown_with_its_reason_and_counted() {
    let (output, said) = suite("powershell", "", &["facts::fact_"]);
    assert!(output.status.success(), "{said}");
    let shown = said.lines().filter(|line| {
        line.starts_with("test [left out: no PowerShell] facts::fact_") && line.trim_end().ends_with("ignored")
    });
    assert_eq!(shown.count(), 10, "{said}");
    assert!(said.contains("0 passed; 0 failed; 10 ignored"), "{said}");
    assert!(said.contains("\nleft out of engine of wsman: 10, no PowerShell ("), "{said}");
    // As nextest asks.
    let (_, listed) = suite("powershell", "", &["facts::fact_3", "--list", "--format", "terse", "--ignored"]);
    assert_eq!(
        listed.trim_end(),
        "[left out: no PowerShell] facts::fact_3_null_is_an_object_and_nothing_is_none: test"
    );
}

fn whoever_runs_it_all_the_same_is_told() {
    let (output, said) = suite("powershell", "", &["facts::fact_3", "--include-ignored"]);
    assert!(!output.status.success() && said.contains("no PowerShell (pwsh on the PATH"), "{said}");
}

#[cfg(target_os = "linux")]
fn what_ci_must_have_is_red_when_it_is_missing() {
    let (output, said) = suite("proc", "true", &["a_deleted_shell"]);
    assert!(!output.status.success() && said.contains("0 passed; 1 failed; 0 ignored"), "{said}");
    assert!(said.contains("no /proc (Linux has it)"), "{said}");
}
