//! `azure`: the demo's customers as Azure has them, for other clients.

use super::args::Azure;
use super::source::CommandError;
use super::{Exit, print, signal};
use crate::demo;
use crate::front::Loopback;

pub(super) async fn run(args: &Azure) -> Result<Exit, CommandError> {
    Loopback::try_from(args.listen).map_err(CommandError::Listen)?;
    let control = if args.control { demo::Control::On } else { demo::Control::Off };
    let pace = if args.slow { demo::Pace::AsInScenario } else { demo::Pace::AtOnce };
    let mut settings = demo::Settings { retry_after: args.retry_after, control, pace, ..demo::Settings::default() };
    if let Some(page) = args.page {
        settings.page = page.get();
    }
    let azure = demo::azure(args.listen, settings).await?;
    azure.write_authority(&args.ca_file)?;
    let told_to_end = signal::told_to_end();
    let url = azure.url();
    print::line(&format!("listening on {url}"));
    let file = std::path::absolute(&args.ca_file).unwrap_or_else(|_| args.ca_file.clone());
    let (file, identity) = (file.display(), azure.identity_endpoint(None));
    print::line(&format!("authority of its certificate: {file}"));
    print::line(&format!("tokens: {identity}"));
    print::line(&format!(
        "\n# Azure CLI and SDKs of Python, as the provider's managed identity (a customer's: {}):\n\
         export REQUESTS_CA_BUNDLE='{file}'\n\
         export IDENTITY_ENDPOINT={identity} IDENTITY_HEADER=any\n\
         az cloud register -n demo --endpoint-resource-manager {url}\n\
         az cloud set -n demo\n\
         az login --identity\n\
         # Clients that ask a VM's metadata service:\n\
         export AZURE_POD_IDENTITY_AUTHORITY_HOST={}\n\
         # Ctrl-C ends it.",
        azure.identity_endpoint(Some("nordhafen")),
        azure.metadata_host(None),
    ));
    told_to_end.await;
    print::line(&format!("{} requests", azure.seen().len()));
    Ok(Exit::Done)
}
