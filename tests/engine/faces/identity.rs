//! By what our own script signs in, through the server's configuration; and
//! where its secrets are not.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sentinel_jump::demo::{Place, Seen, Settings};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wsman::client::{Options, RunspacePool};
use wsman::clixml::Value;
use wsman::psrp::Command as HostCommand;
use wsman::session::End;

use super::{Face, now};
use crate::engine::credentials;
use crate::outside::trials;

trials! { TRIALS:
    multi_thread {
        a_client_secret_is_nowhere_but_in_its_request;
        a_certificate_signs_for_its_principal;
        no_token_of_another_tenant_is_used;
        no_file_but_a_key_of_the_agent_is_read;
    }
}

const SECRET: &str = "planted-client-secret-5d1c~Q";
const CLIENT: &str = "000000a9-0d3a-4000-8000-000000000001";

/// Azure tenants of two customers.
fn tenant_id(alias: &str) -> String {
    sentinel_jump::demo::World::new(now()).tenant(alias).expect("a tenant of the demo").tenant_id.clone()
}

/// A configuration of our own script on that host.
fn toml(face: &Face, state: &str, azure_tenant: &str, identity: &str) -> String {
    let Place { subscription, resource_group, name, .. } = face.place("nordhafen-prod");
    let azure = face.azure.as_ref().expect("an Azure").url();
    let mut toml = format!("state_dir = '{state}'\n[hosts.jump]\nurl = \"{}\"\n", face.host.url());
    let _ = write!(
        toml,
        "username = \"{}\"\npassword = {{ env = \"TEST_PASSWORD\" }}\n[hosts.jump.script]\nbundled = true\n\
         [hosts.jump.identity]\nresource_manager = \"{azure}\"\nlogin = \"{azure}\"\n{identity}\n\
         [tenants.nordhafen]\nhost = \"jump\"\nazure_tenant = \"{azure_tenant}\"\n\
         [tenants.nordhafen.workspaces.prod]\nsubscription = \"{subscription}\"\n\
         resource_group = \"{resource_group}\"\nname = \"{name}\"\n",
        credentials().username,
    );
    toml
}

struct Said {
    answer: Json,
    /// Everything that a person could read: both streams, at the finest log.
    all: String,
}

/// `sentinel-jump call sentinel_rule_list`.
async fn rules(toml: &str, folder: &std::path::Path) -> Said {
    let config = folder.join("config.toml");
    std::fs::write(&config, toml).expect("the configuration is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command
        .args(["call", "sentinel_rule_list", "--tenant", "nordhafen", "--workspace", "prod"])
        .args(["--all", "--config"])
        .arg(&config)
        .env("TEST_PASSWORD", credentials().password.expose())
        .env("TEST_CLIENT_SECRET", SECRET)
        .env("SENTINEL_JUMP_LOG", "trace")
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran").expect("it started");
    let (out, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(Json::Null);
    Said { answer, all: format!("{out}\n{log}") }
}

/// The form of each sign-in.
fn forms(seen: &[Seen]) -> Vec<Vec<(String, String)>> {
    let sign_ins = seen.iter().filter(|request| request.path.ends_with("/oauth2/v2.0/token"));
    sign_ins.map(|request| form_urlencoded::parse(&request.body).into_owned().collect()).collect()
}

fn field<'f>(form: &'f [(String, String)], name: &str) -> Option<&'f str> {
    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Every command line of this computer, and every small file of a folder.
fn visible(folder: &std::path::Path) -> String {
    let mut all = String::new();
    for process in std::fs::read_dir("/proc").expect("processes").flatten() {
        all += &String::from_utf8_lossy(&std::fs::read(process.path().join("cmdline")).unwrap_or_default());
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.file_type().expect("a type").is_dir() {
                true => folders.push(entry.path()),
                false => all += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap_or_default()),
            }
        }
    }
    all
}

async fn a_client_secret_is_nowhere_but_in_its_request() {
    let face = Face::real("nordhafen", now(), Settings::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let identity =
        format!("kind = \"secret\"\nclient_id = \"{CLIENT}\"\nclient_secret = {{ env = \"TEST_CLIENT_SECRET\" }}");
    let toml_of = |azure_tenant: &str| toml(&face, &state.display().to_string(), azure_tenant, &identity);
    let good = rules(&toml_of(&tenant_id("nordhafen")), folder.path()).await;
    assert!(good.all.contains("Password spray against Entra ID"), "{}", good.all);
    let seen = face.azure.as_ref().expect("an Azure").seen();
    let forms = forms(&seen);
    assert_eq!(forms.len(), 1, "one sign-in for the session");
    assert_eq!(field(&forms[0], "client_secret"), Some(SECRET));
    assert_eq!(field(&forms[0], "client_id"), Some(CLIENT));
    // A tenant that is nobody's: the refusal is Azure's own sentence.
    let bad = rules(&toml_of("000000a9-0d3a-4000-8000-00000000ffff"), folder.path()).await;
    assert!(bad.all.contains("AADSTS90002"), "{} {}", bad.answer, bad.all);
    let everywhere = format!("{}\n{}\n{}", good.all, bad.all, visible(folder.path()));
    let encoded = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect::<String>();
    for planted in [SECRET, encoded.as_str(), "eyJ", "Bearer "] {
        assert!(!everywhere.contains(planted), "{planted} is to be seen");
    }
}

/// Makes a certificate in the account's own store; its thumbprint comes back.
const MAKE: &str = "
$key = [System.Security.Cryptography.RSA]::Create(2048)
$request = New-Object System.Security.Cryptography.X509Certificates.CertificateRequest -ArgumentList 'CN=sentinel', $key, ([System.Security.Cryptography.HashAlgorithmName]::SHA256), ([System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
$made = $request.CreateSelfSigned([System.DateTimeOffset]::UtcNow.AddDays(-1), [System.DateTimeOffset]::UtcNow.AddDays(1))
$bytes = $made.Export([System.Security.Cryptography.X509Certificates.X509ContentType]::Pfx)
$kept = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList $bytes, '', ([System.Security.Cryptography.X509Certificates.X509KeyStorageFlags]'PersistKeySet, Exportable')
$store = New-Object System.Security.Cryptography.X509Certificates.X509Store -ArgumentList 'My', 'CurrentUser'
$store.Open('ReadWrite'); $store.Add($kept); $store.Close()
$kept.Thumbprint";

/// Whether a JWT is signed by that certificate, with PSS.
const VERIFY: &str = "
param([string]$Token, [string]$Thumbprint)
$store = New-Object System.Security.Cryptography.X509Certificates.X509Store -ArgumentList 'My', 'CurrentUser'
$store.Open('ReadOnly')
$certificate = $store.Certificates | Where-Object { $_.Thumbprint -eq $Thumbprint }
$parts = $Token.Split('.')
$text = $parts[2].Replace('-', '+').Replace('_', '/'); while ($text.Length % 4) { $text += '=' }
$key = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPublicKey($certificate)
$key.VerifyData([System.Text.Encoding]::ASCII.GetBytes($parts[0] + '.' + $parts[1]), [System.Convert]::FromBase64String($text), [System.Security.Cryptography.HashAlgorithmName]::SHA256, [System.Security.Cryptography.RSASignaturePadding]::Pss)";

async fn a_certificate_signs_for_its_principal() {
    let face = Face::real("nordhafen", now(), Settings::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let pool =
        RunspacePool::open(Options::new(&face.host.url(), credentials()).expect("an address")).await.expect("a pool");
    let made = pool.invoke(HostCommand::script(MAKE)).await.expect("the command runs");
    assert!(matches!(made.end, End::Completed), "{:?}", made.end);
    let thumbprint = made.objects.last().and_then(Value::as_str).expect("a thumbprint").to_owned();
    let identity = format!(
        "kind = \"certificate\"\nclient_id = \"{CLIENT}\"\ncertificate = \"{thumbprint}\"\ncertificate_store = \"CurrentUser\""
    );
    let state = folder.path().join("state").display().to_string();
    let said = rules(&toml(&face, &state, &tenant_id("nordhafen"), &identity), folder.path()).await;
    assert!(said.all.contains("Password spray against Entra ID"), "{}", said.all);
    let azure = face.azure.as_ref().expect("an Azure");
    let forms = forms(&azure.seen());
    let assertion = field(&forms[0], "client_assertion").expect("an assertion").to_owned();
    let part = |n: usize| -> Json {
        let text = assertion.split('.').nth(n).expect("a part");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64")).expect("JSON")
    };
    let (head, claims) = (part(0), part(1));
    assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some("PS256"), Some("JWT")));
    assert!(head["x5t#S256"].is_string());
    assert_eq!(claims["aud"], format!("{}/{}/oauth2/v2.0/token", azure.url(), tenant_id("nordhafen")));
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some(CLIENT), Some(CLIENT)));
    assert_eq!(claims["exp"].as_i64().zip(claims["nbf"].as_i64()).map(|(end, start)| end - start), Some(300));
    let verify =
        HostCommand::script(VERIFY).argument("Token", assertion.as_str()).argument("Thumbprint", thumbprint.as_str());
    let verified = pool.invoke(verify).await.expect("the command runs");
    assert_eq!(verified.objects.last(), Some(&Value::Bool(true)), "{:?}", verified.end);
    pool.close().await;
}

async fn no_token_of_another_tenant_is_used() {
    let face = Face::real("nordhafen", now(), Settings::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let endpoint = face.azure.as_ref().expect("an Azure").metadata_host(Some("nordhafen"));
    let identity = format!("kind = \"managed\"\nendpoint = \"{endpoint}\"");
    let state = folder.path().join("state").display().to_string();
    let said = rules(&toml(&face, &state, &tenant_id("alpenmed"), &identity), folder.path()).await;
    assert!(said.all.contains("is of tenant"), "{}", said.all);
    assert!(!said.all.contains("Password spray"), "{}", said.all);
    let seen = face.azure.as_ref().expect("an Azure").seen();
    assert!(seen.iter().all(|request| request.path.contains("/metadata/")), "nothing but a token was asked for");
}

/// An agent of Azure Arc that names a file of somebody else's.
async fn no_file_but_a_key_of_the_agent_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
    let address = listener.local_addr().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let bait = folder.path().join("bait.key");
    std::fs::write(&bait, "planted-key-0f3e").expect("the bait is written");
    let heard = Arc::new(std::sync::Mutex::new(String::new()));
    let (note, path) = (Arc::clone(&heard), bait.display().to_string());
    let agent = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or_default();
            note.lock().expect("no panic").push_str(&String::from_utf8_lossy(&request[..read]));
            let answer = format!(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm={path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let url = format!("http://{address}/metadata/identity/oauth2/token");
    let arc = [("IDENTITY_ENDPOINT", url.as_str()), ("IMDS_ENDPOINT", url.as_str())];
    let face = Face::real_with("nordhafen", now(), Settings::default(), &arc).await;
    let state = folder.path().join("state").display().to_string();
    let said = rules(&toml(&face, &state, &tenant_id("nordhafen"), "kind = \"arc\""), folder.path()).await;
    assert!(said.all.contains("names a file that is not one of its keys; it was not read"), "{}", said.all);
    let heard = heard.lock().expect("no panic").clone();
    assert!(heard.contains("GET /metadata/identity/oauth2/token?api-version=2020-06-01"), "{heard}");
    assert!(!heard.contains("planted-key") && !heard.contains("Authorization"), "{heard}");
    agent.abort();
}
