//! A thousand sites on one page.

use super::{check, two_days_of};
use crate::support::databases::{TestDatabase, on_both_databases};
use crate::support::server::Server;

on_both_databases!(the_overview_of_a_thousand_sites_is_short);

async fn the_overview_of_a_thousand_sites_is_short(database: &TestDatabase) {
    two_days_of(&*database.store, 1000).await;
    let server = Server::start(database).await;
    let first = server.get("/").await.expect(200);
    check(&first);
    assert!(first.body.contains("1000 of 1000 sites") && first.body.matches("<tr").count() == 1001);
    let (status, length) = server.compressed("/").await;
    println!("{} bytes of HTML, {length} compressed", first.body.len());
    assert!(status == 200 && length < 300_000, "{length} bytes");
}
