//! What a configuration needs of this computer: secrets and files.

use sha2::{Digest as _, Sha256};

use super::{Config, ConfigError, Host, Problem, Script};
use crate::host::look;

impl Config {
    /// Looks at everything that a connection would read here: variables, files
    /// and keys, as the connection reads them. Runs no command.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem that was found.
    pub async fn look(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        for host in self.hosts.values() {
            let at = |key: &str, said: String| Problem { place: format!("hosts.{}.{key}", host.id), line: None, said };
            // With a certificate the secret is its key, and stands under that name.
            let secret = if host.access.certificate.is_some() { "key" } else { "password" };
            problems.extend(password(host).await.map(|said| at(secret, said)));
            problems.extend(script(host).await.map(|said| at("script.push", said)));
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { file: None, problems }) }
    }
}

/// What is wrong with the password, or with the certificate's key.
async fn password(host: &Host) -> Option<String> {
    match (host.password.look().await, &host.access.certificate) {
        (Err(error), _) => Some(error.to_string()),
        // As the connection reads it, not as a file: a key of another certificate is found here and not at night.
        (Ok(Some(key)), Some(chain)) => look::key(chain, &key).err().map(|error| error.to_string()),
        _ => None,
    }
}

/// What is wrong with a script of this computer.
async fn script(host: &Host) -> Option<String> {
    let Script::Push { file, sha256, .. } = &host.script else { return None };
    match tokio::fs::read(file).await {
        Err(error) => Some(format!("the file {} cannot be read ({})", file.display(), error.kind())),
        Ok(bytes) if base16ct::lower::encode_string(&Sha256::digest(&bytes)) != *sha256 => {
            Some(format!("the file {} does not have the pinned SHA-256", file.display()))
        }
        Ok(_) => None,
    }
}
