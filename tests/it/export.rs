//! `weather export`: the same bytes as the query API, whole or said to be none.

use chrono::Utc;

use crate::serve::fill_world;
use crate::support::databases::{TestDatabase, on_both_databases, with_mysql, with_sqlite};
use crate::support::program::Program;
use crate::support::proxy::Proxy;
use crate::support::server::Server;

on_both_databases!(an_export_is_the_answer_of_the_api_byte_for_byte);

fn program(database: &TestDatabase) -> Program {
    Program::new().env("DATABASE_URL", &database.url)
}

async fn an_export_is_the_answer_of_the_api_byte_for_byte(database: &TestDatabase) {
    fill_world(&*database.store, 12, 9).await;
    let server = Server::at(database, Utc::now()).await;
    let program = program(database);
    let get = async |path: &str| server.send_raw("GET", &format!("/api/v1/{path}"), &[]).await.1;
    let times = ["--from", "2026-11-18", "--to", "2026-11-24"];
    for (flags, path) in [
        (
            &["--what", "hourly", "--tag", "depot"][..],
            "hourly?from=2026-11-18&to=2026-11-25&tag=depot",
        ),
        (
            &["--what", "observations", "--country", "ES,PT", "--fields", "temperature_c"],
            "observations?from=2026-11-18&to=2026-11-25&country=ES,PT&fields=temperature_c",
        ),
        (
            &[
                "--what",
                "daily",
                "--site",
                "site-00002",
                "--site",
                "site-00003",
                "--hdd-base",
                "15.5",
            ],
            "daily?from=2026-11-18&to=2026-11-24&site=site-00002,site-00003&hdd_base=15.5",
        ),
        (
            &["--what", "gaps", "--bbox", "-180,-90,180,90", "--in-file", "false"],
            "gaps?from=2026-11-18&to=2026-11-24&bbox=-180,-90,180,90&in_file=false",
        ),
    ] {
        for format in ["csv", "ndjson", "parquet"] {
            let file = format!("{}.{format}", flags[1]);
            let arguments =
                [&["export", "--format", format, "--out", &file][..], flags, &times].concat();
            let ran = program.run(&arguments).expect(0);
            assert_eq!(ran.stdout, "");
            assert!(
                ran.stderr.starts_with(&format!("{file}: ")) && ran.stderr.lines().count() == 1,
                "{}",
                ran.stderr
            );
            let written = std::fs::read(program.folder.path().join(&file)).unwrap();
            assert!(written == get(&format!("{path}&format={format}")).await, "{file}");
            assert!(written.len() > 200, "{file}: {} bytes", written.len());
            assert!(!program.folder.path().join(format!("{file}.part")).exists());
        }
    }
    for what in ["latest", "sites", "runs"] {
        let ran = program.run(&["export", "--what", what, "--bom"]).expect(0);
        let served = get(&format!("{what}?format=csv&bom=true")).await;
        assert!(ran.stdout.as_bytes() == served, "{what}: {}", ran.stdout);
        assert_eq!(ran.stderr, "");
    }
}

#[tokio::test]
async fn what_cannot_be_exported_says_which_flag_and_what_may_be() {
    with_sqlite(async |database| {
        fill_world(&*database.store, 8, 2).await;
        let program = program(database);
        for (flags, words) in [
            (&["--format", "xlsx"][..], &["'xlsx'", "csv, parquet, ndjson"][..]),
            (&["--what", "status"], &["'status'", "observations, hourly, daily"]),
            (&["--site", "nope"], &["--site: no site has the id `nope`", "/api/v1/sites"]),
            (&["--country", "Spain"], &["--country: `Spain` is no country", "two letters"]),
            (&["--bbox", "1,2,3"], &["--bbox: `1,2,3` is no box", "west,south,east,north"]),
            (&["--fields", "rain"], &["--fields: `rain` is no field", "rain_1h_mm"]),
            (
                &["--what", "daily", "--hdd-base", "40"],
                &["--hdd-base: `40` is no temperature in range", "0 to 30"],
            ),
            (
                &["--hdd-base", "18"],
                &["--hdd-base: is nothing that hourly can be asked with", "from, to, source"],
            ),
            (
                &["--what", "runs", "--from", "2026-11-01"],
                &["--from: is nothing that runs can be asked with"],
            ),
            (&["--format", "parquet", "--bom"], &["--bom: is of CSV only"]),
            (&["--from", "2026-11-05", "--to", "2026-11-01"], &["--to: is not after `from`"]),
            (
                &["--out", "nowhere/hours.csv"],
                &["--out: nowhere/hours.csv.part cannot be written", "a folder that is there"],
            ),
        ] {
            let ran = program.run(&[&["export"][..], flags].concat()).expect(2);
            assert_eq!(ran.stdout, "", "{flags:?}");
            assert!(
                words.iter().all(|word| ran.stderr.contains(word)),
                "{flags:?}: {}",
                ran.stderr
            );
        }
        let files = std::fs::read_dir(program.folder.path()).unwrap().count();
        assert_eq!(files, 0, "nothing is left");
    })
    .await;
}

#[tokio::test]
async fn parquet_is_not_written_to_a_terminal() {
    with_sqlite(async |database| {
        fill_world(&*database.store, 8, 2).await;
        let program = program(database);
        let weather = env!("CARGO_BIN_EXE_weather");
        let on_a_terminal = |form: &str| {
            let command = format!("{weather} export --what sites --format {form}");
            let mut script = program.command_of("/usr/bin/script");
            script
                .args(["--quiet", "--return", "--command", &command, "/dev/null"])
                .output()
                .unwrap()
        };
        let refused = on_a_terminal("parquet");
        let words = String::from_utf8_lossy(&refused.stdout);
        assert_eq!(refused.status.code(), Some(2), "{words}");
        assert!(
            words.contains("Parquet is not for a terminal") && words.contains("--out FILE"),
            "{words}"
        );
        let csv = on_a_terminal("csv");
        assert_eq!(csv.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&csv.stdout).contains("site-00001"));
    })
    .await;
}

// The proxy goes on while this waits for the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_goes_away_leaves_a_part_that_is_said_to_be_one() {
    with_mysql(async |database| {
        fill_world(&*database.store, 12, 31).await;
        let whole = program(database)
            .run(&["export", "--from", "2026-10-26", "--format", "ndjson"])
            .expect(0);
        for form in ["ndjson", "csv", "parquet"] {
            let proxy = Proxy::to(&database.url).await;
            let program =
                Program::new().env("DATABASE_URL", &proxy.url).env("WEATHER_READ_SECONDS", "1");
            let file = format!("hours.{form}");
            proxy.break_after(150_000);
            let arguments = ["export", "--from", "2026-10-26", "--format", form, "--out", &file];
            let mut command = program.command(&arguments);
            let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
            let words = String::from_utf8_lossy(&ran.stderr);
            assert_eq!(ran.status.code(), Some(3), "{form}: {words}");
            assert!(!program.folder.path().join(&file).exists(), "{form}");
            assert_eq!(words.matches("the store cannot be reached").count(), 1, "once: {words}");
            let part = program.folder.path().join(format!("{file}.part"));
            // Of Parquet nothing was written: its first rows are not together yet.
            if form == "parquet" {
                assert!(words.contains("the store cannot be asked") && !part.exists(), "{words}");
                continue;
            }
            let said = format!("the export is cut off: {file}.part has ");
            assert!(words.contains(&said), "{words}");
            let written = std::fs::read(&part).unwrap();
            if form == "ndjson" {
                let whole = whole.stdout.as_bytes();
                let common =
                    written.iter().zip(whole).take_while(|(one, other)| one == other).count();
                let lengths = (written.len(), common, whole.len());
                assert!(
                    common > 0 && common == written.len() && common < whole.len(),
                    "{lengths:?}: {words}"
                );
            }
        }
    })
    .await;
}
