//! The program as its user meets it: what it prints, and its exit codes.

use std::process::Stdio;

use serde_json::Value;

use crate::support::databases::{mysql_server, with_empty_mysql, with_mysql};
use crate::support::program::{Program, Ran, SimulatorProcess, repository_file, sites_file};

#[test]
fn the_demo_collects_a_day_without_settings_and_its_second_time_calls_nothing() {
    let program = Program::new();
    let ran = program.run(&["demo", "--log-format", "pretty"]).expect(0);
    assert!(ran.stdout.contains("Second time: ") && ran.stdout.contains(" 0 calls, 0 new rows"));
    assert!(ran.stdout.contains("24 × not_found: HTTP 404"), "{}", ran.stdout);
    assert!(ran.stdout.contains("the account was blocked 1 time"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("(0 of them retries)"), "{}", ran.stdout);
    // 19 sites every hour, 2 every 30 minutes, 2 every 3 hours (8 or 9 times, by the hour it is); the
    // service knows nothing of one.
    let is_whole = |count| ran.stdout.contains(&format!(" {count} observations"));
    assert!(
        is_whole(19 * 24 + 2 * 48 + 2 * 8) || is_whole(19 * 24 + 2 * 48 + 2 * 9),
        "{}",
        ran.stdout
    );
    let store = ["--database-url", "sqlite://weather-demo.db"];
    let status = program.run(&[&["status"], &store[..]].concat()).expect(0);
    assert!(status.stdout.starts_with("23 of 24 sites fresh; lon-city: not_found (404) since "));
    // Nothing is missing but what the service did not know.
    let gaps = program.run(&[&["gaps", "--output", "json"], &store[..]].concat()).expect(0);
    let gaps: Vec<Value> = serde_json::from_str(&gaps.stdout).unwrap();
    let missing: Vec<_> = gaps
        .iter()
        .map(|gap| {
            [&gap["site_id"], &gap["reason"], &gap["error_kind"]].map(|text| text.as_str().unwrap())
        })
        .collect();
    assert_eq!(missing, [["lon-city", "failed", "not_found"]], "{gaps:?}");
    assert_eq!(gaps[0]["slots"], 24);
    // It may be run again: the file is made anew.
    program.run(&["demo", "--hours", "2"]).expect(0);
}

#[tokio::test]
async fn the_demo_seeds_any_store_and_makes_nothing_up_beside_real_sites() {
    with_empty_mysql(async |database| {
        let program = Program::new();
        let arguments = ["demo", "--hours", "2", "--sites", "50", "--store", &database.url];
        program.run(&arguments).expect(0);
        let sites = "select count(distinct site_id) from weather_observations";
        assert_eq!(database.count(sites).await, 49);
        let ran = program.run(&["demo", "--store", &database.url]).expect(2);
        assert!(ran.stderr.contains("the store holds another site"), "{}", ran.stderr);
    })
    .await;
}

#[test]
fn without_a_key_it_says_where_one_comes_from() {
    let ran = Program::new().with_sites(1).run(&["etl", "--log-format", "pretty"]).expect(2);
    for part in
        ["OPENWEATHER_API_KEY is not set", "home.openweathermap.org/api_keys", "weather demo"]
    {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    let empty = Program::new().with_sites(1).env("OPENWEATHER_API_KEY", " ");
    empty.run(&["etl"]).expect(2);
}

#[test]
fn every_fault_of_a_sites_file_is_told_at_once() {
    let sites = r#"{"sites": [
        {"site_id": "Mad Retiro", "name": "a", "latitude": 91, "longitude": 0, "timezone": "Europe/Madrid"},
        {"site_id": "b", "name": "b", "latitude": "x", "longitude": 0, "timezone": "Mars/Base", "colour": 1},
        {"site_id": "b", "name": "c", "latitude": 0, "longitude": 0, "timezone": "UTC", "interval_minutes": 7}
    ]}"#;
    let program = Program::new().file("sites.json", sites).env("SITES_FILE", "sites.json");
    for command in [&["sites", "check", "sites.json"][..], &["etl"], &["sites", "list"]] {
        let ran = program.run(&[command, &["--log-format", "pretty"]].concat()).expect(2);
        for part in [
            "sites.json: 7 faults",
            "sites[0]",
            "site_id",
            "latitude: 91 is out of range",
            "sites[1] (b): latitude",
            "Mars/Base",
            "colour",
            "sites[2] (b): interval_minutes",
        ] {
            assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_sites_file_that_is_no_file_no_json_or_no_text_is_named() {
    let program = Program::new().file("cut.json", "{\"sites\": [").file("latin.json", "");
    std::fs::write(program.folder.path().join("latin.json"), b"{\"sites\": \"\xe9\"}").unwrap();
    for (file, part) in [
        ("none.json", "none.json: No such file"),
        ("cut.json", "line 1"),
        ("latin.json", "not UTF-8 at byte 11"),
    ] {
        let ran = program.run(&["sites", "check", file, "--log-format", "pretty"]).expect(2);
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
}

#[test]
fn checking_the_sites_says_what_they_cost() {
    let check = |sites| {
        let program = Program::new().file("sites.json", &sites_file(sites, 60));
        program.run(&["sites", "check", "sites.json", "--output", "json"]).expect(0)
    };
    let ran = check(1200);
    let figures: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let value = |name: &str| {
        let figure = figures.iter().find(|figure| figure["figure"] == name);
        figure.unwrap_or_else(|| panic!("{name}: {figures:?}"))["value"].clone()
    };
    assert_eq!(value("calls per hour"), 1200.0);
    assert_eq!(value("calls per day"), 28_800.0);
    assert_eq!(value("calls per month of 31 days"), 892_800.0);
    assert_eq!(value("share of the free plan"), 89.28);
    assert_eq!(value("longest run"), 20.0);
    let too_many = check(6000);
    assert!(
        too_many.stderr.contains("warning: a run takes up to 100.0 minutes"),
        "{}",
        too_many.stderr
    );
}

#[test]
fn settings_that_cannot_be_are_named_with_their_flag() {
    for (name, value, part) in [
        ("MAX_WORKERS", "0", "--max-workers"),
        ("OPENWEATHER_CALLS_PER_MINUTE", "fast", "--openweather-calls-per-minute"),
        ("OPENWEATHER_BASE_URL", "here", "--openweather-base-url"),
        ("DATABASE_URL", "postgres://h/d", "no kind of store"),
        ("DATABASE_URL", "mysql://h", "no database named"),
        ("DATABASE_URL", "sqlite::memory:", "forgotten at once"),
    ] {
        let program = Program::new().with_sites(1).env("OPENWEATHER_API_KEY", "k").env(name, value);
        let ran = program.run(&["etl", "--log-format", "pretty"]).expect(2);
        assert!(ran.stderr.contains(part), "{name}={value}: {}", ran.stderr);
    }
}

#[test]
fn an_empty_variable_is_an_unset_one() {
    let program = SimulatorProcess::start(&[]);
    let mut client = program.client("").with_sites(1);
    for name in [
        "MAX_WORKERS",
        "MAX_ATTEMPTS",
        "HTTP_TIMEOUT_SECONDS",
        "DATABASE_MAX_CONNECTIONS",
        "OPENWEATHER_PLAN",
        "OPENWEATHER_CALLS_PER_DAY",
        "OPENWEATHER_ONE_CALL",
        "OPEN_METEO_BASE_URL",
        "OPEN_METEO_CALLS_PER_MINUTE",
        "DATABASE_CA",
        "LOG_LEVEL",
        "CLOUD_RUN_TASK_INDEX",
        "CLOUD_RUN_TASK_COUNT",
        "CLOUD_RUN_JOB",
        "BIGQUERY_BASE_URL",
        "SYNC_ENABLED",
        "SOURCES",
        "HEAL_CALLS",
        "HEAL_FROM_SOURCE",
        "CACHE_URL",
        "PORT",
        "K_SERVICE",
    ] {
        client = client.env(name, "");
    }
    let ran = client.run(&["pipeline", "--log-format", "pretty"]).expect(0);
    assert!(!ran.stderr.contains("error:"), "{}", ran.stderr);
    assert_eq!(program.calls().len(), 2, "an observation and a forecast");
}

#[test]
fn an_error_about_a_value_names_its_variable_and_repeats_nothing_that_may_be_secret() {
    for (name, value, is_shown) in [
        ("MAX_WORKERS", "pa55word", true),
        ("LOG_FORMAT", "pa55word", true),
        ("OPENWEATHER_BASE_URL", "pa55word", false),
        ("OPEN_METEO_BASE_URL", "user:pa55word@host", false),
        ("OPEN_METEO_ARCHIVE_URL", "pa55word", false),
        ("BIGQUERY_BASE_URL", "pa55word", false),
        ("DATABASE_URL", "pa55word", false),
        ("DATABASE_URL", "pa55word:x", false),
        ("DATABASE_URL", "mysql://user:pa55word@[host/weather", false),
        ("DATABASE_URL", "mysql://user:pa55word@host", false),
        ("DATABASE_URL", "mysql://user:pa55word@host:port/weather", false),
        ("DATABASE_URL", "mysql://user:1/pa55word@host/weather", false),
        ("OPENWEATHER_BASE_URL", "http://user:pa55word@host", false),
    ] {
        let program = Program::new().with_sites(1).env("OPENWEATHER_API_KEY", "k").env(name, value);
        for arguments in [&["pipeline", "--log-format", "pretty"][..], &["pipeline"]] {
            if name == "LOG_FORMAT" && arguments.len() > 1 {
                continue;
            }
            let ran = program.run(arguments).expect(2);
            assert!(ran.stderr.contains(name), "{name}={value}: {}", ran.stderr);
            assert_eq!(ran.stderr.contains("pa55word"), is_shown, "{name}={value}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_password_that_splits_the_url_is_told_to_be_encoded() {
    for password in ["pa/ss", "pa#ss", "pa?ss", "1/2", "1#2", "1?2"] {
        let url = format!("mysql://user:{password}@127.0.0.1/weather");
        let ran = Program::new().env("DATABASE_URL", &url).run(&["status"]).expect(2);
        assert!(ran.stderr.contains("percent-encoded (/ is %2F"), "{password}: {}", ran.stderr);
        assert!(!ran.stderr.contains(password), "{}", ran.stderr);
    }
}

#[test]
fn a_key_goes_by_https_or_nowhere_else_than_here() {
    let elsewhere = "http://192.0.2.1";
    for (variables, named) in [
        (
            &[("OPENWEATHER_API_KEY", "k"), ("OPENWEATHER_BASE_URL", elsewhere)][..],
            "OPENWEATHER_BASE_URL",
        ),
        (
            &[("OPENWEATHERMAP_API_KEY", "k"), ("OPENWEATHER_BASE_URL", elsewhere)],
            "OPENWEATHER_BASE_URL",
        ),
        (
            &[
                ("SOURCES", "open-meteo"),
                ("OPEN_METEO_API_KEY", "k"),
                ("OPEN_METEO_BASE_URL", elsewhere),
            ],
            "OPEN_METEO_BASE_URL",
        ),
        (
            &[
                ("SOURCES", "open-meteo"),
                ("OPEN_METEO_API_KEY", "k"),
                ("OPEN_METEO_ARCHIVE_URL", elsewhere),
            ],
            "OPEN_METEO_ARCHIVE_URL",
        ),
    ] {
        let add = |program: Program, (name, value): &(&str, &str)| program.env(name, value);
        let program = variables.iter().fold(Program::new().with_sites(1), add);
        for command in ["etl", "pipeline", "heal"] {
            let ran = program.run(&[command, "--log-format", "pretty"]).expect(2);
            let problem = format!("error: {named}: the key");
            assert!(ran.stderr.contains(&problem), "{command}: {}", ran.stderr);
            assert!(ran.stderr.contains("hint: use the https address"), "{}", ran.stderr);
        }
    }
    // Without a key there is nothing to hear: the call is made, and fails.
    let open = Program::new().with_sites(1).env("SOURCES", "open-meteo").env("MAX_ATTEMPTS", "1");
    open.env("OPEN_METEO_BASE_URL", "http://127.0.0.1:1").run(&["etl"]).expect(1);
}

#[test]
fn a_call_that_fails_names_the_proxy_it_went_by_and_not_its_password() {
    let program = Program::new()
        .with_sites(1)
        .env("OPENWEATHER_API_KEY", "0123456789abcdef")
        .env("MAX_ATTEMPTS", "1")
        .env("HTTPS_PROXY", "http://user:pa55word@127.0.0.1:1");
    let ran = program.run(&["etl", "--log-format", "pretty"]).expect(1);
    let named = "(by the proxy http://127.0.0.1:1 of HTTPS_PROXY or ALL_PROXY)";
    assert!(ran.stderr.contains(named), "{}", ran.stderr);
    let doctor = program.run(&["doctor", "--output", "json"]);
    assert!(doctor.stdout.contains(named), "{}", doctor.stdout);
    for text in [&ran.stderr, &doctor.stdout] {
        assert!(!text.contains("pa55word") && !text.contains("0123456789abcdef"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_new_store_file_is_its_owners_and_an_old_one_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::new().env("DATABASE_URL", "sqlite://weather.db");
    let mode = |name: &str| {
        let file = program.folder.path().join(name);
        std::fs::metadata(file).map(|file| file.permissions().mode() & 0o777)
    };
    program.run(&["migrate"]).expect(0);
    assert_eq!(mode("weather.db").unwrap(), 0o600);
    for beside in ["weather.db-wal", "weather.db-shm"] {
        assert!(mode(beside).is_ok_and(|mode| mode == 0o600) || mode(beside).is_err(), "{beside}");
    }
    let open = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(program.folder.path().join("weather.db"), open).unwrap();
    program.run(&["migrate"]).expect(0);
    assert_eq!(mode("weather.db").unwrap(), 0o640);
    program.run(&["demo", "--hours", "1", "--sites", "1"]).expect(0);
    assert_eq!(mode("weather-demo.db").unwrap(), 0o600);
}

#[test]
fn a_sites_file_that_lacks_most_of_the_sites_is_warned_about() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("sqlite://weather.db").with_sites(10);
    let warned = |ran: Ran| {
        let is_it =
            |line: &Value| line["message"].as_str().unwrap().contains("the sites file lacks");
        ran.expect(0).log().into_iter().find(is_it)
    };
    assert!(warned(program.run(&["etl"])).is_none());
    let program = program.with_sites(5);
    assert!(warned(program.run(&["etl"])).is_none(), "half may be a farewell");
    let other = sites_file(5, 1440).replace("site-", "other-");
    let program = program.file("sites.json", &other);
    let warning = warned(program.run(&["etl"])).unwrap();
    assert_eq!((&warning["severity"], &warning["sitesGone"]), (&"WARNING".into(), &5.into()));
    let message = warning["message"].as_str().unwrap();
    assert!(
        message.contains("5 of the 5 active sites (site-00000, site-00001, site-00002, …)"),
        "{message}"
    );
    assert!(warned(program.run(&["etl"])).is_none(), "once");
}

#[test]
fn only_the_dotenv_file_of_this_folder_is_read() {
    let simulator = SimulatorProcess::start(&[]);
    // What a stranger could have put above a folder that somebody works in.
    let above =
        Program::new().file(".env", "OPENWEATHER_BASE_URL=postgres://x\nMAX_WORKERS=many\n");
    let below = above.folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(below.join("sites.json"), sites_file(1, 1440)).unwrap();
    let client = simulator.client("").env("SITES_FILE", "sites.json");
    let run = |folder: &std::path::Path| {
        let output =
            client.command(&["etl", "--log-format", "pretty"]).current_dir(folder).output();
        Ran::of(&output.unwrap())
    };
    run(&below).expect(0);
    std::fs::write(below.join(".env"), "MAX_WORKERS=many\n").unwrap();
    assert!(run(&below).expect(2).stderr.contains("MAX_WORKERS"));
    // What the environment says goes before it, also that it says nothing.
    let client = client.env("MAX_WORKERS", "");
    let output = client.command(&["etl"]).current_dir(&below).output().unwrap();
    Ran::of(&output).expect(0);
}

#[test]
fn a_dotenv_file_is_read_and_a_broken_one_named_without_its_text() {
    let good = Program::new()
        .with_sites(1)
        .file(".env", "DATABASE_URL=postgres://h/d\nOPENWEATHER_API_KEY=k\n");
    assert!(good.run(&["etl"]).expect(2).stderr.contains("no kind of store"));
    let broken = Program::new().file(".env", "OPENWEATHER_API_KEY=sec ret 'x\n");
    let ran = broken.run(&["runs"]).expect(2);
    assert!(ran.stderr.contains(".env") && !ran.stderr.contains("ret"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_store_that_refuses_costs_no_call_and_says_the_remedy() {
    with_mysql(async |database| {
        let simulator = SimulatorProcess::start(&[]);
        let mut url = url::Url::parse(&database.url).unwrap();
        let name = url.path().trim_matches('/').to_owned();
        let (reader, server) = (format!("r{}", &name[name.len() - 20..]), mysql_server());
        database.execute(&format!("create user {reader}@'%' identified by 'p'")).await;
        database.execute(&format!("grant select on {name}.* to {reader}@'%'")).await;
        let no_server = "mysql://u:p@127.0.0.1:1/weather".to_owned();
        url.set_username(&reader).unwrap();
        url.set_password(Some("wrong")).unwrap();
        let wrong_password = url.to_string();
        url.set_password(Some("p")).unwrap();
        let no_privilege = url.to_string();
        for (url, problem, remedy) in [
            (&no_server, "cannot be reached", "host, port and TLS"),
            (&wrong_password, "Access denied for user", "check user and password"),
            (&no_privilege, "command denied to user", "select, insert and update"),
        ] {
            let ran = run_etl(&simulator, url).expect(3);
            assert!(ran.stderr.contains(problem), "{problem}: {}", ran.stderr);
            assert!(ran.stderr.contains(remedy), "{remedy}: {}", ran.stderr);
        }
        let future = "insert into _sqlx_migrations (version, description, success, checksum, \
            execution_time) values (9999, 'from the future', true, '', 0)";
        database.execute(future).await;
        let ran = run_etl(&simulator, &database.url).expect(3);
        assert!(ran.stderr.contains("newer than this program"), "{}", ran.stderr);
        assert!(ran.stderr.contains("update this program"), "{}", ran.stderr);
        assert_eq!(simulator.calls().len(), 0);
        database.execute(&format!("drop user {reader}@'%'")).await;
        drop(server);
    })
    .await;
}

fn run_etl(simulator: &SimulatorProcess, database_url: &str) -> Ran {
    let program = simulator.client(database_url).with_sites(5);
    program.env("WEATHER_FIRST_CONNECTION_SECONDS", "1").run(&["etl", "--log-format", "pretty"])
}

#[test]
fn a_refused_key_ends_the_run_after_five_calls_with_the_causes() {
    let simulator = SimulatorProcess::start(&["--accept-key", "another"]);
    let program = simulator.client("").with_sites(200).env("MAX_WORKERS", "1");
    let ran = program.run(&["etl", "--log-format", "pretty"]).expect(3);
    assert!(ran.stderr.contains("openweathermap refused the API key: HTTP 401"), "{}", ran.stderr);
    assert!(ran.stderr.contains("one of three"), "{}", ran.stderr);
    assert_eq!(simulator.calls().len(), 5);
}

#[test]
fn a_blocked_account_names_the_time_and_the_next_start_makes_no_call() {
    let simulator = SimulatorProcess::start(&["--fault", "rate_limited=100%"]);
    let program = simulator.client("").with_sites(50).env("MAX_WORKERS", "2");
    let first = program.run(&["etl", "--log-format", "pretty"]).expect(3);
    assert!(first.stderr.contains("has blocked the account: no call before 2"), "{}", first.stderr);
    let calls = simulator.calls().len();
    assert!(calls <= 2);
    let second = program.run(&["etl", "--log-format", "pretty"]).expect(3);
    assert!(second.stderr.contains("no call before"), "{}", second.stderr);
    assert_eq!(simulator.calls().len(), calls);
}

#[test]
fn more_failed_sites_than_allowed_is_exit_code_1() {
    let simulator = SimulatorProcess::start(&["--fault", "not_found=30%"]);
    let program = simulator.client("").with_sites(100);
    program.run(&["etl"]).expect(1);
    program.run(&["etl"]).expect(1); // nothing to call, and still a third is missing
    program.run(&["etl", "--max-failed", "60%"]).expect(0);
    let few = SimulatorProcess::start(&["--fault", "not_found@-60,-150"]);
    few.client("").with_sites(1500).run(&["etl", "--max-failed", "0"]).expect(1);
    program.run(&["etl", "--max-failed", "many"]).expect(2);
}

#[test]
fn a_dry_run_says_what_would_be_called_and_calls_nothing() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("").with_sites(3);
    let ran =
        program.run(&["etl", "--dry-run", "--output", "csv", "--site", "site-00001"]).expect(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "site_id,slot_time,source");
    assert!(lines.len() == 2 && lines[1].starts_with("site-00001,2"), "{lines:?}");
    assert_eq!(simulator.calls().len(), 0);
    let unknown = program.run(&["etl", "--site", "nowhere"]).expect(2);
    assert!(unknown.stderr.contains("nowhere: not in sites.json"), "{}", unknown.stderr);
}

#[test]
fn status_and_runs_print_rows_for_programs_too() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("").with_sites(3);
    assert!(program.run(&["status"]).expect(3).stderr.contains("weather etl"));
    let empty = Program::new().file("weather.db", "");
    assert!(empty.run(&["status"]).expect(3).stderr.contains("weather migrate"));
    program.run(&["migrate"]).expect(0);
    assert!(program.run(&["status"]).expect(0).stdout.starts_with("no sites yet"));
    program.run(&["etl"]).expect(0);
    let status = program.run(&["status", "--output", "json"]).expect(0);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    let sites = status["sites"].as_array().unwrap();
    assert_eq!((sites.len(), &sites[0]["fresh"]), (3, &Value::Bool(true)));
    let runs = program.run(&["runs", "--output", "csv"]).expect(0);
    assert!(runs.stdout.starts_with("run_seq,run_id,kind,shard,status,outcome"), "{}", runs.stdout);
    let run = program.run(&["runs", "show", "1", "--output", "json"]).expect(0);
    let run: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&run["collected"], &run["outcome"]), (&3.into(), &"succeeded".into()));
    program.run(&["runs", "show", "77"]).expect(2);
}

#[test]
fn payloads_become_lines_and_a_fault_names_its_file() {
    let good = r#"{"dt": 1764000000, "main": {"temp": 293.15, "humidity": 50}, "cod": 200}"#;
    let program = Program::new()
        .file("good.json", good)
        .file("bad.json", r#"{"dt": 1764000000, "main": {"temp": "warm"}}"#)
        .file("empty.json", "");
    let arguments = ["transform", "--units", "standard", "--site-id", "mad-retiro"];
    let ran = program
        .run(&[&arguments[..], &["bad.json", "good.json", "empty.json", "none.json"]].concat());
    let ran = ran.expect(1);
    let line: Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!((&line["site_id"], &line["temperature_c"]), (&"mad-retiro".into(), &20.0.into()));
    assert_eq!(line["observation_time"], "2025-11-24T16:00:00Z");
    assert!(line["rain_1h_mm"].is_null() && line["row_hash"].is_i64());
    let faults: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[0].starts_with("bad.json: malformed: main.temp"), "{faults:?}");
    assert!(faults[1].starts_with("empty.json: malformed"), "{faults:?}");
    assert!(faults[2].starts_with("none.json: cannot be read"), "{faults:?}");
    let from_stdin = program.run_with_input(&arguments, good).expect(0);
    assert_eq!(from_stdin.stdout, ran.stdout);
}

#[test]
fn completions_and_helps_are_there() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(program.run(&["completions", shell]).expect(0).stdout.contains("simulate"));
    }
    let help = program.run(&["etl", "--help"]).expect(0);
    assert!(help.stdout.contains("Examples:") && help.stdout.contains("[env: MAX_WORKERS=]"));
    program.run(&["nonsense"]).expect(2);
    program.run(&[]).expect(2);
}

#[test]
fn the_sample_of_the_environment_names_every_variable() {
    let sample = repository_file(".env.sample");
    let help = Program::new().run(&["etl", "--help"]).expect(0).stdout;
    for rest in help.split("[env: ").skip(1) {
        let name: String = rest.chars().take_while(|c| *c != '=' && *c != ']').collect();
        assert!(sample.contains(&format!("#{name}=")), ".env.sample lacks {name}");
    }
}

#[test]
fn on_cloud_run_every_line_is_json_and_a_file_is_no_store() {
    let simulator = SimulatorProcess::start(&["--fault", "not_found=30%"]);
    let on_cloud_run = |program: Program| {
        program
            .env("CLOUD_RUN_JOB", "weather")
            .env("CLOUD_RUN_EXECUTION", "weather-x1")
            .env("CLOUD_RUN_TASK_INDEX", "0")
            .env("CLOUD_RUN_TASK_COUNT", "1")
    };
    for url in ["", "sqlite://weather.db"] {
        let ran = on_cloud_run(simulator.client(url).with_sites(3)).run(&["etl"]).expect(2);
        assert_eq!(ran.log()[0]["severity"], "ERROR");
    }
    let wrong = on_cloud_run(Program::new().env("MAX_WORKERS", "many")).run(&["etl"]).expect(2);
    assert!(wrong.log()[0]["message"].as_str().unwrap().contains("--max-workers"));
    let task = on_cloud_run(simulator.client("mysql://u:p@127.0.0.1:1/d").with_sites(3));
    let ran = task.env("CLOUD_RUN_TASK_INDEX", "9").run(&["etl"]).expect(2);
    assert!(ran.log()[0]["hint"].as_str().unwrap().contains("below the count"));
}

#[tokio::test]
async fn the_log_of_a_run_is_json_and_its_summary_has_every_documented_figure() {
    with_mysql(async |database| {
        let simulator = SimulatorProcess::start(&["--fault", "not_found=20%"]);
        let ran =
            simulator.client(&database.url).with_sites(50).run(&["etl", "--max-failed", "100"]);
        let ran = ran.expect(0);
        let summary = ran.run_summary();
        let failed = summary["failed"].as_u64().unwrap();
        assert!(failed > 0);
        assert_eq!(summary["errorsNotFound"], failed);
        assert_eq!(summary["collected"], 50 - failed);
        assert_eq!(summary["failedPermille"], failed * 20);
        assert_eq!(summary["logging.googleapis.com/labels"]["runId"], summary["runId"]);
        let documented = repository_file("docs/LOGGING.md");
        let known = ["time", "target", "severity", "message"];
        for field in summary.as_object().unwrap().keys() {
            let is_known = known.contains(&field.as_str()) || field.contains('/');
            assert!(
                is_known || documented.contains(&format!("`{field}`")),
                "docs/LOGGING.md lacks {field}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_terminated_ends_in_time_with_everything_stored() {
    with_mysql(async |database| {
        // Who waited for the slow answers would be here tomorrow.
        let slow = ["--fault", "slow=20%", "--slow-seconds", "100000"];
        let simulator = SimulatorProcess::start(&slow);
        let program = simulator.client(&database.url).with_sites(500);
        let program = program.env("HTTP_TIMEOUT_SECONDS", "3600");
        let mut command = program.command(&["etl"]);
        let child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        while simulator.log().is_empty() {
            tokio::task::yield_now().await;
        }
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
        let ran = Ran::of(&child.wait_with_output().unwrap()).expect(143);
        let summary = ran.run_summary();
        assert_eq!(summary["outcome"], "interrupted");
        let good = simulator.calls().iter().filter(|call| call["status"] == 200).count();
        let stored = database.count("select count(*) from weather_observations").await;
        assert_eq!(usize::try_from(stored).unwrap(), good);
    })
    .await;
}

#[test]
fn an_answer_for_another_place_is_stored_and_warned_about() {
    let simulator = SimulatorProcess::start(&["--fault", "other_place=100%"]);
    let ran = simulator.client("").with_sites(1).run(&["etl"]).expect(0);
    let warning = &ran.log()[0];
    assert_eq!(
        (&warning["severity"], &warning["siteId"]),
        (&"WARNING".into(), &"site-00000".into())
    );
    assert!(warning["message"].as_str().unwrap().contains("500 km from the site"), "{warning}");
    assert_eq!(ran.run_summary()["collected"], 1);
}
