//! `weather init`, as its user runs it.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::program::{Program, Ran, SimulatorProcess, repository_file};

const KEY: &str = "0123456789abcdef";

/// Fifty places without zones, as a spreadsheet of a country with decimal commas saves them; two of them
/// without coordinates. With the zones that they are known to be in.
fn fifty_places() -> (String, Vec<(String, String)>) {
    let places = repository_file("src/domain/zone/places.csv");
    let mut reader = csv::Reader::from_reader(places.as_bytes());
    let rows = reader.deserialize::<(String, String, String, String, String)>();
    let rows = rows.map(Result::unwrap).step_by(4).take(48);
    let (mut list, mut zones) = ("\u{feff}Name;Country;Lat;Lng;Opened\r\n".to_owned(), Vec::new());
    for (name, country, latitude, longitude, zone) in rows {
        let (latitude, longitude) = (latitude.replace('.', ","), longitude.replace('.', ","));
        list.push_str(&format!("{name};{country};{latitude};{longitude};2019\r\n"));
        zones.push((name, zone));
    }
    list.push_str("Gijón;es;;;2021\r\n\r\nKathmandu;NP;;;\r\n");
    zones.push(("Gijón".into(), "Europe/Madrid".into()));
    zones.push(("Kathmandu".into(), "Asia/Kathmandu".into()));
    (list, zones)
}

fn sites(program: &Program) -> Vec<Value> {
    let text = std::fs::read_to_string(program.folder.path().join("sites.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file["sites"].as_array().unwrap().clone()
}

fn left(program: &Program) -> Vec<String> {
    let entries = std::fs::read_dir(program.folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn dotenv(program: &Program) -> String {
    std::fs::read_to_string(program.folder.path().join(".env")).unwrap()
}

/// `weather` in an empty folder and environment; the arguments say how the simulator is reached.
fn init(simulator: &SimulatorProcess, program: &Program, arguments: &[&str]) -> Ran {
    let settings = [
        "init",
        "--log-format",
        "pretty",
        "--openweather-api-key",
        KEY,
        "--openweather-base-url",
        &simulator.url,
    ];
    let ran = program.run(&[&settings[..], arguments].concat());
    assert!(
        !ran.stdout.contains(KEY) && !ran.stderr.contains(KEY),
        "{} {}",
        ran.stdout,
        ran.stderr
    );
    ran
}

#[test]
fn a_list_of_fifty_places_becomes_sites_that_are_collected_without_an_edit() {
    let simulator = SimulatorProcess::start(&["--accept-key", KEY]);
    let (list, zones) = fifty_places();
    let program = Program::new().file("places.csv", &list);
    let ran = init(&simulator, &program, &["--from", "places.csv"]).expect(0);
    assert_eq!(simulator.calls().len(), 2, "a call for each place without coordinates");
    assert!(ran.stderr.contains("columns passed over: Opened"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("Gijón,ES: Gijón, Asturias, ES (43.5450, -5.6627)"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("50 sites take 1200 calls a day"), "{}", ran.stdout);
    assert!(ran.stdout.contains("next: weather sites check"), "{}", ran.stdout);

    let sites = sites(&program);
    let found: Vec<(&str, &str)> = sites
        .iter()
        .map(|site| (site["name"].as_str().unwrap(), site["timezone"].as_str().unwrap()))
        .collect();
    let expected: Vec<(&str, &str)> =
        zones.iter().map(|(name, zone)| (name.as_str(), zone.as_str())).collect();
    assert_eq!(found, expected);
    assert_eq!(
        sites[48],
        json!({
            "site_id": "gijon", "name": "Gijón", "latitude": 43.545, "longitude": -5.6627,
            "timezone": "Europe/Madrid", "country": "ES",
        })
    );
    assert_eq!(
        dotenv(&program),
        format!(
            "SITES_FILE=sites.json\nOPENWEATHER_API_KEY={KEY}\nOPENWEATHER_BASE_URL={}/\n",
            simulator.url
        )
    );
    let mode = std::fs::metadata(program.folder.path().join(".env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(left(&program), [".env", "places.csv", "sites.json"]);

    let checked = program.run(&["sites", "check", "--log-format", "pretty"]).expect(0);
    assert!(checked.stderr.contains("50 sites, no fault"), "{}", checked.stderr);
    let etl = program
        .run(&["etl", "--log-format", "json", "--openweather-calls-per-minute", "0"])
        .expect(0);
    assert_eq!(etl.run_summary()["collected"], 50, "{}", etl.stderr);
}

#[test]
fn places_of_the_command_line_are_looked_up_and_named() {
    let simulator = SimulatorProcess::start(&[]);
    let program = Program::new();
    init(&simulator, &program, &["Madrid,ES", "Springfield,Illinois,US", "London,GB"]).expect(0);
    let sites = sites(&program);
    let ids: Vec<&str> = sites.iter().map(|site| site["site_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["madrid", "springfield", "london"]);
    assert_eq!(
        (&sites[1]["country"], &sites[1]["timezone"]),
        (&"US".into(), &"America/Chicago".into())
    );
}

#[test]
fn a_place_that_is_unknown_or_several_is_listed_and_none_is_guessed() {
    let simulator = SimulatorProcess::start(&[]);
    let program = Program::new().file("places.csv", "name\nOslo\nAtlantis\nSpringfield\n");
    let ran = init(&simulator, &program, &["Madrid", "Paris", "--from", "places.csv"]).expect(2);
    for part in [
        "4 faults",
        "line 3 (Atlantis): OpenWeatherMap knows no \"Atlantis\"",
        "line 4 (Springfield): \"Springfield\" is several places: Springfield, Illinois, US (39.7990, -89.6440); ",
        "Madrid: \"Madrid\" is several places: Madrid, Community of Madrid, ES",
        "Paris: \"Paris\" is several places",
        "--first",
        "nothing was written",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert_eq!(left(&program), ["places.csv"]);
    let first = init(&simulator, &program, &["Madrid", "--first"]).expect(0);
    assert!(first.stderr.contains("Madrid: Madrid, Community of Madrid, ES"), "{}", first.stderr);
    assert_eq!(sites(&program)[0]["timezone"], "Europe/Madrid");
}

#[test]
fn what_is_there_is_not_overwritten_unless_by_force_and_other_settings_stay() {
    let simulator = SimulatorProcess::start(&[]);
    let program = Program::new()
        .file("sites.json", "mine")
        .file(".env", "# mine\nMAX_WORKERS=3\nSITES_FILE=other.json\n");
    let ran = init(&simulator, &program, &["Madrid,ES"]).expect(2);
    for part in [
        "sites.json is there already",
        ".env names another sites file, other.json",
        "--force overwrites",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert_eq!(simulator.calls().len(), 0, "before a call is spent");
    assert!(dotenv(&program).ends_with("other.json\n"));
    let dry = init(&simulator, &program, &["Madrid,ES", "--dry-run"]).expect(0);
    assert!(
        dry.stdout.starts_with("{\n  \"sites\": [\n    {\"site_id\":\"madrid\""),
        "{}",
        dry.stdout
    );
    assert!(
        dry.stderr.contains("nothing is written: 1 sites take 24 calls a day"),
        "{}",
        dry.stderr
    );
    assert_eq!(std::fs::read_to_string(program.folder.path().join("sites.json")).unwrap(), "mine");
    init(&simulator, &program, &["Madrid,ES", "--force"]).expect(0);
    assert_eq!(sites(&program).len(), 1);
    let settings = dotenv(&program);
    assert!(settings.starts_with("# mine\nMAX_WORKERS=3\nSITES_FILE=sites.json\n"), "{settings}");
    assert_eq!(
        std::fs::read_to_string(program.folder.path().join("sites.json")).unwrap(),
        dry.stdout
    );
    assert_eq!(left(&program), [".env", "sites.json"]);
}

#[test]
fn a_service_that_refuses_or_answers_no_json_leaves_nothing_behind() {
    for (arguments, code, parts) in [
        (
            &["--accept-key", "another"][..],
            3,
            ["\"Madrid,ES\" was not looked up: HTTP 401", "check the key for typing errors"],
        ),
        (&["--fault", "html=100%"], 3, ["the answer is no JSON", "is the API and not a page"]),
        (&["--fault", "truncated=100%"], 3, ["the answer is no JSON", "Nothing was written"]),
        (&["--fault", "wrong_json=100%"], 3, ["invalid type: map", "Nothing was written"]),
        (&["--fault", "rate_limited=100%"], 3, ["HTTP 429", "the account is blocked for a while"]),
        (&["--fault", "dropped=100%"], 3, ["was not looked up", "reaches OPENWEATHER_BASE_URL"]),
    ] {
        let simulator = SimulatorProcess::start(arguments);
        let program = Program::new();
        let ran = init(&simulator, &program, &["Madrid,ES"]).expect(code);
        for part in parts {
            assert!(ran.stderr.contains(part), "{arguments:?}: {part}: {}", ran.stderr);
        }
        assert!(left(&program).is_empty(), "{arguments:?}: {:?}", left(&program));
    }
}

#[test]
fn a_passing_trouble_is_tried_again() {
    let simulator = SimulatorProcess::start(&["--fault", "server_error=100%:2"]);
    let program = Program::new();
    init(&simulator, &program, &["Madrid,ES"]).expect(0);
    assert_eq!(simulator.calls().len(), 3);
}

#[test]
fn calls_are_counted_in_the_store_that_is_there_and_none_is_made_when_they_are_spent() {
    let simulator = SimulatorProcess::start(&[]);
    let program = simulator.client("").with_sites(1).env("OPENWEATHER_CALLS_PER_DAY", "2");
    program.run(&["migrate"]).expect(0);
    let ran = program
        .run(&["init", "--log-format", "pretty", "--force", "Madrid,ES", "Oslo,NO", "Tokyo,JP"])
        .expect(3);
    assert!(ran.stderr.contains("has no calls left this day"), "{}", ran.stderr);
    assert_eq!(simulator.calls().len(), 2);
    let quota = program.run(&["quota", "--output", "json"]).expect(0);
    let quota: Vec<Value> = serde_json::from_str(&quota.stdout).unwrap();
    assert!(quota.iter().any(|row| row["window"] == "day" && row["used"] == 2), "{quota:?}");
}

#[test]
fn without_a_key_a_list_with_coordinates_is_enough_and_one_without_is_refused_with_the_remedy() {
    let program = Program::new()
        .file("whole.csv", "name,lat,lon\nMadrid,40.41,-3.68\n")
        .file("half.csv", "name,lat,lon\nMadrid,40.41,-3.68\nOslo,,\n");
    let ran = program.run(&["init", "--log-format", "pretty", "--from", "half.csv"]).expect(2);
    for part in [
        "1 place has no coordinates (Oslo)",
        "OPENWEATHER_API_KEY is not set",
        "add the columns latitude and longitude, or get a key",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    let ran = program.run(&["init", "--from", "whole.csv"]).expect(0);
    assert!(ran.stdout.contains("put OPENWEATHER_API_KEY=… into .env"), "{}", ran.stdout);
    assert_eq!(dotenv(&program), "SITES_FILE=sites.json\n");
    let free = Program::new().file("whole.csv", "name,lat,lon\nMadrid,40.41,-3.68\n");
    let ran = free.run(&["init", "--from", "whole.csv", "--sources", "open-meteo"]).expect(0);
    assert!(!ran.stdout.contains("OPENWEATHER_API_KEY"), "{}", ran.stdout);
    assert_eq!(dotenv(&free), "SITES_FILE=sites.json\nSOURCES=open-meteo\n");
}

#[test]
fn a_list_with_faults_is_refused_with_all_of_them_before_a_call() {
    let simulator = SimulatorProcess::start(&[]);
    let list = "name,lat,lon,lat\nMadrid,x,-3.68,\nOslo,,10.7,\nLost,,,\n";
    let program = Program::new().file("places.csv", list);
    let ran = init(&simulator, &program, &["--from", "places.csv"]).expect(2);
    for part in [
        "places.csv: 3 faults",
        "line 1: lat: the column \"lat\" is the latitude already",
        "line 2: latitude: \"x\" is no number",
        "line 3: latitude: is missing",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert!(program.run(&["init"]).expect(2).stderr.contains("<PLACE>"));
    assert!(
        program
            .run(&["init", "--from", "none.csv", "--log-format", "pretty"])
            .expect(2)
            .stderr
            .contains("none.csv: No such file")
    );
    assert_eq!(simulator.calls().len(), 0);
    assert_eq!(left(&program), ["places.csv"]);
}

#[test]
fn a_list_that_is_no_csv_or_no_text_says_what_is_expected() {
    let program = Program::new().file("sites.yaml", "sites: []\n");
    let latin_1 = b"name,lat,lon\nGij\xf3n,43.5,-5.7\n";
    std::fs::write(program.folder.path().join("latin.csv"), latin_1).unwrap();
    for (file, parts) in [
        ("sites.yaml", ["sites.yaml: expected a list of places as CSV", "weather sites check"]),
        ("latin.csv", ["latin.csv: not UTF-8 at byte 16", "save the list as CSV in UTF-8"]),
    ] {
        let ran = program.run(&["init", "--from", file, "--log-format", "pretty"]).expect(2);
        for part in parts {
            assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
        }
    }
    assert_eq!(left(&program), ["latin.csv", "sites.yaml"]);
}
