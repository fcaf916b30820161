//! Tests that want something from outside of the checkout: a PowerShell,
//! recordings, foreign implementations.
//!
//! Where it is missing they are left out: shown as ignored, with the reason in
//! brackets, and counted. None returns early to be counted as passed. Where
//! the project's shared folder ought to have it and `CI` is `true`, its absence
//! is a failure. What is there and does not work fails everywhere.
//!
//! To add one, write an `async fn` and name it in its module's table
//! ([`trials!`]), one line: `what_holds;`, or `what_holds(real);` where it
//! takes what `real().await` makes. A new module's table is named, with its
//! needs, in the suite's `main.rs`. What a table forgets the compiler calls
//! dead code.
//!
//! The suites run under `cargo test` and `cargo nextest run` alike, with their
//! arguments: `cargo test --test engine exit -- --no-capture`. To see them
//! without what is there, name it: `SENTINEL_JUMP_TEST_WITHOUT=powershell`.

#![allow(dead_code, reason = "each suite uses a part of it")]
#![allow(clippy::print_stdout, reason = "a suite says what it left out, and what its tests counted")]

pub(crate) mod powershell;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::{Builder, Runtime};

/// Keys of needs that count as not there, separated by commas.
pub(crate) const WITHOUT: &str = "SENTINEL_JUMP_TEST_WITHOUT";

/// Something from outside that tests want.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    /// Its name in [`WITHOUT`].
    pub(crate) key: &'static str,
    /// What is said to be missing: `no …`.
    pub(crate) name: &'static str,
    /// Where it is looked for.
    pub(crate) from: &'static str,
    pub(crate) is_there: fn() -> bool,
    /// Whether CI must have it: its place is there.
    pub(crate) is_owed: fn() -> bool,
}

impl Need {
    fn is_met(&self) -> bool {
        let hidden = std::env::var_os(WITHOUT).unwrap_or_default();
        let is_hidden = hidden.to_string_lossy().split(',').any(|key| key.trim() == self.key);
        !is_hidden && (self.is_there)()
    }

    fn must_be_met(&self) -> bool {
        std::env::var_os("CI").is_some_and(|ci| ci == "true") && (self.is_owed)()
    }

    fn reason(&self) -> String {
        format!("no {} ({})", self.name, self.from)
    }
}

/// A test of a table.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// Path with the crate's name.
    pub(crate) path: &'static str,
    pub(crate) run: fn(),
}

/// A module's table of tests, by how they run:
///
/// ```text
/// trials! { TRIALS:
///     current_thread { a_call_ends; a_call_is_answered(real); }
///     multi_thread { a_process_is_waited_for; }
///     blocking { a_file_is_read; }
/// }
/// ```
///
/// There is no paused clock: it would run away from a foreign process.
macro_rules! trials {
    ($table:ident: $($flavour:ident { $($(#[$meta:meta])* $name:ident $(($given:ident))?;)* })+) => {
        pub(crate) const $table: &[$crate::outside::Case] = &[$($(
            $(#[$meta])*
            $crate::outside::Case {
                path: concat!(module_path!(), "::", stringify!($name)),
                run: || $crate::outside::trials!(@run $flavour $name $(($given))?),
            },
        )*)+];
    };
    (@run $flavour:ident $name:ident) => { $crate::outside::$flavour($name) };
    (@run $flavour:ident $name:ident ($given:ident)) => {
        $crate::outside::$flavour(async || $name($given().await).await)
    };
}
pub(crate) use trials;

/// Runs a test as `#[tokio::test]` does.
pub(crate) fn current_thread(test: impl AsyncFnOnce()) {
    block_on(&mut Builder::new_current_thread(), test);
}

/// Runs a test beside two workers.
pub(crate) fn multi_thread(test: impl AsyncFnOnce()) {
    block_on(Builder::new_multi_thread().worker_threads(2), test);
}

/// Runs a test that is no future.
pub(crate) fn blocking(test: impl FnOnce()) {
    test();
}

fn block_on(builder: &mut Builder, test: impl AsyncFnOnce()) {
    let runtime: Runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(test());
}

/// Runs a suite's tables, each with its needs, as the arguments of the process
/// say; last says how many tests were left out and why.
pub(crate) fn run(suite: &str, tables: &[(&[Need], &[Case])]) -> ExitCode {
    // libtest has two spellings, libtest-mimic one.
    let given = std::env::args().map(|given| if given == "--no-capture" { "--nocapture".to_owned() } else { given });
    let arguments = Arguments::from_iter(given);
    LOUD.store(arguments.nocapture, Ordering::Relaxed);
    let mut trials = Vec::new();
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    for (needs, cases) in tables {
        let unmet = || needs.iter().filter(|need| !need.is_met());
        // What CI must have comes first, so that no other need hides it.
        let missing = unmet().find(|need| need.must_be_met()).or_else(|| unmet().next());
        for case in *cases {
            let trial = trial(*case, missing);
            if let Some(need) = missing
                && trial.has_ignored_flag()
                && !arguments.is_filtered_out(&trial)
            {
                *left_out.entry(need.reason()).or_default() += 1;
            }
            trials.push(trial);
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if conclusion.num_ignored > 0 {
        for (reason, count) in left_out {
            println!("left out of {suite}: {count}, {reason}");
        }
    }
    conclusion.exit_code()
}

fn trial(case: Case, missing: Option<&Need>) -> Trial {
    let name = case.path.split_once("::").map_or(case.path, |(_, name)| name);
    let Some(need) = missing else {
        return Trial::test(name, move || {
            (case.run)();
            Ok(())
        });
    };
    // Whoever asks for ignored tests all the same is told.
    let reason = need.reason();
    let trial = Trial::test(name, move || Err(Failed::from(reason)));
    if need.must_be_met() {
        return trial;
    }
    // The kind stands before the name in every output and list.
    trial.with_kind(format!("left out: no {}", need.name)).with_ignored_flag(true)
}

/// Whether the tests may print: libtest-mimic captures nothing.
static LOUD: AtomicBool = AtomicBool::new(false);

/// Prints what a test counted, where `--no-capture` asks for it.
pub(crate) fn note(text: impl Display) {
    if LOUD.load(Ordering::Relaxed) {
        println!("{text}");
    }
}

/// `part` of the project's shared folder, which lies beside the checkout or
/// beside a folder above it.
pub(crate) fn shared(part: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|folder| folder.join("shared").join(part)).find(|found| found.exists())
}

/// Whether there is such a folder.
pub(crate) fn has_shared() -> bool {
    shared("").is_some()
}
