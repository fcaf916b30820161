//! What pypsrp made of a recording, compared for the gist.

use serde_json::Value as Json;

use super::super::report::Report;
use super::heard::Lines;

/// Every pipeline that `result.json` tells of is one of ours, with the same
/// state and the same number of outputs, warnings and errors.
pub(crate) fn compare(result: &Json, heard: &[Lines], report: &mut Report) -> Result<(), String> {
    let mut told = Vec::new();
    collect(result, &mut told);
    let mut free: Vec<&Lines> = heard.iter().collect();
    for pipeline in told {
        let Some(state) = pipeline.get("state").and_then(Json::as_str) else { continue };
        if !["Completed", "Failed", "Stopped"].contains(&state) {
            report.count("results of pypsrp: states in passing, not compared");
            continue;
        }
        let list = |name: &str| pipeline.get(name).and_then(Json::as_array).map(Vec::len);
        let outputs = pipeline.get("output_count").and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok());
        let fits = |lines: &Lines| {
            let number = |kind: &str| lines.iter().filter(|line| line.starts_with(kind)).count();
            let same = |wanted: Option<usize>, kind: &str| wanted.is_none_or(|wanted| wanted == number(kind));
            lines.last().is_some_and(|last| last.starts_with(&format!("end {state}")))
                && same(outputs, "output ")
                && same(list("warnings"), "warning ")
                && same(list("verbose"), "verbose ")
        };
        match free.iter().position(|lines| fits(lines)) {
            Some(at) => {
                free.remove(at);
                report.count("results of pypsrp: pipelines with the same gist");
            }
            // Told of twice, once before and once after something else.
            None if heard.iter().any(fits) => report.count("results of pypsrp: told of again"),
            None => {
                let shown: Vec<_> = heard.iter().map(summary).collect();
                return Err(format!("pypsrp saw {state} with {outputs:?} outputs; ours: {shown:?}"));
            }
        }
    }
    Ok(())
}

fn summary(lines: &Lines) -> String {
    let outputs = lines.iter().filter(|line| line.starts_with("output ")).count();
    let last: String = lines.last().map(|line| line.chars().take(30).collect()).unwrap_or_default();
    format!("{outputs} outputs, {last}")
}

fn collect<'j>(json: &'j Json, found: &mut Vec<&'j Json>) {
    match json {
        Json::Object(object) if object.contains_key("state") && object.contains_key("output_count") => found.push(json),
        Json::Object(object) => object.values().for_each(|value| collect(value, found)),
        Json::Array(list) => list.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}
