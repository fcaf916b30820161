use std::sync::Arc;

use super::*;
use crate::call::testing::target;
use crate::call::validate::Arguments;

const TTL: Duration = Duration::from_secs(60);

fn key(workspace: &str) -> Key {
    Key::new(&target(workspace), "Get-AnalyticsRules", &Arguments::default())
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_its_time() {
    let (cache, start) = (Cache::default(), Instant::now());
    let rows = Arc::new(Rows::default());
    cache.keep(key("w"), Arc::clone(&rows), cache.epoch(&key("w")), TTL, start);
    let (found, age) = cache.find(&key("w"), start + TTL / 2).unwrap();
    assert!(Arc::ptr_eq(&found, &rows));
    assert_eq!(age, TTL / 2);
    assert!(cache.find(&key("w"), start + TTL).is_none());
    assert!(cache.find(&key("v"), start).is_none(), "another workspace");
}

#[tokio::test(start_paused = true)]
async fn a_write_drops_its_workspace_and_no_other() {
    let (cache, start) = (Cache::default(), Instant::now());
    for workspace in ["w", "v"] {
        cache.keep(key(workspace), Arc::default(), cache.epoch(&key(workspace)), TTL, start);
    }
    cache.written(&target("w"));
    assert!(cache.find(&key("w"), start).is_none());
    assert!(cache.find(&key("v"), start).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_read_that_a_write_overtook_is_not_kept() {
    let (cache, start) = (Cache::default(), Instant::now());
    let began = cache.epoch(&key("w"));
    cache.written(&target("w"));
    cache.keep(key("w"), Arc::default(), began, TTL, start);
    assert!(cache.find(&key("w"), start).is_none());
}
