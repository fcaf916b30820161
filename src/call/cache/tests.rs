use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::call::pages::{Pages, Question};
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

#[tokio::test(start_paused = true)]
async fn a_cursor_belongs_to_its_question_and_its_caller() {
    let (pages, start) = (Pages::default(), Instant::now());
    let question = |caller: &str, arguments: serde_json::Value| {
        Question::new(caller, "sentinel_rule_list", arguments.as_object().unwrap())
    };
    let asked = question("local", json!({"tenant": "t", "Enabled": true}));
    pages.keep("id".to_owned(), asked, (Arc::new(vec![json!(1)]), None), start);
    // Order, nulls and the view are no part of the question.
    let again = question("local", json!({"Enabled": true, "tenant": "t", "cursor": "id.25", "Kind": null}));
    let found = pages.find("id.25", &again, start).unwrap();
    assert_eq!((found.at, found.id.as_str()), (25, "id"));
    let other = question("local", json!({"tenant": "u", "Enabled": true}));
    assert!(pages.find("id.25", &other, start).unwrap_err().said.contains("other arguments"));
    let foreign = question("mallory", json!({"tenant": "t", "Enabled": true}));
    assert!(pages.find("id.25", &foreign, start).is_err());
    assert!(pages.find("id.25", &again, start + Duration::from_secs(600)).unwrap_err().said.contains("expired"));
}
