//! The client against a real PowerShell behind our host end.
//!
//! The numbered facts are those of the field notes on what a real engine does
//! on the wire; each test ends with an answer or an error in time.

use std::sync::Arc;
use std::time::Duration;

use wsman::client::{Options, Output, PoolEvent, PoolHost, RunOptions, RunspacePool};
use wsman::clixml::{SecureString, Text, Value};
use wsman::host_end::engine::ProcessOptions;
use wsman::host_end::{EngineKind, HostOptions, Listener};
use wsman::psrp::{
    Command, GetCommandMetadata, HostMethod, HostResponse, Merge, PipelineFlags, ProtocolVersion, Question,
};
use wsman::session::{End, PipelineEvent, StopCause};
use wsman::{Error, ErrorKind, Retry};

use crate::host_end::{credentials, listen};
use crate::outside::powershell::powershell;
use crate::outside::trials;

trials! { TRIALS:
    current_thread {
        fact_1_what_cannot_be_read_ends_at_the_first_message_deadline(real);
        fact_2_null_is_never_sent_as_input_and_the_rest_arrives(real);
        fact_3_null_is_an_object_and_nothing_is_none(real);
        fact_4_forbidden_and_lone_characters_survive_both_ways(real);
        fact_5_a_failing_statement_ends_the_pipeline(real);
        fact_6_errors_that_do_not_end_are_told_beside_completed(real);
        fact_7_exit_is_completed_and_told_by_a_host_call(real);
        fact_8_a_secure_string_out_is_read_with_a_key_asked_for_afterwards(real);
        fact_9_a_foreign_secure_string_is_refused_here_and_the_pool_lives(real);
        secrets_travel_both_ways_in_every_version(host);
        a_host_of_2_1_that_asks_for_the_key_gets_it(host);
        questions_for_secrets_are_answered_in_the_middle_of_a_call(real);
        fact_10_a_version_that_does_not_exist_ends_in_an_error(host);
        versions_2_1_and_2_2_and_2_4_open_too(host);
        every_stream_comes_in_order_and_typed(real);
        a_stop_ends_a_sleep_and_the_pool_lives_on(real);
        a_dropped_pipeline_is_stopped_on_the_host(real);
        a_deadline_stops_the_host(real);
        a_question_is_refused_by_default_and_answered_by_policy(real);
        large_things_travel_both_ways(real);
        nothing_in_a_value_is_run(real);
        a_process_that_dies_ends_the_call_as_unknown(real);
        pipelines_of_one_pool_share_it_and_arguments_reach_the_session(host);
        pipelines_of_several_commands_statements_and_merged_streams(real);
        the_runspaces_of_a_pool_are_asked_changed_and_reset(host);
        events_and_host_calls_outside_of_pipelines_arrive_on_the_parked_receive(host);
        commands_say_their_parameters(real);
        input_goes_at_the_hosts_pace_and_together(real);
        a_nested_pipeline_runs_when_the_outer_has_its_answer(real);
        a_slow_consumer_gets_everything(real);
        a_real_pipeline_is_left_and_collected_by_another_client(host);
        retransmission_is_proven_by_a_counting_script(real);
        what_the_host_cannot_nest_is_refused_here_and_what_it_cuts_off_is_said(real);
    }
}

/// A host with a real PowerShell, and an open pool on it.
struct Real {
    pool: RunspacePool,
    _host: Listener,
}

async fn host() -> Listener {
    let env = vec![("DOTNET_EnableDiagnostics".into(), "0".into())];
    let process = ProcessOptions { argv: powershell(), env };
    listen(HostOptions::new(vec![credentials()], EngineKind::Process(process))).await
}

async fn real() -> Real {
    let host = host().await;
    let pool = RunspacePool::open(options(&host)).await.expect("the pool opens");
    Real { pool, _host: host }
}

fn options(host: &Listener) -> Options {
    Options::new(&host.url(), credentials()).expect("the address is good")
}

async fn script(pool: &RunspacePool, text: &str) -> Output {
    pool.invoke(Command::script(text)).await.expect("the pipeline ends")
}

async fn with_timeouts(pool: &RunspacePool, command: Command, first: u64, all: u64) -> Result<Output, Error> {
    let options = RunOptions {
        first_message_timeout: Duration::from_secs(first),
        timeout: Duration::from_secs(all),
        ..RunOptions::default()
    };
    pool.run(vec![command], options).await?.collect().await
}

fn texts(output: &Output) -> Vec<String> {
    output.objects.iter().map(|object| object.as_str().unwrap_or("(no text)").to_owned()).collect()
}

async fn fact_1_what_cannot_be_read_ends_at_the_first_message_deadline(real: Real) {
    // Valid for us, but .NET's Uri refuses it: the engine says nothing, ever.
    let unreadable = Command::new("Write-Output").argument("InputObject", Value::Uri("http://".into()));
    let output = with_timeouts(&real.pool, unreadable, 2, 60).await;
    match output {
        Ok(output) => assert!(matches!(output.end, End::Stopped(StopCause::Silence)), "{:?}", output.end),
        Err(error) => assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::TimedOut, true)),
    }
    // The pool lives.
    assert_eq!(texts(&script(&real.pool, "'alive'").await), ["alive"]);
}

async fn fact_2_null_is_never_sent_as_input_and_the_rest_arrives(real: Real) {
    let options = RunOptions { with_input: true, ..RunOptions::default() };
    let pipeline = real.pool.run(vec![Command::script("process { \"<$_>\" } end { 'end' }")], options).await.unwrap();
    pipeline.send_input(Value::from("a")).await.unwrap();
    assert_eq!(pipeline.send_input(Value::Nil).await.unwrap_err().kind(), ErrorKind::Misuse);
    pipeline.send_input(Value::from("b")).await.unwrap();
    pipeline.end_input().await.unwrap();
    let output = pipeline.collect().await.unwrap();
    assert_eq!(texts(&output), ["<a>", "<b>", "end"]);
}

async fn fact_3_null_is_an_object_and_nothing_is_none(real: Real) {
    assert_eq!(script(&real.pool, "$null").await.objects, [Value::Nil]);
    assert!(script(&real.pool, "@()").await.objects.is_empty());
    let empty = script(&real.pool, ",@()").await;
    assert_eq!(empty.objects[0].items(), Some(&[][..]));
}

async fn fact_4_forbidden_and_lone_characters_survive_both_ways(real: Real) {
    let output =
        script(&real.pool, "\"$([char]0xFFFE)$([char]0xFFFF)$([char]1)\"; [char]0xD83D; \"a$([char]0xD83D)b\"").await;
    assert_eq!(
        output.objects,
        [
            Value::from("\u{FFFE}\u{FFFF}\u{1}"),
            Value::Char(0xD83D),
            Value::String(Text::from_utf16(&[0x61, 0xD83D, 0x62])),
        ]
    );
    for text in [Text::from_utf16(&[0xD83D]), Text::from("🚀 _x000A_ _x_ \u{7f}\u{85}\u{2028}\u{feff}")] {
        let sent = Value::String(text);
        let output =
            real.pool.invoke(Command::new("Write-Output").argument("InputObject", sent.clone())).await.unwrap();
        assert_eq!(output.objects, [sent]);
    }
}

async fn fact_5_a_failing_statement_ends_the_pipeline(real: Real) {
    for (text, id) in [
        ("'before'; Get-NoSuch; 'after'", "CommandNotFoundException"),
        ("'before'; [int]'abc'; 'after'", "InvalidCastFromStringToInteger"),
        ("'before'; 1/0; 'after'", "RuntimeException"),
    ] {
        let output = script(&real.pool, text).await;
        let End::Failed(error) = &output.end else { panic!("{text}: {:?}", output.end) };
        assert_eq!(error.id, id);
        assert_eq!(texts(&output), ["before"]);
        assert!(output.errors.is_empty(), "the error is in the state only");
    }
}

async fn fact_6_errors_that_do_not_end_are_told_beside_completed(real: Real) {
    let output = script(&real.pool, "Write-Error 'one' -ErrorId 'My'; 'after'").await;
    assert!(matches!(output.end, End::Completed));
    assert_eq!(output.errors.len(), 1);
    assert!(output.errors[0].id.starts_with("My"), "{}", output.errors[0].id);
    assert_eq!(texts(&output), ["after"]);
}

async fn fact_7_exit_is_completed_and_told_by_a_host_call(real: Real) {
    let output = script(&real.pool, "'before'; exit 3").await;
    assert!(matches!(output.end, End::Completed));
    let exit = output.host_calls.iter().find(|call| call.method == HostMethod::SetShouldExit).expect("SetShouldExit");
    assert_eq!(exit.parameters, [Value::I32(3)]);
    assert_eq!(texts(&script(&real.pool, "'alive'").await), ["alive"]);
}

async fn fact_8_a_secure_string_out_is_read_with_a_key_asked_for_afterwards(real: Real) {
    let output = script(&real.pool, "ConvertTo-SecureString 'p@ss✓' -AsPlainText -Force; 'after'").await;
    let secret = output.objects[0].as_secure_string().expect("a SecureString");
    assert_eq!(output.objects[1], Value::from("after"));
    assert_eq!(real.pool.reveal(secret).await.unwrap().expose(), "p@ss✓");
}

async fn fact_9_a_foreign_secure_string_is_refused_here_and_the_pool_lives(real: Real) {
    let secret = Value::SecureString(SecureString::sealed(vec![0; 16]));
    let error = real.pool.invoke(Command::new("Write-Output").argument("InputObject", secret)).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Misuse, false));
    assert_eq!(texts(&script(&real.pool, "'alive'").await), ["alive"]);
}

fn secret(text: &str) -> SecureString {
    SecureString::new(text.to_owned().into())
}

const PLAIN: &str =
    "[Runtime.InteropServices.Marshal]::PtrToStringBSTR([Runtime.InteropServices.Marshal]::SecureStringToBSTR($s))";

async fn secrets_travel_both_ways_in_every_version(host: Listener) {
    for version in [ProtocolVersion::V2_1, ProtocolVersion::V2_2, ProtocolVersion::V2_3, ProtocolVersion::V2_4] {
        let mut options = options(&host);
        options.session.protocol = version;
        let pool = RunspacePool::open(options).await.unwrap();
        let command = Command::script(format!("param($c) $s = $c.Password; {PLAIN}; $c.UserName; $c"))
            .argument("c", Value::credential("LAB\\anna", secret("p@ss✓")));
        let output = with_timeouts(&pool, command, 30, 30).await.unwrap();
        assert_eq!(output.objects[..2], [Value::from("p@ss✓"), Value::from("LAB\\anna")], "{version}");
        let (user, password) = output.objects[2].as_credential().expect("a credential");
        assert_eq!(user, "LAB\\anna");
        assert_eq!(pool.reveal(password).await.unwrap().expose(), "p@ss✓");
        // Back again as it came, and as input.
        let options = RunOptions { with_input: true, ..RunOptions::default() };
        let echo = format!("process {{ $s = $_; {PLAIN} }}");
        let pipeline = pool.run(vec![Command::script(echo)], options).await.unwrap();
        pipeline.send_input(Value::SecureString(password.clone())).await.unwrap();
        pipeline.send_input(Value::SecureString(secret("two"))).await.unwrap();
        pipeline.end_input().await.unwrap();
        assert_eq!(texts(&pipeline.collect().await.unwrap()), ["p@ss✓", "two"]);
        pool.close().await;
    }
}

async fn a_host_of_2_1_that_asks_for_the_key_gets_it(host: Listener) {
    let mut options = options(&host);
    options.session.protocol = ProtocolVersion::V2_1;
    let pool = RunspacePool::open(options).await.unwrap();
    let command = Command::script("'before'; ConvertTo-SecureString 'p' -AsPlainText -Force; 'after'");
    let output = with_timeouts(&pool, command, 30, 30).await.unwrap();
    assert!(matches!(output.end, End::Completed), "{:?}", output.end);
    assert_eq!(pool.reveal(output.objects[1].as_secure_string().unwrap()).await.unwrap().expose(), "p");
}

async fn questions_for_secrets_are_answered_in_the_middle_of_a_call(real: Real) {
    let options = RunOptions {
        host: Box::new(|call| match call.method {
            HostMethod::Prompt => HostResponse::fields([("Kennwort", Value::from(secret("geheim✓")))]),
            HostMethod::PromptForCredential2 => HostResponse::Value(Value::credential("LAB\\carol", secret("c"))),
            _ => HostResponse::Value(Value::Nil),
        }),
        ..RunOptions::default()
    };
    let text = format!(
        "$s = Read-Host 'Kennwort' -AsSecureString; {PLAIN}; $c = Get-Credential carol; $s = $c.Password; {PLAIN}; $c.UserName"
    );
    let output = real.pool.run(vec![Command::script(text)], options).await.unwrap().collect().await.unwrap();
    assert_eq!(texts(&output), ["geheim✓", "c", "LAB\\carol"]);
}

async fn fact_10_a_version_that_does_not_exist_ends_in_an_error(host: Listener) {
    let mut options = options(&host);
    options.session.protocol = ProtocolVersion(3, 0);
    // Our host end keeps SESSION_CAPABILITY for company until the end of the
    // Receive's hold.
    options.session.operation_timeout = Duration::from_secs(2);
    let error = RunspacePool::open(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
    host.shutdown().await;
}

async fn versions_2_1_and_2_2_and_2_4_open_too(host: Listener) {
    for version in [ProtocolVersion::V2_1, ProtocolVersion::V2_2, ProtocolVersion::V2_4] {
        let mut options = options(&host);
        options.session.protocol = version;
        let pool = RunspacePool::open(options).await.unwrap();
        assert_eq!(pool.opened().protocol, version);
        assert_eq!(texts(&script(&pool, "'x'").await), ["x"]);
        pool.close().await;
    }
}

async fn every_stream_comes_in_order_and_typed(real: Real) {
    let output = script(
        &real.pool,
        "$VerbosePreference = $DebugPreference = 'Continue'
         Write-Output 1; Write-Warning 'w'; Write-Verbose 'v'; Write-Debug 'd'; Write-Host 'h'
         Write-Information 'i' -InformationAction Continue
         Write-Progress -Activity 'A' -Status 'S' -PercentComplete 50; Write-Output ([pscustomobject]@{ a = @{ b = 1.5 } })",
    )
    .await;
    assert!(matches!(output.end, End::Completed));
    assert_eq!(output.objects[0], Value::I32(1));
    assert_eq!(output.objects[1].get("a").unwrap().get("b"), Some(&Value::F64(1.5)));
    assert_eq!((output.warnings, output.verbose, output.debug), (vec!["w".into()], vec!["v".into()], vec!["d".into()]));
    assert_eq!(output.information.iter().map(|i| i.text()).collect::<Vec<_>>(), ["h", "i"]);
    assert_eq!((output.progress[0].activity.as_str(), output.progress[0].percent), ("A", Some(50)));
}

async fn a_stop_ends_a_sleep_and_the_pool_lives_on(real: Real) {
    let text = "try { 'started'; Start-Sleep 600 } finally { 'finally' }";
    let mut pipeline = real.pool.run(vec![Command::script(text)], RunOptions::default()).await.unwrap();
    let first = pipeline.next().await;
    assert!(matches!(first, Some(PipelineEvent::Output(ref value)) if *value == Value::from("started")), "{first:?}");
    pipeline.stop();
    let output = pipeline.collect().await.unwrap();
    assert!(matches!(output.end, End::Stopped(StopCause::Caller)), "{:?}", output.end);
    assert_eq!(texts(&output), ["finally"]);
    assert_eq!(texts(&script(&real.pool, "'alive'").await), ["alive"]);
}

async fn a_dropped_pipeline_is_stopped_on_the_host(real: Real) {
    let sleeping = real.pool.run(vec![Command::script("Start-Sleep 600")], RunOptions::default()).await.unwrap();
    drop(sleeping);
    // The pool has one runspace: this runs only when the other was stopped.
    assert_eq!(texts(&script(&real.pool, "'alive'").await), ["alive"]);
}

async fn a_deadline_stops_the_host(real: Real) {
    let output = with_timeouts(&real.pool, Command::script("Start-Sleep 600"), 600, 1).await.unwrap();
    assert!(matches!(output.end, End::Stopped(StopCause::Timeout)), "{:?}", output.end);
}

async fn a_question_is_refused_by_default_and_answered_by_policy(real: Real) {
    let output = script(&real.pool, "Read-Host 'Frage'; 'after'").await;
    let End::Failed(error) = &output.end else { panic!("{:?}", output.end) };
    assert_eq!(error.id, "Wsman.Refused");
    assert_eq!(output.host_calls[0].single_string_field().as_deref(), Some("Frage"));
    let options = RunOptions {
        host: Box::new(|call| {
            let field = call.single_string_field().unwrap_or_default();
            HostResponse::fields([(field, Value::from("Ä✓"))])
        }),
        ..RunOptions::default()
    };
    let output = real.pool.run(vec![Command::script("Read-Host 'Frage'")], options).await.unwrap();
    assert_eq!(texts(&output.collect().await.unwrap()), ["Ä✓"]);
}

async fn large_things_travel_both_ways(real: Real) {
    let output = script(&real.pool, "'x' * 3000000").await;
    assert_eq!(output.objects[0].as_str().map(str::len), Some(3_000_000));
    let output = script(&real.pool, "1..5000 | ForEach-Object { [pscustomobject]@{ n = $_ } }").await;
    assert_eq!(output.objects.len(), 5000);
    assert_eq!(output.objects[4999].get("n"), Some(&Value::I32(5000)));
    let sent = "ü".repeat(600_000);
    let command = Command::script("param($text) $text.Length; $text.Substring(599999)").argument("text", sent.as_str());
    let output = real.pool.invoke(command).await.unwrap();
    assert_eq!(output.objects, [Value::I32(600_000), Value::from("ü")]);
}

async fn nothing_in_a_value_is_run(real: Real) {
    for text in ["'; Remove-Item x; $(1+1)", "`n\n\r\"\\", "$(Write-Host x)", "_x000A_", "<a>&amp;]]>", "", "'", "{0}"]
    {
        let output = real.pool.invoke(Command::new("Write-Output").argument("InputObject", text)).await.unwrap();
        assert_eq!(output.objects, [Value::from(text)]);
        assert!(output.information.is_empty());
    }
}

async fn a_process_that_dies_ends_the_call_as_unknown(real: Real) {
    let error = real.pool.invoke(Command::script("[Environment]::Exit(1)")).await.unwrap_err();
    assert!(error.may_have_run(), "{error:?}");
    let error = real.pool.invoke(Command::script("1")).await.unwrap_err();
    assert!(!error.may_have_run(), "{error:?}");
}

async fn pipelines_of_one_pool_share_it_and_arguments_reach_the_session(host: Listener) {
    let mut options = options(&host);
    options.session.application_arguments = Value::hashtable([("tenant", Value::from("nordhafen"))]);
    let pool = Arc::new(RunspacePool::open(options).await.unwrap());
    assert_eq!(
        pool.opened().private_data.as_ref().and_then(|data| data.ps_version()).map(|v| v.starts_with('7')),
        Some(true)
    );
    script(&pool, "$x = 5").await;
    let output = script(&pool, "$x; $PSSenderInfo.ApplicationArguments.tenant").await;
    assert_eq!(output.objects, [Value::I32(5), Value::from("nordhafen")]);
}

async fn pipelines_of_several_commands_statements_and_merged_streams(real: Real) {
    let piped = vec![
        Command::new("Write-Output").argument("InputObject", Value::list(vec![3.into(), 1.into(), 2.into()])),
        Command::new("Sort-Object"),
        Command::new("Select-Object").argument("First", 2),
    ];
    let output = real.pool.run(piped, RunOptions::default()).await.unwrap().collect().await.unwrap();
    assert_eq!(output.objects, [Value::I32(1), Value::I32(2)]);
    // Two statements: the second runs after the error of the first.
    let statements = vec![
        Command::new("Write-Output").positional("one").end_of_statement(),
        Command::new("Get-Item").positional("/no/such").end_of_statement(),
        Command::new("Write-Output").positional("two"),
    ];
    let output = real.pool.run(statements, RunOptions::default()).await.unwrap().collect().await.unwrap();
    assert_eq!((texts(&output), output.errors.len()), (vec!["one".to_owned(), "two".into()], 1));
    let merged = Command::script("Write-Error 'e'; Write-Warning 'w'; Write-Host 'h'; 'o'").merged(Merge::ALL);
    let output = real.pool.invoke(merged).await.unwrap();
    assert_eq!(output.objects.len(), 4, "{output:?}");
    assert!(output.errors.is_empty() && output.warnings.is_empty() && output.information.is_empty());
}

async fn the_runspaces_of_a_pool_are_asked_changed_and_reset(host: Listener) {
    for parked in [true, false] {
        let mut options = options(&host);
        options.session.max_runspaces = 3;
        options.session.parked_receive = parked;
        let pool = RunspacePool::open(options).await.unwrap();
        assert_eq!(pool.available_runspaces().await.unwrap(), 3);
        assert!(pool.set_max_runspaces(5).await.unwrap());
        assert!(pool.set_min_runspaces(2).await.unwrap());
        assert!(!pool.set_max_runspaces(1).await.unwrap(), "fewer than at least");
        assert_eq!(pool.available_runspaces().await.unwrap(), 5);
        pool.close().await;
        let pool = RunspacePool::open(self::options(&host)).await.unwrap();
        script(&pool, "$global:x = 1; function f { 'f' }").await;
        assert!(pool.reset_runspace_state().await.unwrap());
        assert_eq!(texts(&script(&pool, "\"[$x][$(f)]\"").await), ["[][f]"]);
        pool.close().await;
    }
}

async fn events_and_host_calls_outside_of_pipelines_arrive_on_the_parked_receive(host: Listener) {
    let mut options = options(&host);
    options.pool_host = PoolHost(Box::new(|call| match call.question_of() {
        Ok(Question::ReadLine) => HostResponse::text("from the pool"),
        _ => HostResponse::Value(Value::Nil),
    }));
    let pool = RunspacePool::open(options).await.unwrap();
    let mut events = pool.events().expect("the first time");
    assert!(pool.events().is_none());
    script(
        &pool,
        "$null = Register-EngineEvent -SourceIdentifier Lab.Event -Forward
         $null = New-Event -SourceIdentifier Lab.Event -Sender me -EventArguments 1, 'two' -MessageData @{ a = 1 }",
    )
    .await;
    let Some(PoolEvent::User(event)) = events.next().await else { panic!("an event") };
    assert_eq!((event.source.as_str(), event.arguments.len()), ("Lab.Event", 2));
    assert_eq!(event.data.get("a"), Some(&Value::I32(1)));
    script(
        &pool,
        "$t = New-Object Timers.Timer 50; $t.AutoReset = $false
         $null = Register-ObjectEvent $t Elapsed -Action { $global:said = $Host.UI.ReadLine() }; $t.Start()",
    )
    .await;
    loop {
        let Some(PoolEvent::HostCall(call)) = events.next().await else { panic!("a host call") };
        if call.method == HostMethod::ReadLine {
            break;
        }
    }
    let output = script(&pool, "while (-not $global:said) { Start-Sleep -Milliseconds 20 }; $global:said").await;
    assert_eq!(texts(&output), ["from the pool"]);
    pool.close().await;
    assert!(events.next().await.is_none());
}

async fn commands_say_their_parameters(real: Real) {
    let found = real.pool.command_metadata(GetCommandMetadata::new(["Get-Date", "Out-Null"])).await.unwrap();
    assert_eq!(found.iter().map(|command| command.name.as_str()).collect::<Vec<_>>(), ["Get-Date", "Out-Null"]);
    assert!(found[0].parameters.iter().any(|(name, _)| name == "Format"));
    assert!(real.pool.command_metadata(GetCommandMetadata::new(["No-Such*"])).await.unwrap().is_empty());
}

async fn input_goes_at_the_hosts_pace_and_together(real: Real) {
    let options = RunOptions { with_input: true, ..RunOptions::default() };
    let sum = Command::script("begin { $n = 0; $s = 0 } process { $n++; $s += $_.Length } end { \"$n $s\" }");
    let pipeline = real.pool.run(vec![sum], options).await.unwrap();
    for _ in 0..200 {
        pipeline.send_input(Value::from("x".repeat(20_000))).await.unwrap();
    }
    pipeline.end_input().await.unwrap();
    assert_eq!(texts(&pipeline.collect().await.unwrap()), ["200 4000000"]);
    let sends = real._host.counters().requests_of("Send");
    assert!(sends < 100, "{sends} requests for 200 objects");
}

async fn a_nested_pipeline_runs_when_the_outer_has_its_answer(real: Real) {
    let pool = Arc::new(real.pool);
    let outer = pool.run(
        vec![Command::script("$x = Read-Host 'q'; \"outer $x\"")],
        RunOptions { host: Box::new(|_| HostResponse::fields([("q", Value::from("a"))])), ..RunOptions::default() },
    );
    let outer = outer.await.unwrap();
    let nested =
        RunOptions { flags: PipelineFlags { nested: true, ..PipelineFlags::default() }, ..RunOptions::default() };
    let inner = pool.run(vec![Command::script("'inner'")], nested).await.unwrap();
    assert_eq!(texts(&outer.collect().await.unwrap()), ["outer a"]);
    let inner = inner.collect().await.unwrap();
    assert!(matches!(inner.end, End::Completed | End::Failed(_)), "{:?}", inner.end);
}

async fn a_slow_consumer_gets_everything(real: Real) {
    let text = "1..5000 | ForEach-Object { 'x' * 2000 }; 'y' * 20000000";
    let mut pipeline = real.pool.run(vec![Command::script(text)], RunOptions::default()).await.unwrap();
    let first = pipeline.next().await;
    assert!(matches!(first, Some(PipelineEvent::Output(_))), "{first:?}");
    let available = real.pool.available_runspaces().await.unwrap();
    assert_eq!(available, 0, "it waits on the host");
    let output = pipeline.collect().await.unwrap();
    assert_eq!(output.objects.len(), 5000);
    assert_eq!(output.objects[4999].as_str().map(str::len), Some(20_000_000));
}

async fn a_real_pipeline_is_left_and_collected_by_another_client(host: Listener) {
    let pool = RunspacePool::open(options(&host)).await.unwrap();
    let text = "$x = 1; 'one'; Start-Sleep -Milliseconds 300; 1..20 | ForEach-Object { 'y' * 50000 }; 'last'";
    let mut pipeline = pool.run(vec![Command::script(text)], RunOptions::default()).await.unwrap();
    assert!(matches!(pipeline.next().await, Some(PipelineEvent::Output(_))));
    let (shell, command) = (pool.opened().shell_id.clone(), pipeline.command_id());
    pool.disconnect(None).await.unwrap();
    drop((pipeline, pool));
    let pool = RunspacePool::connect(options(&host), &shell).await.unwrap();
    let output = pool.attach(command, RunOptions::default()).await.unwrap().collect().await.unwrap();
    assert_eq!(output.objects.len(), 21);
    assert_eq!(output.objects[20], Value::from("last"));
    assert_eq!(texts(&script(&pool, "\"$x\"").await), ["1"], "the same runspace");
}

async fn retransmission_is_proven_by_a_counting_script(real: Real) {
    assert!(real.pool.prove_retransmission().await.unwrap());
    assert!(real.pool.prove_retransmission().await.unwrap(), "and again: the count begins anew");
}

async fn what_the_host_cannot_nest_is_refused_here_and_what_it_cuts_off_is_said(real: Real) {
    let nested = |depth| (0..depth).fold(Value::from("x"), |inner, _| Value::list(vec![inner]));
    let count = "param($a) $n = 0; while ($a -isnot [string]) { $a = $a[0]; $n++ }; $n";
    let run = async |depth: i32| real.pool.invoke(Command::script(count).argument("a", nested(depth))).await;
    let mut deepest = 30;
    while run(deepest + 1).await.map_err(|error| assert_eq!(error.kind(), ErrorKind::Misuse)).is_ok() {
        deepest += 1;
    }
    let output = run(deepest).await.unwrap();
    assert_eq!(output.objects, [Value::I32(deepest)], "as deep as is sent, it arrives");
    let error = run(deepest + 1).await.unwrap_err();
    assert!(!error.may_have_run() && error.retry() == Retry::Never);
    let deep = "$x = 'end'; 1..DEPTH | ForEach-Object { $x = [pscustomobject]@{ n = $x } }; $x";
    let output = script(&real.pool, &deep.replace("DEPTH", "60")).await;
    assert!(matches!(&output.warnings[..], [said] if said.contains("48 levels")), "{:?}", output.warnings);
    let output = script(&real.pool, &deep.replace("DEPTH", "40")).await;
    assert!(output.warnings.is_empty());
}
