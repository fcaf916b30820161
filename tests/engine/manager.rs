//! Our own SentinelManager on a real PowerShell.

use sentinel_jump::demo;
use sentinel_jump::host::{
    FunctionProbe, MANAGER, MANAGER_PATH, OpenPlan, ScriptSource, Session, Style, manager_sha256,
};
use sha2::{Digest as _, Sha256};
use wsman::clixml::Value;

use crate::engine::{Real, real};
use crate::outside::trials;

trials! { TRIALS:
    current_thread {
        our_own_script_loads_whole(real);
        it_takes_what_the_catalogue_says(real);
    }
}

fn pushed(real: &Real, text: &str) -> OpenPlan {
    let sha256 = base16ct::lower::encode_string(&Sha256::digest(text));
    let script = ScriptSource::Push { bytes: text.as_bytes().to_vec(), virtual_path: MANAGER_PATH.into(), sha256 };
    OpenPlan { script, ..real.plan("") }
}

async fn session(real: &Real) -> Session {
    let mut plan = pushed(real, MANAGER);
    plan.rules.parameters = vec![("Identity".into(), Value::from("managed"))];
    Session::open(&plan).await.expect("our own script loads")
}

async fn our_own_script_loads_whole(real: Real) {
    let session = session(&real).await;
    let report = session.report();
    assert!(report.dropped.is_empty() && report.tainted.is_empty(), "{:?} {:?}", report.dropped, report.tainted);
    assert_eq!(report.style, Some(Style::Contract));
    assert_eq!(report.sha256, manager_sha256());
    session.close().await;
}

/// Each function of the catalogue with its parameters: types, defaults, sets,
/// what is demanded and what is allowed, as in the script that is made of it.
async fn it_takes_what_the_catalogue_says(real: Real) {
    let mut ours = session(&real).await;
    let mut made = Session::open(&pushed(&real, demo::SCRIPT)).await.expect("the demo's script loads");
    for entry in sentinel_jump::catalog::all() {
        let own = declared(&ours.probe(&entry.function).await.expect("our own script has it"));
        let wanted = declared(&made.probe(&entry.function).await.expect("the demo's script has it"));
        assert_eq!(own, wanted, "{}", entry.function);
    }
    ours.close().await;
    made.close().await;
}

/// What a caller sees of a function, help apart.
fn declared(probe: &FunctionProbe) -> String {
    let mut parameters = probe.parameters.clone();
    parameters.iter_mut().for_each(|parameter| parameter.help.clear());
    format!("{} {} {:?}", probe.name, probe.should_process, parameters)
}
