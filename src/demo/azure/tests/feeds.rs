//! Tables, collection rules and what is sent to them.

use super::*;

#[test]
fn a_table_is_made_in_the_background() {
    let client = Client::of(None);
    let path = format!("{NORDHAFEN}/tables/Mine_CL");
    let columns = json!([{ "name": "TimeGenerated", "type": "datetime" }, { "name": "Äpfel", "type": "int" }]);
    let given =
        json!({ "properties": { "schema": { "name": "Mine_CL", "columns": columns }, "totalRetentionInDays": 200 } });
    let begun = client.ask("PUT", &path, "2025-07-01", Some(&given));
    assert_eq!((begun.status, begun.body.len()), (202, 0));
    assert_eq!(header(&begun, "retry-after"), None);
    let (status, version) = behind(header(&begun, "azure-asyncoperation").unwrap());
    assert!(status.contains("/locations/germanywestcentral/operationStatuses/"), "{status}");
    assert_eq!(client.get(&path, "2025-07-01")["properties"]["provisioningState"], "Updating");
    let (result, result_version) = behind(header(&begun, "location").unwrap());
    assert_eq!(client.get(&status, &version)["status"], "Updating");
    let ended = client.get(&status, &version);
    assert_eq!(ended["status"], "Succeeded");
    assert_eq!(ended["endTime"], "Tue, 10 Mar 2026 12:00:00 GMT");
    let table = client.get(&result, &result_version);
    assert_eq!(table, client.get(&path, "2025-07-01"));
    let said = &table["properties"];
    assert_eq!((&said["retentionInDays"], &said["archiveRetentionInDays"]), (&json!(90), &json!(110)));
    assert_eq!(said["schema"]["columns"][0]["type"], "dateTime");
    assert!(table.get("type").is_none(), "the service says none");
    let patch = json!({ "properties": { "retentionInDays": -1, "totalRetentionInDays": -1 } });
    let patched = client.ask("PATCH", &path, "2025-07-01", Some(&patch));
    assert_eq!((patched.status, &body(&patched)["properties"]["totalRetentionInDays"]), (200, &json!(90)));
    assert_eq!(client.ask("DELETE", &path, "2025-07-01", None).status, 202);
    assert_eq!(client.refusal("GET", &path, "2025-07-01", None), (404, "NotFound".to_owned()));
}

#[test]
fn tables_are_refused_what_azure_refuses() {
    let client = Client::of(None);
    let given = |properties: Json| json!({ "properties": properties });
    let column = |name: &str, kind: &str| {
        given(
            json!({ "schema": { "columns": [{ "name": "TimeGenerated", "type": "dateTime" }, { "name": name, "type": kind }] } }),
        )
    };
    let table = [
        ("PUT", "Mine_CL", column("x", "decimal"), "InvalidParameter"),
        ("PUT", "Mine_CL", column("TenantId", "guid"), "InvalidParameter"),
        ("PUT", "Mine", column("x", "int"), "InvalidParameter"),
        ("PUT", "Mine_CL", given(json!({ "plan": "Basic" })), "InvalidParameter"),
        ("PATCH", "SigninLogs", given(json!({ "retentionInDays": 3 })), "InvalidParameter"),
        ("PATCH", "SigninLogs", given(json!({ "totalRetentionInDays": 30 })), "InvalidParameter"),
        ("PATCH", "SigninLogs", given(json!({ "plan": "Basic" })), "InvalidTablePlan"),
        ("PATCH", "DnsFirewall_CL", given(json!({ "retentionInDays": 90 })), "InvalidParameter"),
        ("PATCH", "None_CL", given(json!({ "retentionInDays": 90 })), "NotFound"),
    ];
    for (method, name, given, code) in table {
        let (_, found) = client.refusal(method, &format!("{NORDHAFEN}/tables/{name}"), "2025-07-01", Some(&given));
        assert_eq!(found, code, "{method} {name} {given}");
    }
    let (status, code) = client.refusal("DELETE", &format!("{NORDHAFEN}/tables/SigninLogs"), "2025-07-01", None);
    assert_eq!((status, code.as_str()), (400, "InvalidOperation"));
}

#[test]
fn a_whole_table_that_was_read_is_written_back() {
    let client = Client::of(None);
    for name in ["SigninLogs", "DnsFirewall_CL", "FortiTraffic_CL"] {
        let path = format!("{NORDHAFEN}/tables/{name}");
        let mut table = client.get(&path, "2025-07-01");
        let schema = table["properties"]["schema"].as_object_mut().unwrap();
        schema.remove("columns");
        let answer = client.ask("PUT", &path, "2025-07-01", Some(&table));
        assert_eq!(answer.status, 200, "{name}: {}", String::from_utf8_lossy(&answer.body));
    }
}

#[test]
fn a_data_collection_rule_is_checked_as_azure_does() {
    let client = Client::of(None);
    let version = "2024-03-11";
    let whole = client.get(&insights("dataCollectionRules/dcr-dnsfirewall-cl"), version);
    assert_eq!(whole["properties"]["endpoints"]["logsIngestion"], "https://127.0.0.1:1", "where rows are taken");
    let mut wrong = whole.clone();
    wrong["properties"]["dataFlows"][0]["destinations"] = json!(["nowhere"]);
    let path = insights("dataCollectionRules/mine");
    assert_eq!(client.refusal("PUT", &path, version, Some(&wrong)), (400, "InvalidPayload".to_owned()));
    let mut wrong = whole.clone();
    wrong["properties"]["dataFlows"][0]["outputStream"] = json!("Custom-None_CL");
    assert_eq!(client.refusal("PUT", &path, version, Some(&wrong)), (400, "InvalidOutputTable".to_owned()));
    let mut wrong = whole.clone();
    wrong["properties"]["dataFlows"][0]["transformKql"] = json!("Heartbeat");
    assert_eq!(client.refusal("PUT", &path, version, Some(&wrong)), (400, "InvalidTransformQuery".to_owned()));
    let mut wrong = whole.clone();
    wrong["location"] = json!("eastus");
    assert_eq!(client.refusal("PUT", &path, version, Some(&wrong)), (400, "InvalidPayload".to_owned()));
    let made = client.ask("PUT", &path, version, Some(&whole));
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    assert_ne!(body(&made)["properties"]["immutableId"], whole["properties"]["immutableId"]);
    let used = insights("dataCollectionRules/dcr-nh-cef");
    assert_eq!(client.refusal("DELETE", &used, version, None), (409, "AssociationExists".to_owned()));
    let associated = || client.get(&format!("{used}/associations"), version)["value"].as_array().unwrap().len();
    assert_eq!(associated(), 2);
    assert_eq!(client.ask("DELETE", &format!("{used}?deleteAssociations=true"), version, None).status, 200);
    assert_eq!(client.refusal("GET", &used, version, None), (404, "ResourceNotFound".to_owned()));
}

#[test]
fn rows_are_taken_by_the_rule_that_has_the_stream() {
    let mut client = Client::of(None);
    let send = |client: &Client, target: &str, packed: bool, given: &[u8]| {
        let mut request = request("POST", &format!("/dataCollectionRules/{target}?api-version=2023-01-01"));
        request.headers.push(("authorization".into(), format!("Bearer {}", client.token)));
        request.headers.push(("content-type".into(), "application/json".into()));
        request.body = given.to_vec();
        if packed {
            request.headers.push(("content-encoding".into(), "gzip".into()));
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packer, given).unwrap();
            request.body = packer.finish().unwrap();
        }
        let answer = client.azure.answer(&request);
        (answer.status, body(&answer)["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let good = "dcr-0d3a0000000000000000000000000004/streams/Custom-DnsFirewall_CL";
    let rows = br#"[{"DnsQuery":"a.example"},{"DnsQuery":"b.example"}]"#;
    assert_eq!(send(&client, good, false, rows), (401, "InvalidAuthenticationTokenAudience".to_owned()));
    client.token = client.token_for(None, "https://monitor.azure.com");
    assert_eq!(send(&client, good, false, rows).0, 204);
    assert_eq!(send(&client, good, true, rows).0, 204);
    for (target, packed, given, wanted) in [
        ("dcr-none/streams/Custom-DnsFirewall_CL", false, &rows[..], (404, "NotFound")),
        ("dcr-0d3a0000000000000000000000000004/streams/Custom-X", false, rows, (400, "InvalidStream")),
        (good, false, b"{}", (400, "InvalidPayload")),
        (good, false, b"[1]", (400, "InvalidPayload")),
        (good, true, &[b' '; 1 << 21], (413, "ContentLengthLimitExceeded")),
    ] {
        assert_eq!(send(&client, target, packed, given), (wanted.0, wanted.1.to_owned()), "{target}");
    }
    client.world.with_state(|_, state| {
        assert_eq!(state.sent.len(), 2);
        assert_eq!((state.sent[1].table.as_str(), state.sent[1].rows.len()), ("DnsFirewall_CL", 2));
    });
}

#[test]
fn the_volume_of_a_feed_is_a_metric() {
    let client = Client::of(None);
    let rule = insights("dataCollectionRules/dcr-dnsfirewall-cl");
    let path =
        format!("{rule}/providers/Microsoft.Insights/metrics?metricnames=BytesIngested&interval=P1D&timespan=P7D");
    let metrics = client.get(&path, "2024-02-01");
    let data = metrics["value"][0]["timeseries"][0]["data"].as_array().unwrap();
    assert_eq!((data.len(), &data[0]["total"]), (7, &json!(5.2e9)));
    let unknown = path.replace("BytesIngested", "Nothing");
    assert_eq!(client.refusal("GET", &unknown, "2024-02-01", None), (400, "BadRequest".to_owned()));
}
