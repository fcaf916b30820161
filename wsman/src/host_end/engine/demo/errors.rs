//! Errors in PowerShell's words.

use crate::psrp::ErrorRecord;

// Error categories. Source: [MS-PSRP] §2.2.3.9.
const NOT_SPECIFIED: i32 = 0;
const INVALID_ARGUMENT: i32 = 5;
const NOT_IMPLEMENTED: i32 = 11;
const OBJECT_NOT_FOUND: i32 = 13;
const OPERATION_STOPPED: i32 = 14;

fn error(message: String, id: &str, category: i32, exception: &str) -> ErrorRecord {
    ErrorRecord { exception_type: exception.into(), ..ErrorRecord::new(message, id, category) }
}

/// As PowerShell ends a stopped pipeline (recording `stop-sleep`).
pub(super) fn stopped() -> ErrorRecord {
    let exception = "System.Management.Automation.PipelineStoppedException";
    error("The pipeline has been stopped.".into(), "PipelineStopped", OPERATION_STOPPED, exception)
}

/// Of a command that does not exist (recording `error-command-not-found`).
pub(super) fn command_not_found(name: &str) -> ErrorRecord {
    let message = format!(
        "The term '{name}' is not recognized as a name of a cmdlet, function, script file, or executable program.\n\
         Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    );
    let exception = "System.Management.Automation.CommandNotFoundException";
    error(message, "CommandNotFoundException", OBJECT_NOT_FOUND, exception)
}

/// Something of PowerShell that the Demo engine does not have.
pub(super) fn not_offered(what: &str) -> ErrorRecord {
    let message = format!("The demo host has no PowerShell: it does not offer {what}.");
    error(message, "DemoEngine.NotOffered", NOT_IMPLEMENTED, "System.NotImplementedException")
}

/// What the client sent cannot be read; a real engine would say nothing.
pub(super) fn unreadable(why: &str) -> ErrorRecord {
    let message = format!("The demo host cannot run the pipeline: {why}.");
    error(message, "DemoEngine.Unreadable", INVALID_ARGUMENT, "System.ArgumentException")
}

/// The client's host refused a question (recording `host-answers-exception`).
pub(super) fn refused(message: String, id: &str) -> ErrorRecord {
    error(message, id, NOT_SPECIFIED, "System.Management.Automation.RemoteException")
}

/// A question, and nobody to ask (recording `host-calls-without-host`).
pub(super) fn no_host() -> ErrorRecord {
    let message = "A command that prompts the user failed because the host program or the command type does not \
                   support user interaction. The host was attempting to request confirmation with the following \
                   message: ";
    let id = "HostFunctionNotImplemented,Microsoft.PowerShell.Commands.ReadHostCommand";
    error(message.into(), id, NOT_IMPLEMENTED, "System.Management.Automation.Host.HostException")
}

fn binding(message: String, id: &str, class: &str) -> ErrorRecord {
    let id = format!("{id},Microsoft.PowerShell.Commands.{class}");
    error(message, &id, INVALID_ARGUMENT, "System.Management.Automation.ParameterBindingException")
}

pub(super) fn no_such_parameter(name: &str, class: &str) -> ErrorRecord {
    let message = format!("A parameter cannot be found that matches parameter name '{name}'.");
    binding(message, "NamedParameterNotFound", class)
}

pub(super) fn no_such_position(argument: &str, class: &str) -> ErrorRecord {
    let message = format!("A positional parameter cannot be found that accepts argument '{argument}'.");
    binding(message, "PositionalParameterNotFound", class)
}

pub(super) fn missing(parameter: &str, class: &str) -> ErrorRecord {
    let message = format!("Cannot process command because of one or more missing mandatory parameters: {parameter}.");
    binding(message, "MissingMandatoryParameter", class)
}

pub(super) fn cannot_convert(parameter: &str, class: &str) -> ErrorRecord {
    let message = format!("Cannot bind parameter '{parameter}'. The value is not of its type or out of its range.");
    binding(message, "CannotConvertArgumentNoMessage", class)
}
