//! The program on a terminal: tables that fit, colours, and a run that says what it did.

use serde_json::Value;

use crate::support::program::{Program, SimulatorProcess, repository_path, sites_file};
use crate::support::terminal::{on_terminal, shown, width};

const COLUMNS: [u16; 3] = [60, 80, 120];
const DEMO: &str = "--database-url sqlite://weather-demo.db";

/// A folder with the demo's store and the sample of the sites.
fn demo() -> Program {
    let program = Program::new().env("LOG_FORMAT", "");
    program.run(&["demo"]).expect(0);
    let sample = std::fs::read_to_string(repository_path("config/sites_sample.json")).unwrap();
    program.file("sites.json", &sample).env("SITES_FILE", "sites.json")
}

/// Compares with the file of that name; `UPDATE_SNAPSHOTS=1` writes it.
fn expect_snapshot(name: &str, text: &str) {
    let file = repository_path("tests/data/terminal").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, expected, "{name}: UPDATE_SNAPSHOTS=1 writes it");
}

#[test]
fn every_listing_fits_the_terminal_a_row_a_line() {
    let program = demo();
    for (listing, rows) in [
        (format!("show {DEMO}"), 24..=24),
        (format!("show mad-retiro {DEMO}"), 8..=30),
        (format!("status {DEMO}"), 24 + 5..=40),
        (format!("gaps {DEMO}"), 1..=10),
        (format!("runs {DEMO}"), 20..=20),
        (format!("runs show 1 {DEMO}"), 15..=30),
        (format!("quota {DEMO}"), 2..=10),
        ("quota plan".into(), 5..=15),
        ("sites list".into(), 24..=24),
        ("sites check".into(), 5..=30),
        (format!("doctor --no-call {DEMO}"), 6..=20),
        (format!("etl --dry-run {DEMO}"), 0..=30),
        (format!("heal --dry-run --from-source open-meteo {DEMO}"), 0..=30),
    ] {
        for columns in COLUMNS {
            let ran = on_terminal(&program, columns, &listing);
            let text = shown(&ran.stdout);
            let lines: Vec<&str> = text.lines().collect();
            // A sentence may be as long as it is; of the table no line is.
            let is_sentence = |line: &str| line.contains("; ") || line.contains(": ");
            let table: Vec<&str> =
                lines.iter().copied().filter(|line| width(line) <= columns.into()).collect();
            let long: Vec<&&str> = lines
                .iter()
                .filter(|line| width(line) > columns.into() && !is_sentence(line))
                .collect();
            assert!(long.is_empty(), "{listing} at {columns}: {long:#?}\n{text}");
            assert!(table.len() >= *rows.start(), "{listing} at {columns}: {text}");
            assert!(lines.len() <= rows.end() + 8, "{listing} at {columns}: {text}");
        }
    }
}

#[test]
fn a_table_is_the_same_in_colour_without_and_without_a_terminal() {
    let sample = std::fs::read_to_string(repository_path("config/sites_sample.json")).unwrap();
    let program = Program::new().env("LOG_FORMAT", "").file("sites.json", &sample);
    let program = program.env("SITES_FILE", "sites.json");
    for columns in COLUMNS {
        let colours = on_terminal(&program, columns, "sites list").expect(0).stdout;
        expect_snapshot(&format!("sites-list-{columns}.txt"), &colours);
        assert!(colours.contains("\u{1b}[1msite\u{1b}[0m"), "{colours:?}");
        let never = on_terminal(&program, columns, "sites list --color never").expect(0).stdout;
        assert!(!never.contains('\u{1b}'), "{never:?}");
        assert_eq!(never, shown(&colours));
    }
    let without = Program::new().file("sites.json", &sample);
    let without =
        without.env("SITES_FILE", "sites.json").env("LOG_FORMAT", "").env("NO_COLOR", "1");
    let no_color = on_terminal(&without, 120, "sites list").expect(0).stdout;
    assert_eq!(no_color, on_terminal(&program, 120, "sites list --color never").stdout);
    // Without a terminal nothing is cut and nothing leaves.
    let piped = program.run(&["sites", "list"]).expect(0).stdout;
    expect_snapshot("sites-list-piped.txt", &piped);
    assert!(!piped.contains('\u{1b}') && !piped.contains('…'), "{piped}");
    let always = program.run(&["sites", "list", "--color", "always"]).expect(0).stdout;
    assert_eq!(shown(&always), piped);
    assert!(always.contains('\u{1b}'), "{always}");
}

#[test]
fn errors_and_help_have_the_same_colours() {
    let program = Program::new().env("LOG_FORMAT", "");
    for (line, code, part) in [
        ("status", 3, "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m there is no store"),
        ("status --limit none", 2, "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m"),
        ("status -h", 0, "\u{1b}[1mUsage:\u{1b}[0m"),
    ] {
        let coloured = on_terminal(&program, 80, line).expect(code).stdout;
        assert!(coloured.contains(part), "{line}: {coloured:?}");
        let plain = on_terminal(&program, 80, &format!("{line} --color never")).expect(code).stdout;
        assert!(!plain.contains('\u{1b}'), "{line}: {plain:?}");
        assert!(!program.run(&line.split(' ').collect::<Vec<_>>()).stderr.contains('\u{1b}'));
    }
}

#[test]
fn a_short_help_fits_a_screen_and_has_no_setting_that_is_made_once() {
    let program = Program::new().env("LOG_FORMAT", "");
    let short = on_terminal(&program, 80, "etl -h --color never").expect(0).stdout;
    expect_snapshot("etl-help-short.txt", &short);
    assert!(short.lines().count() <= 60, "{} lines", short.lines().count());
    let long = on_terminal(&program, 80, "etl --help --color never").expect(0).stdout;
    for setting in
        ["--openweather-api-key", "--open-meteo-base-url", "--database-ca", "--log-format"]
    {
        assert!(!short.contains(setting) && long.contains(setting), "{setting}");
    }
    for flag in
        ["--site", "--dry-run", "--output", "--sites-file", "--verbose", "--color", "--help"]
    {
        assert!(short.contains(flag), "{flag}");
    }
}

#[test]
fn a_run_whose_service_is_away_says_so_once_in_a_few_lines() {
    let program = Program::new()
        .env("LOG_FORMAT", "")
        .env("OPENWEATHER_API_KEY", "0123456789abcdef")
        .env("OPENWEATHER_BASE_URL", "http://127.0.0.1:1")
        .env("MAX_ATTEMPTS", "1")
        .env("OPENWEATHER_CALLS_PER_MINUTE", "0")
        .with_sites(24);
    for columns in COLUMNS {
        let ran = on_terminal(&program, columns, "etl --force").expect(1);
        let text = shown(&ran.stdout);
        let rows: usize =
            text.lines().map(|line| width(line).div_ceil(columns.into()).max(1)).sum();
        assert!(rows <= 8, "{columns}: {text}");
        assert_eq!(text.matches("onnection refused").count(), 1, "{text}");
        for part in ["0 of 24 sites collected", "24 sites: ", "first site-00000", "hint:"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("run_summary") && !text.contains("WARN"), "{text}");
    }
    // The log comes back when it is asked for, and stays where there is no terminal.
    let log = on_terminal(&program, 120, "etl --force -v").expect(1).stdout;
    assert!(log.contains("run_summary") && log.contains("site not collected"), "{log}");
    let piped = program.run(&["etl", "--force"]).expect(1).stderr;
    assert!(piped.contains("run_summary") && !piped.contains("24 sites: "), "{piped}");
    assert!(!piped.starts_with('{'), "{piped}");
}

#[test]
fn a_run_says_what_it_collected_and_when_nothing_is_due() {
    let simulator = SimulatorProcess::start(&["--fault", "not_found@-60,-150"]);
    let program = simulator.client("").env("LOG_FORMAT", "").with_sites(3);
    let first = shown(&on_terminal(&program, 80, "etl").expect(1).stdout);
    assert!(first.contains("openweathermap: 2 of 3 sites collected in "), "{first}");
    assert!(first.contains("  site-00000: HTTP 404"), "{first}");
    let second = shown(&on_terminal(&program, 80, "etl").expect(1).stdout);
    let words = "openweathermap: nothing is due: 2 of 3 sites are collected, 1 failed for good; the next slot begins at ";
    assert!(second.contains(words), "{second}");
}

#[test]
fn a_document_on_stdout_has_the_names_of_the_log() {
    let simulator = SimulatorProcess::start(&["--fault", "not_found@-60,-150"]);
    let program = simulator.client("").with_sites(3);
    let ran = program.run(&["etl", "--output", "json", "--max-failed", "100"]).expect(0);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&document["collected"], &document["outcome"]), (&2.into(), &"partial".into()));
    let run = document["runs"][0].as_object().unwrap();
    let summary = ran.run_summary();
    for (name, value) in run {
        assert_eq!(*value, summary[name], "{name}");
    }
    let of_the_line = ["time", "target", "severity", "message"];
    for name in summary.as_object().unwrap().keys() {
        let is_of_the_line = of_the_line.contains(&name.as_str()) || name.contains('/');
        assert!(is_of_the_line || run.contains_key(name), "the document lacks {name}");
    }
    let documented = std::fs::read_to_string(repository_path("docs/LOGGING.md")).unwrap();
    for name in document.as_object().unwrap().keys().chain(run.keys()) {
        assert!(documented.contains(&format!("`{name}`")), "docs/LOGGING.md lacks {name}");
    }
    let ran = program
        .run(&["pipeline", "--output", "json", "--heal-calls", "1", "--max-failed", "100"])
        .expect(0);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["etl"]["failedBefore"], 1, "{document}");
    assert!(document["heal"]["missing"].is_u64() && document["sync"].is_null(), "{document}");
    let heal = program.run(&["heal", "--output", "json"]);
    let document: Value = serde_json::from_str(&heal.stdout).unwrap();
    assert_eq!(document["sources"][0]["event"], "heal_summary", "{document}");
    program.run(&["etl", "--output", "csv"]).expect(2);
}

#[test]
fn a_run_that_stops_short_has_a_document_too() {
    let simulator = SimulatorProcess::start(&["--fault", "unauthorized=100%"]);
    let program = simulator.client("").with_sites(3);
    let ran = program.run(&["etl", "--output", "json"]).expect(3);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let run = &document["runs"][0];
    assert_eq!((&run["outcome"], &run["errorKind"]), (&"failed".into(), &"key_refused".into()));
    assert!(run["hint"].as_str().unwrap().contains("weather doctor"), "{run}");
}

#[test]
fn tmux_wraps_no_line_of_a_table() {
    let program = demo();
    for columns in COLUMNS {
        let lines = in_tmux(&program, columns, &format!("show {DEMO}"));
        assert!(lines.iter().any(|line| line.starts_with("lon-city")), "{lines:#?}");
        assert_eq!(lines.len(), 25, "{columns}: {lines:#?}");
    }
}

/// What a pane of so many columns shows, without the empty lines at its end.
fn in_tmux(program: &Program, columns: u16, arguments: &str) -> Vec<String> {
    let socket = program.folder.path().join(format!("tmux-{columns}"));
    let tmux = |arguments: &[&str]| {
        let mut command = program.command_of("tmux");
        command.env("PATH", "/usr/bin:/bin").env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
        command.args(["-u", "-f", "/dev/null", "-S", socket.to_str().unwrap()]).args(arguments);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let done = program.folder.path().join(format!("done-{columns}"));
    let weather = env!("CARGO_BIN_EXE_weather");
    let line = format!("{weather} {arguments}; touch {}; cat", done.display());
    tmux(&["new-session", "-d", "-x", &columns.to_string(), "-y", "60", &line]);
    while !done.exists() {
        std::thread::yield_now();
    }
    let text = tmux(&["capture-pane", "-p"]);
    tmux(&["kill-server"]);
    text.trim_end().lines().map(str::to_owned).collect()
}

#[test]
fn without_a_store_a_read_says_where_it_looked_and_leaves_no_file() {
    let program = Program::new().env("LOG_FORMAT", "");
    let files = || std::fs::read_dir(program.folder.path()).unwrap().count();
    let folder = program.folder.path().display().to_string();
    let reads =
        ["show", "status", "gaps", "runs", "runs show 1", "quota", "serve --listen 127.0.0.1:0"];
    for read in reads {
        let arguments: Vec<&str> = read.split(' ').collect();
        let ran = program.run(&arguments).expect(3);
        for part in [
            "there is no store: ",
            &folder,
            "weather.db",
            "`weather etl` makes it",
            "`weather demo`",
        ] {
            assert!(ran.stderr.contains(part), "{read}: {part}: {}", ran.stderr);
        }
        assert_eq!((ran.stdout.as_str(), files()), ("", 0), "{read}");
    }
    let doctor = program.run(&["doctor", "--no-call", "--output", "json"]);
    let findings: Vec<Value> = serde_json::from_str(&doctor.stdout).unwrap();
    let store = findings.iter().find(|finding| finding["check"] == "store").unwrap();
    assert_eq!((&store["verdict"], files()), (&"warning".into(), 0), "{store}");
    // After the demo each works by the hint that it gives.
    program.run(&["demo", "--hours", "3"]).expect(0);
    for read in reads.into_iter().filter(|read| !read.starts_with("serve")) {
        let arguments: Vec<&str> = read.split(' ').collect();
        let said = program.run(&arguments).expect(3).stderr;
        let (_, hint) = said.split_once("the demo's is here: ").unwrap();
        let hint: Vec<&str> = hint.trim().split(' ').collect();
        program.run(&[&arguments[..], &hint].concat()).expect(0);
    }
    let is_demo = |name: &str| name.starts_with("weather-demo.db");
    let names = std::fs::read_dir(program.folder.path()).unwrap();
    let names: Vec<String> =
        names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| is_demo(name)), "{names:?}");
}

#[test]
fn a_dry_run_and_the_quota_need_no_key_and_make_nothing() {
    let program = Program::new().with_sites(3).env("LOG_FORMAT", "");
    let ran = program.run(&["etl", "--dry-run", "--output", "json"]).expect(0);
    let calls: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(calls.len(), 3);
    assert!(ran.stderr.contains("dry run: 3 calls for 3 sites"), "{}", ran.stderr);
    assert!(program.run(&["heal", "--dry-run"]).expect(3).stderr.contains("there is no store"));
    assert!(!program.folder.path().join("weather.db").exists());
    let demo = demo();
    let ran =
        demo.run(&["heal", "--dry-run", "--database-url", "sqlite://weather-demo.db"]).expect(0);
    assert!(ran.stderr.contains("dry run: "), "{}", ran.stderr);
    let quota = demo
        .run(&["quota", "--output", "json", "--database-url", "sqlite://weather-demo.db"])
        .expect(0);
    let quotas: Vec<Value> = serde_json::from_str(&quota.stdout).unwrap();
    assert!(quotas.iter().any(|quota| quota["needed"].as_u64() > Some(0)), "{quotas:?}");
    // A run needs one.
    assert!(program.run(&["etl"]).expect(2).stderr.contains("OPENWEATHER_API_KEY is not set"));
}

#[test]
fn the_exit_code_says_whether_what_is_selected_is_in_trouble() {
    let program = demo();
    let run = |line: &str| program.run(&format!("{line} {DEMO}").split(' ').collect::<Vec<_>>());
    let status = run("status --exit-code --trouble").expect(1).stdout;
    assert!(status.contains("lon-city") && !status.contains("\nmad-retiro"), "{status}");
    run("status --exit-code --site mad-retiro,tyo-shibuya").expect(0);
    run("gaps --exit-code --site mad-retiro").expect(0);
    run("gaps --exit-code --from yesterday").expect(1);
    run("gaps --exit-code --trouble --limit 1").expect(1);
    run("status").expect(0);
    let meant = run("status --site lon-ctiy").expect(2).stderr;
    assert!(meant.contains("did you mean `lon-city`?"), "{meant}");
    let tag = run("status --tag offices --exit-code").expect(2).stderr;
    assert!(tag.contains("did you mean `office`?"), "{tag}");
    let rows = run("status --limit 3 --output csv").expect(0).stdout;
    assert_eq!(rows.lines().count(), 4, "{rows}");
    let document: Value =
        serde_json::from_str(&run("status --trouble --output json").expect(0).stdout).unwrap();
    let sites: Vec<&Value> =
        document["sites"].as_array().unwrap().iter().map(|site| &site["site_id"]).collect();
    assert_eq!((sites, &document["total_sites"]), (vec![&Value::from("lon-city")], &24.into()));
    let run_of_one: Value =
        serde_json::from_str(&run("runs show 1 --output json").expect(0).stdout).unwrap();
    assert!(run_of_one["errors_by_kind"].is_object(), "{run_of_one}");
}

#[test]
fn show_has_the_weather_in_the_units_of_its_reader() {
    let program = demo();
    let run = |line: &str| program.run(&format!("{line} {DEMO}").split(' ').collect::<Vec<_>>());
    let all = run("show").expect(0).stdout;
    assert_eq!(all.lines().count(), 25, "{all}");
    let london = all.lines().find(|line| line.starts_with("lon-city")).unwrap();
    assert!(london.contains("HTTP 404") && london.contains(&"·".repeat(23)), "{london}");
    for unit in ["°C", "km/h", "mm"] {
        assert!(all.contains(unit), "{unit}: {all}");
    }
    let imperial = run("show --units imperial,wind:kn mad-retiro").expect(0).stdout;
    for unit in ["°F", "kn", "inHg", "48 h: ", "(Europe/Madrid)", "openweathermap"] {
        assert!(imperial.contains(unit), "{unit}: {imperial}");
    }
    // For programs values are metric, whatever the units of the table.
    let rows: Vec<Value> = serde_json::from_str(
        &run("show --country ES,NO --units imperial --output json").expect(0).stdout,
    )
    .unwrap();
    let metric: Vec<Value> =
        serde_json::from_str(&run("show --country ES,NO --output json").expect(0).stdout).unwrap();
    assert_eq!(rows.len(), metric.len());
    assert_eq!(rows[0]["temperature_c"], metric[0]["temperature_c"]);
    assert_eq!(rows[0]["temperatures"].as_array().unwrap().len(), 24);
    let warmest = run("show --sort temperature --limit 5 --output json").expect(0).stdout;
    let warmest: Vec<Value> = serde_json::from_str(&warmest).unwrap();
    let degrees: Vec<f64> =
        warmest.iter().map(|now| now["temperature_c"].as_f64().unwrap()).collect();
    assert!(degrees.len() == 5 && degrees.is_sorted_by(|one, other| one >= other), "{degrees:?}");
}

#[test]
fn what_show_cannot_take_is_named_with_what_it_can() {
    let program = demo();
    let run = |line: &str| program.run(&format!("{line} {DEMO}").split(' ').collect::<Vec<_>>());
    for (line, parts) in [
        ("show nope", &["no site `nope`", "weather status"][..]),
        ("show mad-retrio", &["did you mean `mad-retiro`?"]),
        (
            "show --units furlong",
            &["`furlong` is no unit", "metric or imperial", "wind:ms|kmh|mph|kn|bft"],
        ),
        ("show --country Spain", &["expected two letters"]),
        ("show --country XX", &["no site is in the country `XX`", "ES"]),
        ("show --tag nope", &["no site has the tag `nope`", "office"]),
        ("gaps --from 31.11.", &["2026-11-01", "today", "yesterday", "7d", "24h"]),
        ("heal --from soon --dry-run", &["yesterday", "7d"]),
    ] {
        let said = run(line).expect(2).stderr;
        for part in parts {
            assert!(said.contains(part), "{line}: {part}: {said}");
        }
    }
    // A store of an older schema is not asked, and no table is named.
    let old = Program::new().env("LOG_FORMAT", "").file("weather.db", "");
    let said = old.run(&["show"]).expect(3).stderr;
    assert!(said.contains("weather migrate") && !said.contains("no such table"), "{said}");
}

#[test]
fn a_table_of_many_sites_is_one_line_a_site() {
    let simulator = SimulatorProcess::start(&[]);
    let program =
        simulator.client("").env("LOG_FORMAT", "").file("sites.json", &sites_file(50, 60));
    let program = program.env("SITES_FILE", "sites.json");
    program.run(&["etl"]).expect(0);
    let shown_lines = shown(&on_terminal(&program, 60, "show").expect(0).stdout);
    assert_eq!(shown_lines.lines().count(), 51, "{shown_lines}");
}
