//! Incidents, and what hangs on them.

use super::*;

#[test]
fn a_stale_etag_of_an_incident_is_a_conflict() {
    let client = Client::of(None);
    let path = sentinel("incidents/000000e0-0d3a-4000-8000-000000003039");
    let mut incident = client.get(&path, STABLE);
    incident["properties"]["title"] = json!("another");
    let answer = client.ask("PUT", &path, STABLE, Some(&incident));
    assert_eq!((answer.status, &body(&answer)["properties"]["title"]), (200, &json!("another")));
    assert_ne!(body(&answer)["etag"], incident["etag"]);
    assert_eq!(client.refusal("PUT", &path, STABLE, Some(&incident)), (409, "Conflict".to_owned()));
    incident.as_object_mut().unwrap().remove("etag");
    assert_eq!(
        client.refusal("PUT", &path, STABLE, Some(&incident)),
        (409, "Conflict".to_owned()),
        "none is stale, too"
    );
}

#[test]
fn a_comment_is_counted_by_its_incident() {
    let client = Client::of(None);
    let incident = sentinel("incidents/000000e0-0d3a-4000-8000-000000003039");
    let count = || client.get(&incident, STABLE)["properties"]["additionalData"]["commentsCount"].as_u64().unwrap();
    let before = count();
    let given = json!({ "properties": { "message": "seen" } });
    let path = format!("{incident}/comments/mine");
    assert_eq!(client.ask("PUT", &path, STABLE, Some(&given)).status, 201);
    assert_eq!(client.ask("PUT", &path, STABLE, Some(&given)).status, 200, "the same id again");
    assert_eq!(count(), before + 1);
    let listed = client.get(&format!("{incident}/comments"), STABLE);
    assert_eq!(listed["value"].as_array().unwrap().len() as u64, before + 1);
    assert_eq!(client.ask("DELETE", &path, STABLE, None).status, 200);
    assert_eq!(count(), before);
}

#[test]
fn what_raised_an_incident_is_asked_for() {
    let client = Client::of(None);
    let ask = |part: &str| body(&client.ask("POST", &sentinel(&format!("{INCIDENT}/{part}")), STABLE, None));
    let alerts = ask("alerts");
    assert_eq!(alerts["value"].as_array().unwrap().len(), 3);
    assert_eq!(alerts["value"][0]["kind"], "SecurityAlert");
    let entities = ask("entities");
    assert_eq!(entities["metaData"][0], json!({ "entityKind": "Ip", "count": 1 }));
    assert_eq!(ask("bookmarks"), json!({ "value": [] }));
    let mut incident = client.get(&sentinel(INCIDENT), STABLE);
    incident["properties"]["status"] = json!("Closed");
    assert_eq!(
        client.refusal("PUT", &sentinel(INCIDENT), STABLE, Some(&incident)).1,
        "BadRequest",
        "no classification"
    );
    incident["properties"]["classification"] = json!("Undetermined");
    assert_eq!(client.ask("PUT", &sentinel(INCIDENT), STABLE, Some(&incident)).status, 200);
    assert_eq!(ask("alerts")["value"][0]["properties"]["status"], "Resolved");
}

#[test]
fn incidents_are_filtered_ordered_and_paged() {
    let client = Client::of(None);
    let filter = "$filter=properties/status ne 'Closed'&$orderby=properties/incidentNumber desc&$top=2";
    let target = format!("{}?{}", sentinel("incidents"), filter.replace(' ', "%20"));
    let page = client.get(&target, STABLE);
    let numbers: Vec<i64> = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["properties"]["incidentNumber"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [12350, 12349]);
    assert!(page["nextLink"].as_str().unwrap().contains("%24filter="), "{page}");
}
