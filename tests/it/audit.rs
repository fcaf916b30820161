//! The trail: what several processes write, and what becomes of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sentinel_jump::audit::{
    Described, Door, End, Entry, Fault, Form, Placed, Report, State, Trail, TrailError, VerifyError, verify,
};
use sentinel_jump::store::{Folder, Process};
use serde_json::{Map, Value as Json};
use wsman::entropy::Entropy;

const REGISTER: &str = "register.jsonl";

/// Each process starts a minute after the one before, so that files sort by
/// their numbers.
fn at(n: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(60 * n)
}

fn entered(folder: &Path, n: u64) -> Arc<Process> {
    let folder = Folder::open(folder).expect("a private folder");
    Arc::new(folder.enter(at(n), 4_711, &mut Entropy::seeded(n)).expect("an entry"))
}

fn opened(folder: &Path, n: u64) -> Result<Trail, TrailError> {
    Trail::open(&entered(folder, n), at(n), &mut Entropy::seeded(1_000 + n))
}

fn entry(rule: &str, trail: &Trail) -> Entry {
    let given = Map::from_iter([("RuleId".to_owned(), Json::from(rule))]);
    let describe = |_: &str| Some(Described { names_object: true, secret: false, form: Form::Free });
    Entry {
        correlation: format!("c-{rule}"),
        who: "local".into(),
        door: Door::Cli,
        tool: "sentinel_rule_disable".into(),
        tenant: Some("nordhafen".into()),
        workspace: Some("prod".into()),
        host: Some("jump-nordhafen".into()),
        arguments: trail.arguments(&given, describe),
        confirmed: None,
    }
}

fn done() -> End {
    let duration = Duration::from_millis(5);
    End { outcome: "done".into(), code: None, duration, workspaces: Vec::new(), ids: BTreeMap::new(), cause: None }
}

/// One change, from its beginning to its end.
fn change(trail: &Trail, n: u64, rule: &str) {
    let entry = entry(rule, trail);
    trail.begin(at(n), &entry).expect("a begin line");
    trail.end(at(n), &entry, &done());
}

struct Kept {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn state() -> Kept {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    Kept { _folder: folder, path }
}

impl Kept {
    fn trail(&self) -> PathBuf {
        self.path.join("trail")
    }

    fn report(&self) -> Report {
        verify(&self.path).expect("a trail that can be read")
    }

    fn first_bad(&self) -> Option<(String, Placed)> {
        self.report().first_bad().map(|(name, placed)| (name.to_owned(), placed))
    }

    /// Names of the processes' files, by start.
    fn files(&self) -> Vec<String> {
        self.report().files.into_iter().map(|file| file.name).collect()
    }

    fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.trail().join(file)).expect("a file of the trail")
    }

    /// In place: some file systems write a file that is truncated and filled
    /// again to the disk at once, and this is done thousands of times.
    fn write(&self, file: &str, bytes: &[u8]) {
        let mut file = fs::OpenOptions::new().write(true).open(self.trail().join(file)).expect("a file of the trail");
        file.write_all(bytes).expect("written");
        file.set_len(bytes.len() as u64).expect("cut");
    }

    /// What was found with `bytes` in the file's place, which is put back.
    fn first_bad_with(&self, file: &str, bytes: &[u8]) -> Option<(String, Placed)> {
        let whole = self.read(file);
        self.write(file, bytes);
        let found = self.first_bad();
        self.write(file, &whole);
        found
    }
}

/// Three processes: one that ended as it should, one that was killed, and one
/// that found it.
fn history() -> Kept {
    let kept = state();
    let one = opened(&kept.path, 1).expect("a trail");
    change(&one, 1, "A");
    one.close(at(2));
    let two = opened(&kept.path, 3).expect("a trail");
    change(&two, 3, "B");
    two.begin(at(3), &entry("C", &two)).expect("a begin line");
    drop(two);
    let three = opened(&kept.path, 4).expect("a trail");
    change(&three, 4, "D");
    three.close(at(5));
    drop((one, three));
    kept
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

fn states(report: &Report) -> Vec<(u64, State)> {
    report.files.iter().map(|file| (file.lines, file.state)).collect()
}

#[test]
fn a_trail_that_nobody_touched_is_good_and_tells_how_each_process_ended() {
    let kept = history();
    let report = kept.report();
    assert_eq!(report.first_bad(), None);
    assert_eq!(report.register.lines, 7, "itself, open and close, open and seal, open and close");
    assert_eq!(states(&report), [(4, State::Closed), (4, State::Ended), (4, State::Closed)]);
    let living = opened(&kept.path, 6).expect("a trail");
    assert_eq!(kept.report().files[3].state, State::Living);
    assert_eq!(living.head().map(|(lines, _)| lines), Some(1));
    drop(living);
    assert_eq!(kept.report().files[3].state, State::Ended);
    let begun: Json = serde_json::from_slice(lines(&kept.read(&kept.files()[1]))[3]).expect("a line of JSON");
    assert_eq!((&begun["kind"], &begun["object"]["RuleId"]), (&"begin".into(), &"C".into()));
}

#[test]
fn four_processes_write_at_once_and_every_line_is_there() {
    const EACH: u64 = 20;
    let kept = state();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let path = &kept.path;
            scope.spawn(move || {
                let trail = opened(path, n).expect("a trail");
                // Two calls at a time in each.
                std::thread::scope(|scope| {
                    for half in 0..2 {
                        let trail = &trail;
                        scope.spawn(move || (0..EACH / 2).for_each(|m| change(trail, n, &format!("{n}-{half}-{m}"))));
                    }
                });
                trail.close(at(n));
            });
        }
        // Looked at meanwhile: nothing is ever wrong.
        for _ in 0..50 {
            match verify(&kept.path) {
                Ok(report) => assert_eq!(report.first_bad(), None),
                Err(error) => assert!(matches!(error, VerifyError::NoTrail | VerifyError::Unreadable(_)), "{error}"),
            }
        }
    });
    let report = kept.report();
    assert_eq!(report.first_bad(), None);
    assert_eq!(states(&report), [(2 + 2 * EACH, State::Closed); 4]);
}

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let kept = history();
    for file in [&[REGISTER.to_owned()], &kept.files()[..]].concat() {
        let whole = kept.read(&file);
        let mut line = 1;
        for n in 0..whole.len() {
            // Another letter, the other case, and a line's end where none was.
            for change in [whole[n] ^ 1, whole[n] ^ 0x20, b'\n'].into_iter().filter(|byte| *byte != whole[n]) {
                let mut changed = whole.clone();
                changed[n] = change;
                let (found, placed) = kept.first_bad_with(&file, &changed).unwrap_or_else(|| panic!("{file} byte {n}"));
                assert_eq!((&found, placed.line), (&file, Some(line)), "byte {n}: {placed:?}");
            }
            line += u64::from(whole[n] == b'\n');
        }
    }
    assert_eq!(kept.first_bad(), None);
}

#[test]
fn a_line_lost_repeated_swapped_or_put_in_is_found() {
    let kept = history();
    let files = kept.files();
    for file in [&[REGISTER.to_owned()], &files[..]].concat() {
        let whole = kept.read(&file);
        let lines = lines(&whole);
        let mut planted: Vec<(String, usize, Vec<u8>)> = Vec::new();
        for n in 0..lines.len() {
            let mut lost = lines.clone();
            lost.remove(n);
            // The register's last line is held by nobody yet: what it says of a closed file, the file says, too.
            if (file.as_str(), n) != (REGISTER, lines.len() - 1) {
                planted.push((format!("line {n} lost"), n, lost.concat()));
            }
            let repeated = [&lines[..=n], &lines[n..]].concat();
            planted.push((format!("line {n} repeated"), n + 1, repeated.concat()));
            for m in n + 1..lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(n, m);
                planted.push((format!("lines {n} and {m} swapped"), n, swapped.concat()));
            }
            let other = kept.read(if file == files[0] { &files[1] } else { &files[0] });
            let put_in = [&lines[..n], &[self::lines(&other)[n.min(3)]], &lines[n..]].concat();
            planted.push((format!("another's line put in at {n}"), n, put_in.concat()));
        }
        for (what, n, bytes) in planted {
            let (found, placed) = kept.first_bad_with(&file, &bytes).unwrap_or_else(|| panic!("{file}: {what}"));
            assert_eq!((&found, placed.line), (&file, Some(n as u64 + 1)), "{what}: {placed:?}");
        }
        for tail in ["x", "\n", "{}\n", "{\"n\":9,"] {
            let more = [&whole, tail.as_bytes()].concat();
            let (found, _) = kept.first_bad_with(&file, &more).unwrap_or_else(|| panic!("{file}: {tail:?} appended"));
            assert_eq!(found, file, "{tail:?}");
        }
    }
    let lost = lines(&kept.read(REGISTER))[..6].concat();
    assert_eq!(kept.first_bad_with(REGISTER, &lost), None);
    kept.write(REGISTER, &lost);
    assert_eq!(kept.report().files[2].state, State::Closing, "but said");
}

#[test]
fn a_file_cut_at_any_byte_is_found_once_its_process_has_ended() {
    let kept = history();
    for file in kept.files() {
        let whole = kept.read(&file);
        for end in 0..whole.len() {
            let left = lines(&whole[..end]).iter().filter(|line| line.ends_with(b"\n")).count() as u64;
            let cut = Placed { line: Some(left + 1), fault: Fault::Cut { known: 4, found: left } };
            assert_eq!(kept.first_bad_with(&file, &whole[..end]), Some((file.clone(), cut)), "{file} cut at {end}");
        }
    }
    let register = kept.read(REGISTER);
    let last = lines(&register)[..6].concat().len();
    for end in 0..register.len() {
        let found = kept.first_bad_with(REGISTER, &register[..end]);
        assert_eq!(found.is_some(), end < last, "register cut at {end}: {found:?}");
    }
}

#[test]
fn a_lost_a_renamed_and_a_strange_file_are_found() {
    let kept = history();
    let missing = Placed { line: None, fault: Fault::Missing };
    let unregistered = Placed { line: None, fault: Fault::Unregistered };
    for file in [&[REGISTER.to_owned()], &kept.files()[..]].concat() {
        let (there, away) = (kept.trail().join(&file), kept.path.join("away"));
        fs::rename(&there, &away).expect("renamed");
        assert_eq!(kept.first_bad(), Some((file.clone(), missing)));
        fs::rename(&away, &there).expect("renamed back");
    }
    let files = kept.files();
    let copied = "1970-01-01T00-09-00Z-4711-00000000.jsonl";
    fs::copy(kept.trail().join(&files[0]), kept.trail().join(copied)).expect("copied");
    assert_eq!(kept.first_bad(), Some((copied.to_owned(), Placed { line: Some(1), fault: Fault::Changed })));
    fs::rename(kept.trail().join(copied), kept.trail().join("x.jsonl")).expect("renamed");
    assert_eq!(kept.first_bad(), Some(("x.jsonl".to_owned(), unregistered)));
    fs::remove_file(kept.trail().join("x.jsonl")).expect("removed");
    let (one, two) = (kept.read(&files[0]), kept.read(&files[1]));
    kept.write(&files[0], &two);
    kept.write(&files[1], &one);
    assert_eq!(kept.first_bad(), Some((files[0].clone(), Placed { line: Some(1), fault: Fault::Changed })));
}

/// A process killed while it wrote its last line, so far.
fn killed_at(kept: &Kept, file: &str, whole: &[u8], end: usize) -> Report {
    kept.write(file, &whole[..end]);
    kept.report()
}

#[test]
fn a_process_killed_at_any_byte_of_a_line_is_told_as_that() {
    let kept = history();
    let trail = opened(&kept.path, 6).expect("a trail");
    change(&trail, 6, "E");
    drop(trail);
    let file = kept.files().pop().expect("its file");
    let whole = kept.read(&file);
    let before = lines(&whole)[..2].concat().len();
    for end in before..=whole.len() {
        let report = killed_at(&kept, &file, &whole, end);
        assert_eq!(report.first_bad(), None, "killed at {end}");
        let (lines, state) = states(&report)[3];
        let expected = match end {
            end if end == before => (2, State::Ended),
            end if end == whole.len() => (3, State::Ended),
            _ => (2, State::Torn),
        };
        assert_eq!((lines, state), expected, "killed at {end}");
    }
    // Whoever comes next holds it as it is, half a line included.
    for (n, end) in [before, before + 1, (before + whole.len()) / 2, whole.len() - 1].into_iter().enumerate() {
        killed_at(&kept, &file, &whole, end);
        let register = kept.read(REGISTER);
        let next = opened(&kept.path, 7 + n as u64).expect("the next goes on");
        change(&next, 7, "F");
        next.close(at(8));
        assert_eq!(kept.first_bad(), None, "killed at {end}");
        for cut in before.saturating_sub(2)..end {
            assert!(kept.first_bad_with(&file, &whole[..cut]).is_some(), "cut from {end} to {cut}");
        }
        if end > before {
            let mut changed = whole[..end].to_vec();
            changed[end - 1] ^= 1;
            assert!(kept.first_bad_with(&file, &changed).is_some(), "half a line of {end} changed");
        }
        fs::remove_file(kept.trail().join(kept.files().pop().expect("its file"))).expect("removed");
        kept.write(REGISTER, &register);
    }
}

#[test]
fn a_register_torn_by_a_killed_process_goes_on() {
    let kept = history();
    let register = kept.read(REGISTER);
    let last = lines(&register)[..6].concat().len();
    for (n, end) in [last + 1, (last + register.len()) / 2, register.len() - 1].into_iter().enumerate() {
        kept.write(REGISTER, &register[..end]);
        assert_eq!((kept.first_bad(), kept.report().register.state), (None, State::Torn));
        let next = opened(&kept.path, 7 + n as u64).expect("the next goes on");
        next.close(at(8));
        let report = kept.report();
        assert_eq!((report.first_bad(), report.register.state), (None, State::Ended));
        assert_eq!(report.files[2].state, State::Closed, "entered again");
        fs::remove_file(kept.trail().join(kept.files().pop().expect("its file"))).expect("removed");
    }
}

#[test]
fn a_process_killed_before_it_was_entered_is_no_loss() {
    let kept = history();
    let register = kept.read(REGISTER);
    drop(opened(&kept.path, 6).expect("a trail"));
    kept.write(REGISTER, &register);
    let stub = kept.files().pop().expect("its file");
    let whole = kept.read(&stub);
    for end in [whole.len(), whole.len() / 2, 0] {
        kept.write(&stub, &whole[..end]);
        assert_eq!(kept.first_bad(), None, "killed at {end}");
    }
    kept.write(&stub, &whole);
    drop(opened(&kept.path, 7).expect("the next goes on"));
    assert_eq!(kept.first_bad(), None);
    assert!(kept.first_bad_with(&stub, &whole[..9]).is_some(), "it is held now");
}

#[test]
fn what_was_put_back_as_a_whole_cannot_be_found() {
    let kept = state();
    let one = opened(&kept.path, 1).expect("a trail");
    change(&one, 1, "A");
    let file = kept.files().pop().expect("its file");
    let (before, (lines, mark)) = (kept.read(&file), one.head().expect("a head"));
    change(&one, 1, "B");
    drop(one);
    // Nobody started since, so nobody holds what it wrote last; only who noted the head knows.
    assert_eq!(kept.first_bad_with(&file, &before), None);
    assert!(kept.read(&file).len() > before.len() && lines == 3 && mark.to_string().len() == 64);
    drop(opened(&kept.path, 2).expect("a trail"));
    assert!(kept.first_bad_with(&file, &before).is_some(), "now it is held");
}

#[test]
fn a_file_that_is_gone_refuses_changes_and_what_is_lost_is_counted() {
    let kept = state();
    let trail = opened(&kept.path, 1).expect("a trail");
    let file = kept.trail().join(&kept.files()[0]);
    let away = kept.path.join("away");
    fs::rename(&file, &away).expect("renamed");
    let about = entry("A", &trail);
    assert_eq!(trail.begin(at(1), &about), Err(TrailError::Vanished));
    trail.end(at(1), &about, &done());
    trail.end(at(1), &about, &done());
    assert_eq!(trail.unwritten(), 2);
    fs::rename(&away, &file).expect("renamed back");
    change(&trail, 1, "B");
    let bytes = fs::read(&file).expect("its file");
    let told: Vec<Json> = lines(&bytes).into_iter().map(|line| serde_json::from_slice(line).expect("JSON")).collect();
    assert_eq!((&told[1]["kind"], &told[1]["unwritten"]), (&"begin".into(), &2.into()));
    assert!(told[2].get("unwritten").is_none(), "told once");
    trail.close(at(1));
    trail.close(at(1));
    assert_eq!(trail.begin(at(1), &about), Err(TrailError::Closed));
    assert_eq!(kept.first_bad(), None);
}

#[test]
fn a_trail_without_its_key_or_register_takes_nothing_more() {
    let kept = history();
    let key = fs::read(kept.path.join("key")).expect("the key");
    fs::remove_file(kept.path.join("key")).expect("removed");
    assert_eq!(opened(&kept.path, 6).expect_err("no key"), TrailError::KeyLost);
    assert_eq!(verify(&kept.path), Err(VerifyError::Trail(TrailError::KeyLost)));
    fs::write(kept.path.join("key"), "no key\n").expect("written");
    assert_eq!(opened(&kept.path, 6).expect_err("no key"), TrailError::BadKey);
    fs::write(kept.path.join("key"), format!("{}\n", "ab".repeat(32))).expect("written");
    let other = Placed { line: Some(1), fault: Fault::OtherKey };
    assert_eq!(kept.first_bad(), Some((REGISTER.to_owned(), other)));
    fs::write(kept.path.join("key"), key).expect("written");
    assert_eq!(kept.first_bad(), None);
    let mut register = kept.read(REGISTER);
    register[300] ^= 1;
    kept.write(REGISTER, &register);
    assert!(matches!(opened(&kept.path, 6), Err(TrailError::Register { line: 2, .. })));
    fs::remove_file(kept.trail().join(REGISTER)).expect("removed");
    assert!(matches!(opened(&kept.path, 6), Err(TrailError::Folder(_))));
    assert!(matches!(verify(&state().path), Err(VerifyError::Unreadable(_))), "there is no such folder");
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(verify(empty.path()), Err(VerifyError::NoTrail));
}

#[cfg(unix)]
#[test]
fn a_trail_is_the_account_s_alone() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let kept = history();
    let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
    assert_eq!((mode(&kept.path), mode(&kept.trail()), mode(&kept.path.join("key"))), (0o700, 0o700, 0o600));
    for file in [&[REGISTER.to_owned()], &kept.files()[..]].concat() {
        assert_eq!(mode(&kept.trail().join(&file)), 0o600, "{file}");
    }
    fs::set_permissions(&kept.path, fs::Permissions::from_mode(0o750)).expect("set");
    assert!(Folder::open(&kept.path).is_err());
}

#[test]
fn the_command_names_the_first_bad_line() {
    let kept = history();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
        command.args(["audit", "verify"]).args(arguments).env_remove("SENTINEL_JUMP_CONFIG");
        let output = command.output().expect("the binary runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("text"))
    };
    let folder = kept.path.to_str().expect("a plain path");
    let (exit, said) = run(&["--state-dir", folder]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.ends_with("good: every line is what was written\n"), "{said}");
    assert!(said.contains("4 lines  its process was killed\n") && said.contains("4 lines  closed\n"), "{said}");

    let file = &kept.files()[1];
    let whole = kept.read(file);
    kept.write(file, &[&lines(&whole)[..1], &lines(&whole)[2..]].concat().concat());
    let config = format!("state_dir = '{folder}'\n{}", crate::world::TOML);
    let path = kept.path.join("sentinel-jump.toml");
    fs::write(&path, config).expect("written");
    let (exit, said) = run(&["--config", path.to_str().expect("a plain path")]);
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.ends_with(&format!("bad: line 2 of {file} is not here: line 3 stands in its place\n")), "{said}");

    fs::write(&path, crate::world::TOML).expect("written");
    for unreadable in [&["--state-dir", "/nowhere/state"][..], &["--config", path.to_str().expect("plain")]] {
        let (exit, said) = run(unreadable);
        assert_eq!(exit, Some(2), "{said}");
    }
}
