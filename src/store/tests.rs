use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use wsman::entropy::Entropy;

use super::database::{STEPS, migrate, version};
use super::*;

fn entered(folder: &Path, seed: u64) -> Arc<Process> {
    let folder = Folder::open(folder).unwrap();
    let now = "2026-11-28T07:25:03Z".parse().unwrap();
    Arc::new(folder.enter(now, 12_345, &mut Entropy::seeded(seed)).unwrap())
}

fn state() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("of/state");
    (folder, path)
}

fn shell(id: &str) -> Shell {
    Shell {
        tenant: "nordhafen".into(),
        host: "jump-x".into(),
        url: "http://127.0.0.1:1/wsman".into(),
        id: id.to_owned(),
        // Short: a row of a small page has no second page.
        configuration: "Ops".into(),
        made: true,
    }
}

/// Whoever can delete them all.
fn any(_: &Shell) -> bool {
    true
}

fn taken(shells: &[Shell]) -> Result<Orphans, StoreError> {
    Ok(Orphans { taken: shells.to_vec(), ..Orphans::default() })
}

/// A process that writes, and is gone as if it had been killed: its lock's
/// file stays.
fn left_behind(folder: &Path, seed: u64, ids: &[&str]) -> ProcessName {
    let process = entered(folder, seed);
    let name = process.name().clone();
    let store = Store::open(&process).unwrap();
    ids.iter().for_each(|id| store.shells().remember(&shell(id)).unwrap());
    drop(store);
    drop(process);
    fs::write(folder.join("alive").join(name.as_str()), "").unwrap();
    name
}

#[test]
fn a_process_is_named_by_start_number_and_chance() {
    let (_kept, folder) = state();
    let process = entered(&folder, 1);
    let (start, chance) = process.name().as_str().split_at("2026-11-28T07-25-03Z-12345-".len());
    assert_eq!(start, "2026-11-28T07-25-03Z-12345-");
    assert_eq!(chance.len(), 8);
    assert_eq!(process.name().as_str().parse(), Ok(process.name().clone()));
    for bad in ["", "../../etc", "2026/x", "register", &"2".repeat(65)] {
        assert_eq!(bad.parse::<ProcessName>(), Err(BadName), "{bad}");
    }
}

#[test]
fn a_process_lives_until_it_is_gone_however_it_went() {
    let (_kept, folder) = state();
    let (one, two) = (entered(&folder, 1), entered(&folder, 2));
    let name = two.name().clone();
    let held = one.folder().hold().unwrap();
    assert!(one.folder().is_alive(one.name(), &held) && one.folder().is_alive(&name, &held));
    drop(two);
    assert!(!one.folder().is_alive(&name, &held));
    fs::write(folder.join("alive").join(name.as_str()), "").unwrap();
    assert!(!one.folder().is_alive(&name, &held), "a file without a lock is nobody");
    drop(held);
    let three = entered(&folder, 3);
    assert!(!folder.join("alive").join(name.as_str()).exists(), "who comes clears away what is left");
    assert!(one.folder().is_alive(three.name(), &one.folder().hold().unwrap()));
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_reach_is_refused() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let (_kept, folder) = state();
    let process = entered(&folder, 1);
    Store::open(&process).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("alive"))), (0o700, 0o700));
    for file in ["lock", "store.sqlite"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
    for wrong in [0o701, 0o740, 0o720, 0o777] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(wrong)).unwrap();
        let error = Folder::open(&folder).unwrap_err();
        assert_eq!(error, FolderError::Exposed { path: folder.clone(), mode: wrong });
        assert!(error.to_string().ends_with(&format!("expected mode 700, found {wrong:o}")));
    }
    let file = folder.join("lock");
    assert_eq!(Folder::open(&file), Err(FolderError::NotAFolder { path: file.clone() }));
    assert!(matches!(Folder::open(&file.join("below")), Err(FolderError::Unusable { .. })));
}

#[test]
fn a_shell_is_its_process_s_while_that_lives() {
    let (_kept, folder) = state();
    let (one, two) = (entered(&folder, 1), entered(&folder, 2));
    let (mine, theirs) = (Store::open(&one).unwrap(), Store::open(&two).unwrap());
    mine.shells().remember(&shell("A")).unwrap();
    mine.shells().remember(&shell("A")).unwrap();
    assert_eq!(theirs.shells().orphans(any), taken(&[]));
    theirs.shells().forget(&shell("A")).unwrap();
    assert_eq!(mine.shells().own_shells(), Ok(vec![shell("A")]), "nobody forgets another's");
    drop((mine, one));
    assert_eq!(theirs.shells().orphans(any), taken(&[shell("A")]));
    assert_eq!(theirs.shells().orphans(any), taken(&[]), "it is ours now");
    assert_eq!(theirs.shells().own_shells(), Ok(vec![shell("A")]));
    theirs.shells().forget(&shell("A")).unwrap();
    assert_eq!(theirs.shells().own_shells(), Ok(vec![]));
}

#[test]
fn an_orphan_has_one_taker() {
    let (_kept, folder) = state();
    let ids: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    for (n, some) in ids.chunks(10).enumerate() {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        left_behind(&folder, 100 + n as u64, &some);
    }
    let takers: Vec<_> = (0..4).map(|seed| Store::open(&entered(&folder, seed)).unwrap()).collect();
    let mut taken: Vec<u32> = std::thread::scope(|scope| {
        let taking: Vec<_> =
            takers.iter().map(|store| scope.spawn(|| store.shells().orphans(any).unwrap().taken)).collect();
        taking.into_iter().flat_map(|taking| taking.join().unwrap()).map(|shell| shell.id.parse().unwrap()).collect()
    });
    taken.sort_unstable();
    assert_eq!(taken, (0..40).collect::<Vec<_>>());
}

#[test]
fn e6_what_nobody_can_delete_is_kept_for_who_can_and_not_for_ever() {
    let (_kept, folder) = state();
    let began = |now: &str, seed| {
        let folder = Folder::open(&folder).unwrap();
        Arc::new(folder.enter(now.parse().unwrap(), 1, &mut Entropy::seeded(seed)).unwrap())
    };
    let first = began("2026-11-01T00:00:00Z", 1);
    assert_eq!(first.name().started(), Some("2026-11-01T00:00:00Z".parse().unwrap()));
    Store::open(&first).unwrap().shells().remember(&shell("A")).unwrap();
    drop(first);
    let strange = |_: &Shell| false;
    let found = |now, seed, can_delete: fn(&Shell) -> bool| {
        let process = began(now, seed);
        Store::open(&process).unwrap().shells().orphans(can_delete).unwrap()
    };
    let (kept, none) = (Orphans { kept: vec![shell("A")], ..Orphans::default() }, Orphans::default());
    for seed in 2..4 {
        assert_eq!(found("2026-12-01T00:00:00Z", seed, strange), kept, "its age is its process's, whoever asks");
    }
    assert_eq!(found("2026-10-01T00:00:00Z", 4, strange), kept, "a clock that is wrong");
    let forgotten = Orphans { forgotten: vec![shell("A")], ..Orphans::default() };
    assert_eq!(found("2026-12-01T00:00:01Z", 5, strange), forgotten);
    assert_eq!(found("2026-12-01T00:00:02Z", 6, any), none);
    // However old, who can delete it takes it.
    Store::open(&began("2025-01-01T00:00:00Z", 7)).unwrap().shells().remember(&shell("B")).unwrap();
    assert_eq!(Ok(found("2026-12-01T00:00:03Z", 8, any)), taken(&[shell("B")]));
}

#[test]
fn the_same_id_of_two_tenants_is_two_shells() {
    let (_kept, folder) = state();
    let store = Store::open(&entered(&folder, 1)).unwrap();
    let other = Shell { tenant: "suedwerk".into(), ..shell("A") };
    store.shells().remember(&shell("A")).unwrap();
    store.shells().remember(&other).unwrap();
    store.shells().forget(&shell("A")).unwrap();
    assert_eq!(store.shells().own_shells(), Ok(vec![other]));
}

#[test]
fn without_a_folder_it_remembers_while_it_lives() {
    let store = Store::in_memory().unwrap();
    store.shells().remember(&shell("A")).unwrap();
    assert_eq!(store.shells().own_shells(), Ok(vec![shell("A")]));
    assert_eq!(store.shells().orphans(any), taken(&[]));
    store.shells().forget(&shell("A")).unwrap();
    assert_eq!(store.shells().own_shells(), Ok(vec![]));
}

/// The file before the last record, with it, and the journal that stands
/// beside it while it is written.
fn last_record(folder: &Path) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let file = folder.join("store.sqlite");
    fs::create_dir_all(folder).unwrap();
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    // Small pages: as many states as bytes, and each is opened.
    Connection::open(&file).unwrap().execute_batch("PRAGMA page_size = 512; VACUUM;").unwrap();
    left_behind(folder, 1, &["A", "B"]);
    let before = fs::read(&file).unwrap();
    let mut connection = Connection::open(&file).unwrap();
    connection.execute_batch("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL;").unwrap();
    let transaction = connection.transaction().unwrap();
    transaction
        .execute("INSERT INTO shells SELECT tenant, url, 'C', host, process, configuration, made FROM shells WHERE shell = 'A'", [])
        .unwrap();
    transaction.cache_flush().unwrap();
    let journal = fs::read(folder.join("store.sqlite-journal")).unwrap();
    let after = fs::read(&file).unwrap();
    assert!(before != after && !journal.is_empty());
    (before, after, journal)
}

fn remembered_after(process: &Arc<Process>, file: &[u8], journal: &[u8]) -> Vec<String> {
    let cut = process.folder().path();
    // In place: some file systems write a file that is truncated and filled again to the disk at once.
    for (name, bytes) in [("store.sqlite", file), ("store.sqlite-journal", journal)] {
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(cut.join(name)).unwrap();
        file.write_all(bytes).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
    }
    let store = Store::open(process).unwrap();
    let connection = store.connection();
    let mut select = connection.prepare("SELECT shell FROM shells ORDER BY shell").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_cut_at_any_byte_of_the_last_record_loses_nothing_else() {
    let (_kept, folder) = state();
    let (before, after, journal) = last_record(&folder);
    let (_kept, cut) = state();
    let cut = entered(&cut, 8);
    // While the journal is written, the file is as it was.
    for end in 0..=journal.len() {
        assert_eq!(remembered_after(&cut, &before, &journal[..end]), ["A", "B"], "journal cut at {end}");
    }
    // While the file is written, the journal is whole. Where old and new are the same, so are the states.
    for end in (0..=after.len()).filter(|end| before.get(*end) != after.get(*end)) {
        let mut torn = after[..end].to_vec();
        torn.extend(before.get(end..).unwrap_or_default());
        assert_eq!(remembered_after(&cut, &torn, &journal), ["A", "B"], "file cut at {end}");
    }
    assert_eq!(remembered_after(&cut, &after, &[]), ["A", "B", "C"]);
}

#[test]
fn a_file_that_lost_its_end_is_damaged_not_empty() {
    let (_kept, folder) = state();
    left_behind(&folder, 1, &["A", "B"]);
    let file = folder.join("store.sqlite");
    let whole = fs::read(&file).unwrap();
    for end in (1..whole.len()).step_by(97) {
        fs::write(&file, &whole[..end]).unwrap();
        assert_eq!(Store::open(&entered(&folder, 2)).unwrap_err(), StoreError::Damaged, "cut at {end}");
        assert_eq!(fs::read(&file).unwrap(), whole[..end], "it is left as it is");
    }
}

#[test]
fn a_full_disk_is_said_and_what_is_there_stays() {
    let (_kept, folder) = state();
    let store = Store::open(&entered(&folder, 1)).unwrap();
    store.shells().remember(&shell("first")).unwrap();
    let pages: u32 = store.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let most = |pages: u32| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        store.connection().query_row(&sql, [], |row| row.get::<_, u32>(0)).unwrap();
    };
    most(pages);
    let error = (0..1000).find_map(|n| store.shells().remember(&shell(&format!("{n:0100}"))).err());
    assert_eq!(error, Some(StoreError::Full));
    store.shells().forget(&shell(&format!("{:0100}", 0))).unwrap();
    assert!(store.shells().own_shells().unwrap().contains(&shell("first")));
    most(1000);
    store.shells().remember(&shell("last")).unwrap();
    assert!(store.shells().own_shells().unwrap().contains(&shell("last")));
}

#[test]
fn an_older_store_is_brought_up_to_date_with_what_is_in_it() {
    let (_kept, folder) = state();
    left_behind(&folder, 1, &["A"]);
    let next = "ALTER TABLE shells ADD COLUMN opened TEXT NOT NULL DEFAULT 'unknown'";
    let steps = [STEPS, &[next]].concat();
    let mut connection = Connection::open(folder.join("store.sqlite")).unwrap();
    let broken = [STEPS, &[next, "no SQL"]].concat();
    assert!(migrate(&mut connection, &broken).is_err());
    assert_eq!(version(&connection), Ok(STEPS.len()), "half a migration is none");
    for _ in 0..2 {
        migrate(&mut connection, &steps).unwrap();
        assert_eq!(version(&connection), Ok(steps.len()));
    }
    let row: (String, String) =
        connection.query_row("SELECT shell, opened FROM shells", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(row, ("A".into(), "unknown".into()));
    // And the release before it, that has it open or opens it now.
    let newer = StoreError::Newer { found: steps.len(), known: STEPS.len() };
    assert_eq!(Store::open(&entered(&folder, 2)).unwrap_err(), newer);
}

#[test]
fn a_store_of_the_first_version_gives_its_shells() {
    let (_kept, folder) = state();
    let process = entered(&folder, 1);
    let mut first = Connection::open(folder.join("store.sqlite")).unwrap();
    migrate(&mut first, &STEPS[..1]).unwrap();
    let row = "INSERT INTO shells (tenant, url, shell, host, process) VALUES
               ('nordhafen', 'http://127.0.0.1:1/wsman', 'A', 'jump-x', '2026-01-01T00-00-00Z-1-00000000')";
    first.execute(row, []).unwrap();
    drop(first);
    let store = Store::open(&process).unwrap();
    let default = Shell { configuration: "Microsoft.PowerShell".into(), ..shell("A") };
    assert_eq!(store.shells().orphans(any), taken(&[default]));
    assert_eq!(version(&store.connection()), Ok(STEPS.len()));
}

#[test]
fn e6_what_is_news_of_a_shell_takes_the_place_of_what_was_known() {
    let (_kept, folder) = state();
    let store = Store::open(&entered(&folder, 1)).unwrap();
    let asked = Shell { made: false, ..shell("A") };
    store.shells().remember(&asked).unwrap();
    assert_eq!(store.shells().own_shells(), Ok(vec![asked]));
    store.shells().remember(&shell("A")).unwrap();
    assert_eq!(store.shells().own_shells(), Ok(vec![shell("A")]));
}

#[test]
fn a_newer_store_is_left_alone_even_when_it_became_that_under_us() {
    let (_kept, folder) = state();
    let store = Store::open(&entered(&folder, 1)).unwrap();
    store.shells().remember(&shell("A")).unwrap();
    let other = Connection::open(folder.join("store.sqlite")).unwrap();
    other.execute_batch("PRAGMA user_version = 99").unwrap();
    let newer = StoreError::Newer { found: 99, known: STEPS.len() };
    assert_eq!(store.shells().remember(&shell("B")), Err(newer.clone()));
    assert_eq!(store.shells().orphans(any), Err(newer));
}

#[test]
fn another_database_is_not_taken_for_the_store() {
    let (_kept, folder) = state();
    let process = entered(&folder, 1);
    let path = folder.join("store.sqlite");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    assert_eq!(Store::open(&process).unwrap_err(), StoreError::NotAStore { path: path.clone() });
    fs::write(&path, "something else entirely, long enough for a header\n".repeat(20)).unwrap();
    assert_eq!(Store::open(&process).unwrap_err(), StoreError::Damaged);
}
