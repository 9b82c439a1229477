//! The OpenAPI document: it says what is, and schemathesis finds no answer that it does not know.

use serde_json::Value;
use weather_data_product::domain::views::{OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY};

use super::access::token;
use crate::support::databases::with_sqlite;
use crate::support::program::{Program, repository_path};
use crate::support::server::{Server, ServerProcess};

/// Examples of each operation: 20 in a test run, more by `scripts/soak`.
fn examples() -> String {
    std::env::var("WEATHER_SOAK_EXAMPLES").unwrap_or_else(|_| "20".into())
}

#[test]
fn schemathesis_finds_no_answer_that_the_document_does_not_know() {
    let program = Program::new().env("DATABASE_URL", "sqlite://weather-demo.db");
    program.run(&["demo"]).expect(0);
    let token = token(&program, "schemathesis");
    let server = ServerProcess::start(&program, &["--api-tokens-file", "tokens.jsonl"]);
    let script = repository_path("scripts/check-api");
    let url = format!("http://{}", server.address);
    let ran =
        std::process::Command::new(script).args([&url, &token, &examples()]).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout);
    let words = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{text}\n{words}");
    let generated = text.lines().find(|line| line.contains(" generated")).unwrap();
    println!("{}", generated.trim());
    // What is skipped is not tested.
    assert!(!text.contains("Unresolvable") && text.contains("Tested: 25"), "{text}");
}

#[tokio::test]
async fn every_parameter_has_bounds_and_every_operation_its_refusals() {
    with_sqlite(async |database| {
        let server = Server::start(database).await;
        let document = server.get("/api/v1/openapi.json").await.expect(200).json();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["info"]["license"]["identifier"], "Apache-2.0");
        let paths = document["paths"].as_object().unwrap();
        assert_eq!(paths.len(), 26);
        for (path, item) in paths {
            let operation = &item["get"];
            for status in ["200", "400", "401", "406", "500", "503"] {
                assert!(operation["responses"][status].is_object(), "{path}: {status}");
            }
            let of_many = [
                "latest",
                "gaps",
                "sites",
                "v1/observations",
                "hourly",
                "daily",
                "metrics/weather",
            ];
            let names_one = path.contains('{') || of_many.iter().any(|name| path.ends_with(name));
            assert_eq!(operation["responses"]["404"].is_object(), names_one, "{path}");
            for member in ["operationId", "summary", "description"] {
                assert!(operation[member].is_string(), "{path}: {member}");
            }
            let tag = &operation["tags"][0];
            let is_described =
                |known: &Value| known["name"] == *tag && known["description"].is_string();
            assert!(document["tags"].as_array().unwrap().iter().any(is_described), "{path}: {tag}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                assert!(parameter["description"].is_string(), "{path}: {name}");
                let schema = parameter["schema"].to_string();
                let bounds = [
                    "pattern",
                    "minimum",
                    "date",
                    "Moment",
                    "enum",
                    "boolean",
                    "Edr",
                    "ParameterName",
                ];
                let is_bound = bounds.iter().any(|word| schema.contains(word));
                assert!(is_bound || name == "id", "{path}: {name}: {schema}");
            }
        }
        let observation = &document["components"]["schemas"]["Observation"];
        let columns = weather_data_product::domain::tables::WEATHER_OBSERVATIONS.columns;
        for column in columns.iter().filter(|column| column.name != "row_hash") {
            let described = &observation["properties"][column.name]["description"];
            assert_eq!(*described, Value::from(column.description));
        }
        for (name, view) in [("Hour", OBSERVATIONS_HOURLY), ("Day", OBSERVATIONS_DAILY)] {
            let fields = view.field_names();
            let schema = &document["components"]["schemas"][name];
            let properties = schema["properties"].as_object().unwrap();
            assert_eq!(properties.len(), fields.len(), "{name}");
            assert_eq!(schema["required"].as_array().unwrap().len(), 3, "{name}");
            for field in fields {
                assert!(properties[field]["description"].is_string(), "{name}: {field}");
            }
        }
    })
    .await;
}

#[test]
fn both_documents_pass_and_a_client_that_is_made_of_one_asks_five_endpoints() {
    let program = Program::new().env("DATABASE_URL", "sqlite://weather-demo.db");
    program.run(&["demo"]).expect(0);
    let token = token(&program, "client");
    let server = ServerProcess::start(&program, &["--api-tokens-file", "tokens.jsonl"]);
    let script = repository_path("scripts/check-openapi");
    let url = format!("http://{}", server.address);
    let ran = std::process::Command::new(script).args([&url, &token]).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout);
    let words = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{text}\n{words}");
    assert!(text.contains("a generated client asked 5 endpoints: 24 sites"), "{text}");
}

#[tokio::test]
async fn edr_has_the_document_in_the_version_that_its_client_knows() {
    with_sqlite(async |database| {
        let server = Server::start(database).await;
        for (accept, version, openapi) in [
            ("*/*", "3.1", "3.1.0"),
            ("application/vnd.oai.openapi+json;version=3.1", "3.1", "3.1.0"),
            ("application/vnd.oai.openapi+json;version=3.0", "3.0", "3.0.3"),
        ] {
            let answer = server.ask("/edr/api", &[("accept", accept)]).await.expect(200);
            let expected = format!("application/vnd.oai.openapi+json;version={version}");
            assert_eq!(answer.header("content-type"), expected);
            assert_eq!(answer.json()["openapi"], openapi);
            assert!(answer.header("vary").contains("accept"));
        }
        let older = server.get("/api/v1/openapi-3.0.json").await.expect(200);
        assert_eq!(older.header("content-type"), "application/vnd.oai.openapi+json;version=3.0");
        assert_eq!(older.json()["openapi"], "3.0.3");
        for word in
            ["\"null\"", "\"const\"", "\"prefixItems\"", "\"propertyNames\"", "\"identifier\""]
        {
            assert!(!older.body.contains(word), "{word}");
        }
    })
    .await;
}
