//! Recordings of real hosts, replayed.
//!
//! Searched are `fixtures/recordings` and every folder that `WSMAN_RECORDINGS`
//! names (colon separated), and, by tests that are left out without it,
//! `../shared/recordings` beside the checkout; each with all folders below.
//! Whatever lies there is read by what it is: folders in the format of
//! `pwsh-7.6`, pypsrp's YAML, loose envelopes, CLIXML, fragments in base64.
//! Nothing is skipped in silence: a file is counted, or named with the reason
//! why it was left out.

#![allow(clippy::indexing_slicing, reason = "a test that is wrong may panic")]

mod clixml;
mod decoded;
mod dialogue;
mod envelopes;
#[cfg(all(feature = "host-end", feature = "recorder"))]
#[expect(dead_code, reason = "the account of other tests")]
#[path = "../it/host_end.rs"]
mod host_end;
mod infoset;
mod loose;
mod messages;
#[path = "../outside/mod.rs"]
mod outside;
mod places;
#[cfg(all(feature = "host-end", feature = "recorder"))]
mod recorder;
mod recording;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use outside::{Need, has_shared, run, shared, trials};
use recording::Recording;
use report::Report;

const FIXTURES: Need = Need {
    key: "fixtures",
    name: "fixtures",
    from: "fixtures/recordings of the repository",
    is_there: || places::fixtures().is_dir(),
    // The package alone, without its repository, has none.
    is_owed: || places::fixtures().parent().is_some_and(|fixtures| fixtures.is_dir()),
};

const RECORDINGS: Need = Need {
    key: "recordings",
    name: "recordings",
    from: "../shared/recordings",
    is_there: || shared("recordings").is_some(),
    is_owed: has_shared,
};

trials! { OURS:
    blocking {
        replay_everything_is_read_and_written_again;
        replay_whole_dialogues_of_our_client;
    }
}

trials! { SHARED:
    blocking {
        replay_everything_of_the_shared_folder_is_read_and_written_again;
        replay_whole_dialogues_of_the_shared_folder;
    }
}

fn main() -> ExitCode {
    run(
        "replay of wsman",
        &[
            (&[FIXTURES], OURS),
            (&[RECORDINGS], SHARED),
            (&[RECORDINGS], clixml::TRIALS),
            (&[RECORDINGS], envelopes::TRIALS),
            #[cfg(all(feature = "host-end", feature = "recorder"))]
            (&[], recorder::TRIALS),
        ],
    )
}

/// What one root holds.
struct Holding {
    root: places::Root,
    recordings: Vec<Recording>,
    /// Files that belong to no recording, with their names for reports.
    loose: Vec<(PathBuf, String)>,
    /// What was found while looking.
    report: Report,
}

fn holdings(roots: Vec<places::Root>) -> Vec<Holding> {
    let mut seen = BTreeSet::new();
    roots.into_iter().map(|root| holding(root, &mut seen)).collect()
}

fn holding(root: places::Root, seen: &mut BTreeSet<PathBuf>) -> Holding {
    let mut report = Report::default();
    let mut wrong = Vec::new();
    let files = places::walk(&root.path, seen, &mut wrong);
    wrong.into_iter().for_each(|wrong| report.wrong(wrong));
    report.add("files found", files.len());
    let mut folders: BTreeMap<&Path, Vec<PathBuf>> = BTreeMap::new();
    for file in &files {
        folders.entry(file.parent().unwrap_or(&root.path)).or_default().push(file.clone());
    }
    let (mut recordings, mut loose) = (Vec::new(), Vec::new());
    for (folder, files) in folders {
        let shown = |file: &Path| file.strip_prefix(&root.path).unwrap_or(file).display().to_string();
        let is_recording = files.iter().any(|file| file.ends_with("recording.toml") || recording::is_request(file));
        let mut used = Vec::new();
        if is_recording {
            match recording::from_folder(folder, &files) {
                Ok((recording, its)) => {
                    report
                        .add("files of recordings in folders", files.iter().filter(|file| its.contains(file)).count());
                    recordings.push(recording);
                    used = its;
                }
                Err(error) => report.wrong(format!("{}: {error}", shown(folder))),
            }
        }
        for file in files.into_iter().filter(|file| !used.contains(file)) {
            let name = shown(&file);
            match yaml(&file) {
                None => loose.push((file, name)),
                Some(Ok(Some(recording))) => {
                    report.count("files of recordings in YAML");
                    recordings.push(recording);
                }
                Some(Ok(None)) => report.leave_out(name, "YAML without recorded messages (pypsrp's template)"),
                Some(Err(error)) => report.wrong(format!("{name}: {error}")),
            }
        }
    }
    Holding { root, recordings, loose, report }
}

fn yaml(file: &Path) -> Option<Result<Option<Recording>, String>> {
    let extension = file.extension()?.to_str()?;
    ["yml", "yaml"].contains(&extension).then(|| {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        recording::from_yaml(file, &text)
    })
}

fn replay_everything_is_read_and_written_again() {
    read_and_written_again(places::ours_and_added()).check();
}

fn replay_everything_of_the_shared_folder_is_read_and_written_again() {
    let report = read_and_written_again(vec![places::shared()]);
    report.check();
    complete(&report);
}

fn read_and_written_again(roots: Vec<places::Root>) -> Report {
    let mut all = Report::default();
    for mut holding in holdings(roots) {
        let mut report = std::mem::take(&mut holding.report);
        holding.recordings.iter().for_each(|recording| decoded::recording(recording, &mut report));
        for (file, name) in &holding.loose {
            loose::file(file, name, &mut report);
        }
        report.print(&holding.root.to_string());
        all.take(report);
    }
    all
}

fn replay_whole_dialogues_of_our_client() {
    let report = whole_dialogues(places::ours_and_added());
    report.check();
    // Of the fixtures; what was added comes on top.
    assert!(report.counted("dialogues run") >= 26, "of the fixtures: {}", report.counted("dialogues run"));
}

fn replay_whole_dialogues_of_the_shared_folder() {
    let report = whole_dialogues(vec![places::shared()]);
    report.check();
    assert_eq!(left_out_by_design(&report), NOT_ASKED, "what our client cannot ask");
}

fn whole_dialogues(roots: Vec<places::Root>) -> Report {
    let mut all = Report::default();
    for holding in holdings(roots) {
        let mut report = Report::default();
        holding.recordings.iter().for_each(|recording| dialogue::replay(recording, &mut report));
        report.print(&format!("dialogues of {}", holding.root));
        all.take(report);
    }
    all
}

/// Scenarios of `../shared/recordings` that our client cannot ask, or must
/// not; WinRS aside. Every other one is a whole dialogue.
const NOT_ASKED: &[&str] = &[
    "bad-create-pipeline",
    "close-session-message",
    "input-null",
    "input-unread",
    "secure-string-2-4",
    "secure-string-bad",
    "stop-by-message",
    "terminate-running",
    "test_psrp_nested_command",
    "test_psrp_no_profile",
];

fn left_out_by_design(report: &Report) -> Vec<&str> {
    let aside = |why: &str| why.starts_with("WinRS") || why.starts_with("no session");
    let mut names: Vec<_> =
        report.left_out().iter().filter(|(_, why)| !aside(why)).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

/// What `../shared/recordings` is known to hold: less means that the harness
/// lost something.
fn complete(report: &Report) {
    for (what, number) in [
        ("recordings", 152),
        ("exchanges", 1759 + 375),
        ("requests read: Create", 102 + 37),
        ("messages: CREATE_PIPELINE", 265),
    ] {
        assert!(report.counted(what) >= number, "{what}: {} of {number}", report.counted(what));
    }
}
