//! Each finding of the doctor, provoked.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;
use sqlx::{Executor as _, MySqlPool};

use crate::support::databases::{mysql_server, with_mysql};
use crate::support::program::{Program, SimulatorProcess};
use crate::support::warehouse::{Warehouse, bigquery_url};

/// The findings, and the exit code that goes with them.
struct Findings {
    code: i32,
    rows: Vec<Value>,
}

fn examine(program: &Program) -> Findings {
    let ran = program.run(&["doctor", "--output", "json"]);
    let rows = serde_json::from_str(&ran.stdout);
    Findings { code: ran.code, rows: rows.unwrap_or_else(|_| panic!("{}", ran.stderr)) }
}

impl Findings {
    /// Verdict and remedy of the check, of which there is one.
    fn of(&self, check: &str) -> (&str, &str) {
        let mut found = self.rows.iter().filter(|row| row["check"] == check);
        let row = found.next().unwrap_or_else(|| panic!("no {check}: {:?}", self.rows));
        assert!(found.next().is_none(), "{check} twice");
        (row["verdict"].as_str().unwrap(), row["remedy"].as_str().unwrap())
    }

    #[track_caller]
    fn expect(&self, code: i32, check: &str, verdict: &str, remedy: &str) {
        let found = self.of(check);
        assert!(found.0 == verdict && found.1.contains(remedy), "{check}: {found:?}");
        assert_eq!(self.code, code, "{:?}", self.rows);
    }
}

/// A healthy program, with a file for a store.
fn healthy(simulator: &SimulatorProcess) -> Program {
    let program = simulator.client("sqlite://weather.db").with_sites(1);
    program.run(&["migrate"]).expect(0);
    program
}

#[test]
fn a_healthy_program_has_nothing_to_do() {
    let findings = examine(&healthy(&SimulatorProcess::start(&[])));
    assert_eq!(findings.code, 0);
    let checks: Vec<_> = findings.rows.iter().map(|row| row["check"].as_str().unwrap()).collect();
    let all = ["sites file", "DATABASE_URL", "store", "migrations", "privileges", "version"];
    assert_eq!(checks, [&all[..], &["transport", "clock", "sink", "API key"]].concat());
    let store = findings.rows[2]["found"].as_str().unwrap();
    assert!(store.starts_with("connected in ") && store.ends_with(" s"), "{store}");
    assert!(findings.rows.iter().all(|row| row["verdict"] == "good" && row["remedy"] == ""));
}

#[test]
fn wrong_configuration_is_told_from_refusal() {
    let simulator = SimulatorProcess::start(&[]);
    let program = healthy(&simulator).file("sites.json", r#"{"sites": [{}]}"#);
    examine(&program).expect(2, "sites file", "wrong_configuration", "weather sites check");
    let program = healthy(&simulator).env("CLOUD_RUN_JOB", "weather");
    examine(&program).expect(2, "DATABASE_URL", "wrong_configuration", "mysql://");
    let program = healthy(&simulator).env("DATABASE_URL", "");
    examine(&program).expect(0, "DATABASE_URL", "warning", "mysql://");
    let program = healthy(&simulator).env("OPENWEATHER_BASE_URL", "http://192.0.2.1");
    examine(&program).expect(2, "API key", "wrong_configuration", "use the https address");
    let program = healthy(&simulator).env("DATABASE_URL", "postgres://somewhere/weather");
    examine(&program).expect(2, "store", "wrong_configuration", "set DATABASE_URL");
    let program = healthy(&simulator).env("OPENWEATHER_API_KEY", " ");
    examine(&program).expect(
        2,
        "API key",
        "wrong_configuration",
        "home.openweathermap.org/api_keys",
    );
}

#[tokio::test]
async fn a_server_that_refuses_is_told_from_one_that_is_not_there() {
    let simulator = SimulatorProcess::start(&[]);
    let examined = |url: &str| {
        let program = healthy(&simulator).env("WEATHER_FIRST_CONNECTION_SECONDS", "1");
        examine(&program.env("DATABASE_URL", url))
    };
    examined("mysql://u:p@127.0.0.1:1/weather").expect(3, "store", "refused", "host, port and TLS");
    let mut url = url::Url::parse(&mysql_server()).unwrap();
    url.set_password(Some("wrong")).unwrap();
    examined(url.as_str()).expect(3, "store", "refused", "check user and password");
}

#[tokio::test]
async fn a_schema_or_a_user_that_will_not_do_is_known_beforehand() {
    with_mysql(async |database| {
        let simulator = SimulatorProcess::start(&[]);
        let program = healthy(&simulator).env("DATABASE_URL", &database.url);
        examine(&program).expect(0, "privileges", "good", "");

        let mut url = url::Url::parse(&database.url).unwrap();
        let name = url.path().trim_start_matches('/').to_owned();
        // A name of a user has 32 characters at most.
        let user = name.replace("weather_test_0", "u");
        let admin = MySqlPool::connect(&mysql_server()).await.unwrap();
        for statement in [
            format!("create user {user}@'%' identified by 'reader'"),
            format!("grant select on {name}.* to {user}@'%'"),
        ] {
            admin.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
        }
        url.set_username(&user).unwrap();
        url.set_password(Some("reader")).unwrap();
        let reader = healthy(&simulator).env("DATABASE_URL", url.as_str());
        let findings = examine(&reader);
        admin.execute(sqlx::AssertSqlSafe(format!("drop user {user}@'%'"))).await.unwrap();
        findings.expect(3, "privileges", "refused", "select, insert and update");

        database.execute("update _sqlx_migrations set success = false").await;
        examine(&program).expect(3, "migrations", "refused", "weather migrate");
        database
            .execute("update _sqlx_migrations set success = true, version = version + 9000")
            .await;
        examine(&program).expect(3, "migrations", "refused", "update this program");
        database.execute("delete from _sqlx_migrations").await;
        examine(&program).expect(3, "migrations", "refused", "weather migrate");
    })
    .await;
}

#[test]
fn each_answer_of_the_api_has_its_remedy() {
    for (fault, remedy) in [
        ("unauthorized", "2 hours"),
        ("rate_limited", "lower OPENWEATHER_CALLS_PER_MINUTE"),
        ("slow", "HTTPS_PROXY"),
        ("dropped", "HTTPS_PROXY"),
        ("server_error", "try again later"),
        ("bad_request", "coordinates of the first site"),
        ("not_found", "coordinates of the first site"),
        ("html", "not a page or a proxy"),
        ("out_of_range", "not a page or a proxy"),
    ] {
        let simulator = SimulatorProcess::start(&["--fault", &format!("{fault}=100%")]);
        let patience = if fault == "slow" { "0.5" } else { "120" };
        let program = healthy(&simulator).env("HTTP_TIMEOUT_SECONDS", patience);
        let findings = examine(&program);
        println!("{fault}: {:?}", findings.of("API key"));
        findings.expect(3, "API key", "refused", remedy);
    }
}

/// The service's words, from its page of errors (<https://openweathermap.org/faq#error401>).
#[test]
fn a_key_whose_plan_lacks_the_product_is_told_from_a_wrong_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let body = r#"{"cod":401,"message":"Please note that using One Call 3.0 requires a separate subscription to the One Call by Call plan."}"#;
        let head =
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nConnection: close\r\n";
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    let program = healthy(&SimulatorProcess::start(&[])).env("OPENWEATHER_BASE_URL", &url);
    examine(&program).expect(3, "API key", "refused", "plan lacks this product");
    answering.join().unwrap();
}

#[test]
fn a_sink_is_looked_at_before_and_after_the_first_sync() {
    let simulator = SimulatorProcess::start(&[]);
    let warehouse = Warehouse::new();
    let program = warehouse.settings(healthy(&simulator), &bigquery_url());
    let sink = |findings: &Findings, check: &str| {
        let row = findings.rows.iter().find(|row| row["check"] == check);
        row.map(|row| row["found"].as_str().unwrap().to_owned())
    };
    let before = examine(&program);
    before.expect(0, "sink", "good", "");
    assert!(sink(&before, "sink").unwrap().contains("the next sync makes: dataset"));
    program.run(&["etl"]).expect(0);
    program.run(&["sync"]).expect(0);
    program.run(&["etl", "--force"]).expect(0);
    let after = examine(&program);
    after.expect(0, "sink", "good", "");
    assert_eq!(sink(&after, "sync").as_deref(), Some("runs behind: 1"));

    // Another file in its place: not the store that was synced.
    std::fs::remove_file(program.folder.path().join("weather.db")).unwrap();
    program.run(&["migrate"]).expect(0);
    examine(&program).expect(3, "sync", "refused", "weather sync --rebase");
    let half = healthy(&simulator).env("BIGQUERY_DATASET", "weather");
    examine(&half).expect(2, "sink", "wrong_configuration", "BIGQUERY_PROJECT");
}
