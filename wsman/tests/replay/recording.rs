//! Recordings of whole dialogues, and how each format is read.

use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, Yaml};

/// Requests and their answers, in the order in which they were answered.
pub(crate) struct Recording {
    /// For reports.
    pub(crate) name: String,
    pub(crate) exchanges: Vec<Exchange>,
    /// What the recording client made of it, if that was kept.
    pub(crate) result: Option<serde_json::Value>,
    /// Seed of our own recordings: our ids come out as in the files.
    pub(crate) entropy: Option<u64>,
}

/// One request and what came back.
pub(crate) struct Exchange {
    pub(crate) number: usize,
    pub(crate) request: Vec<u8>,
    /// `None`: nothing came (an injected loss).
    pub(crate) response: Option<Vec<u8>>,
    pub(crate) status: u16,
}

/// Reads a folder in the format of `pwsh-7.6`. Also without its
/// `recording.toml`: then the file names alone say what belongs together.
///
/// Returns the recording and the files that belong to it.
pub(crate) fn from_folder(folder: &Path, files: &[PathBuf]) -> Result<(Recording, Vec<PathBuf>), String> {
    let toml = folder.join("recording.toml");
    let table: Option<toml::Table> = match files.contains(&toml) {
        false => None,
        true => {
            let text = std::fs::read_to_string(&toml).map_err(|error| format!("recording.toml: {error}"))?;
            Some(text.parse().map_err(|error| format!("recording.toml: {error}"))?)
        }
    };
    let mut used: Vec<_> = [toml, folder.join("decoded.txt"), folder.join("result.json")].into();
    let mut exchanges = Vec::new();
    match &table {
        Some(table) => {
            let list = table.get("exchange").and_then(toml::Value::as_array).ok_or("recording.toml: no exchange")?;
            for (n, exchange) in list.iter().enumerate() {
                let text = |key: &str| exchange.get(key).and_then(toml::Value::as_str);
                let number = |key: &str| exchange.get(key).and_then(toml::Value::as_integer);
                let request = folder.join(text("request").ok_or("recording.toml: an exchange without request")?);
                let response = text("response").filter(|name| !name.is_empty()).map(|name| folder.join(name));
                exchanges.push(Exchange {
                    number: number("n").and_then(|n| n.try_into().ok()).unwrap_or(n + 1),
                    request: read(&request)?,
                    response: response.as_deref().map(read).transpose()?,
                    status: number("status").and_then(|n| n.try_into().ok()).unwrap_or(200),
                });
                used.push(request);
                used.extend(response);
            }
        }
        None => {
            for request in files.iter().filter(|file| is_request(file)) {
                let name = request.to_string_lossy();
                let response = PathBuf::from(name.replace(".request.xml", ".response.xml"));
                let response = files.contains(&response).then_some(response);
                let body = response.as_deref().map(read).transpose()?;
                exchanges.push(Exchange {
                    number: exchanges.len() + 1,
                    request: read(request)?,
                    status: if body.as_deref().is_some_and(is_fault) { 500 } else { 200 },
                    response: body,
                });
                used.push(request.clone());
                used.extend(response);
            }
        }
    }
    let result = std::fs::read(folder.join("result.json")).ok().and_then(|json| serde_json::from_slice(&json).ok());
    let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let entropy = table.as_ref().and_then(|table| table.get("entropy")?.as_integer()).and_then(|n| n.try_into().ok());
    Ok((Recording { name, exchanges, result, entropy }, used))
}

/// A request of a folder in the format of `pwsh-7.6`.
pub(crate) fn is_request(file: &Path) -> bool {
    file.to_string_lossy().ends_with(".request.xml")
}

fn is_fault(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("Fault>")
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Reads a file in pypsrp's format; `None`: it is YAML of another kind, or its
/// template.
pub(crate) fn from_yaml(file: &Path, text: &str) -> Result<Option<Recording>, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| format!("YAML: {error}"))?;
    let Some(messages) = documents.first().and_then(|document| document.as_mapping_get("messages")) else {
        return Ok(None);
    };
    let mut exchanges = Vec::new();
    for (n, message) in messages.as_vec().ok_or("messages is no list")?.iter().enumerate() {
        let text = |key: &str| message.as_mapping_get(key).and_then(Yaml::as_str);
        let error =
            message.as_mapping_get("transport_error").and_then(|error| error.as_mapping_get("code")?.as_integer());
        let Some(request) = text("request").filter(|request| request.contains("Envelope")) else { continue };
        exchanges.push(Exchange {
            number: n + 1,
            request: request.as_bytes().to_vec(),
            response: text("response").map(|response| response.as_bytes().to_vec()),
            status: error.and_then(|code| code.try_into().ok()).unwrap_or(200),
        });
    }
    if exchanges.is_empty() {
        return Ok(None);
    }
    let name = file.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Some(Recording { name, exchanges, result: None, entropy: None }))
}
