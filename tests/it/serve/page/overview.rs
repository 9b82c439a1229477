//! The overview: the sentence, tiles, map and table, what it can be asked with, and how large it is.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use weather_data_product::domain::{Coordinates, RunCounts, Site};
use weather_data_product::store::Store;

use super::{check, check_in, page};
use crate::support::databases::{TestDatabase, on_both_databases, with_sqlite};
use crate::support::samples::{collected, full_values, hour, open_run, run_end, site};
use crate::support::server::Server;

on_both_databases!(
    sites_are_found_by_tag_country_box_and_trouble_and_stand_together_by_them,
    pages_of_a_hundred_follow_one_another,
);

/// Sites, each with an observation of the present hour.
async fn observed(store: &dyn Store, sites: &[Site]) {
    store.take_in_sites(sites, hour()).await.unwrap();
    let run = open_run(store).await;
    for (begin, some) in sites.chunks(500).enumerate().map(|(at, some)| (at * 500, some)) {
        let number = |at: usize| u16::try_from(begin + at).unwrap();
        let one = |at: usize| {
            let mut values = full_values();
            values.temperature_c = Some(f64::from(number(at) % 400) / 10.0);
            collected(number(at), hour(), values)
        };
        let batch: Vec<_> = (0..some.len()).map(one).collect();
        store.load(&run, &batch, hour()).await.unwrap();
    }
    store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
}

fn sites_at(places: &[(f64, f64)]) -> Vec<Site> {
    let one = |(number, (longitude, latitude)): (usize, &(f64, f64))| {
        let mut site = site(u16::try_from(number).unwrap());
        site.coordinates = Coordinates::parse(*latitude, *longitude).unwrap();
        site
    };
    places.iter().enumerate().map(one).collect()
}

/// The values of an attribute.
fn attributes<'a>(body: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    body.split(begin).skip(1).map(|rest| rest.split('"').next().unwrap())
}

/// Where the circles of the map are, degrees.
fn circles(body: &str) -> Vec<(f64, f64)> {
    let map = body.split("<g class=\"dots\">").nth(1).unwrap_or_default();
    let map = map.split("</svg>").next().unwrap();
    let xs = attributes(map, " cx=\"").map(|x| x.parse::<f64>().unwrap() / 10.0 - 180.0);
    let ys = attributes(map, " cy=\"").map(|y| 90.0 - y.parse::<f64>().unwrap() / 10.0);
    xs.map(|x| if x > 180.0 { x - 360.0 } else { x }).zip(ys).collect()
}

pub(super) fn elements(body: &str) -> usize {
    body.as_bytes()
        .windows(2)
        .filter(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic())
        .count()
}

async fn sites_are_found_by_tag_country_box_and_trouble_and_stand_together_by_them(
    database: &TestDatabase,
) {
    let mut sites = sites_at(&[(-3.7, 40.4), (-9.1, 38.7), (2.3, 48.9), (170.0, -20.0)]);
    for (site, (tags, country)) in sites.iter_mut().zip([
        (&["depot", "cold store"][..], Some("ES")),
        (&["depot"], Some("PT")),
        (&[], Some("FR")),
        (&["ship"], None),
    ]) {
        site.tags = tags.iter().map(ToString::to_string).collect();
        site.country = country.map(str::to_owned);
    }
    observed(&*database.store, &sites).await;
    let server = Server::start(database).await;
    let shown = async |query: &str| {
        let body = page(&server, query).await;
        let rows = attributes(&body, "<tr id=\"s-").map(str::to_owned);
        rows.map(|row| row.replace("site-0000", "")).collect::<Vec<_>>().join(" ")
    };
    for (query, rows) in [
        ("/", "0 1 2 3"),
        ("/?tag=depot", "0 1"),
        ("/?tag=depot,ship&country=", "0 1 3"),
        ("/?country=ES,FR", "0 2"),
        ("/?bbox=-10,35,5,45", "0 1"),
        ("/?bbox=160,-50,-160,50", "3"),
        ("/?q=SITE+2&tag=&show=all&group=&order=", "2"),
        ("/?show=trouble", ""),
        ("/?sort=temperature&order=desc", "3 2 1 0"),
        ("/?sort=site&order=desc&country=ES,PT", "1 0"),
        ("/?group=country", "2 1 0 3"),
        ("/?group=tag", "0 0-1 1 3 2"),
    ] {
        assert_eq!(shown(query).await, rows, "{query}");
    }
    let grouped = page(&server, "/?group=tag").await;
    assert!(grouped.contains("<bdi>cold store</bdi>") && grouped.contains("2 sites"), "{grouped}");
    assert!(page(&server, "/?tag=moon").await.contains("No site is like that"));
    // Two hours later none is fresh.
    let later = Server::at(database, hour() + TimeDelta::minutes(130)).await;
    let stale = page(&later, "/").await;
    assert!(stale.contains("headline bad") && stale.contains("0 of 4 sites are fresh"), "{stale}");
    assert!(stale.contains("no run has ended for"), "{stale}");
    assert!(stale.contains("nothing newer came") && stale.contains("class=\"stale\""), "{stale}");
}

async fn pages_of_a_hundred_follow_one_another(database: &TestDatabase) {
    let places: Vec<_> = (0..250).map(|number| (f64::from(number) / 2.0, 10.0)).collect();
    observed(&*database.store, &sites_at(&places)).await;
    let server = Server::start(database).await;
    let mut path = "/?sort=site".to_owned();
    let mut seen = BTreeSet::new();
    for rows in [100, 100, 50] {
        let body = page(&server, &path).await;
        let ids: Vec<_> = attributes(&body, "<tr id=\"s-").map(str::to_owned).collect();
        assert_eq!(ids.len(), rows);
        seen.extend(ids);
        let next = attributes(&body, "id=\"page-after\" href=\"").next();
        path = next.unwrap_or_default().replace("&#38;", "&").replace("#sites", "");
    }
    assert_eq!((seen.len(), path.as_str()), (250, ""));
    let past = server.get("/?page=4&lang=es").await.expect(400);
    check_in(&past, "es");
    assert!(past.body.contains("parámetro page") && past.body.contains("1 … 3"), "{}", past.body);
}

#[tokio::test]
async fn what_the_overview_cannot_be_asked_with_is_refused_on_a_page() {
    with_sqlite(async |database| {
        observed(&*database.store, &sites_at(&[(0.0, 0.0)])).await;
        let server = Server::start(database).await;
        let long = format!("q={}", "a".repeat(101));
        for (query, name, allowed) in [
            ("map=", "map", "temperature, wind, rain, humidity, freshness"),
            ("map=moon", "map", "temperature, wind, rain, humidity, freshness"),
            ("bbox=1,2,3", "bbox", "-10,35,5,45"),
            ("bbox=0,10,1,5", "bbox", "-10,35,5,45"),
            ("bbox=", "bbox", "-10,35,5,45"),
            ("sort=moon", "sort", "temperature"),
            ("group=moon", "group", "country"),
            ("page=0", "page", "1 …"),
            ("page=2", "page", "1 … 1"),
            ("country=Spain", "country", "ES,PT"),
            (long.as_str(), "q", "100"),
        ] {
            for (lang, words) in [("en", "The parameter"), ("es", "El parámetro")] {
                let refused = server.get(&format!("/?{query}&lang={lang}")).await.expect(400);
                check_in(&refused, lang);
                let said = format!("{words} {name}");
                assert!(refused.body.contains(&said), "{query}: {}", refused.body);
                assert!(refused.body.contains(allowed), "{query}: {}", refused.body);
            }
        }
    })
    .await;
}

/// Longitudes and latitudes of the sites that the program comes with.
fn sample_places() -> Vec<(f64, f64)> {
    let file = crate::support::program::repository_file("config/sites_sample.json");
    let file: serde_json::Value = serde_json::from_str(&file).unwrap();
    let sites = file["sites"].as_array().unwrap().iter();
    let degrees = |site: &serde_json::Value, name: &str| site[name].as_f64().unwrap();
    sites.map(|site| (degrees(site, "longitude"), degrees(site, "latitude"))).collect()
}

/// Holds the circle of each place against it.
fn check_circles(body: &str, places: &[(f64, f64)]) {
    let circles = circles(body);
    assert_eq!(circles.len(), places.len());
    for (longitude, latitude) in places {
        let is_there = circles.iter().any(|(x, y)| {
            let apart = (x - longitude).abs();
            apart.min(360.0 - apart) <= 0.05 && (y - latitude).abs() <= 0.05
        });
        assert!(is_there, "{longitude} {latitude}: {circles:?}");
    }
}

#[tokio::test]
async fn every_circle_is_where_its_site_is_at_the_ends_of_the_world_too() {
    with_sqlite(async |database| {
        let places = sample_places();
        assert_eq!(places.len(), 24);
        observed(&*database.store, &sites_at(&places)).await;
        check_circles(&page(&Server::start(database).await, "/").await, &places);
    })
    .await;
    with_sqlite(async |database| {
        let places = [(180.0, 0.0), (-180.0, 10.0), (0.0, 90.0), (12.34, -90.0)];
        observed(&*database.store, &sites_at(&places)).await;
        let server = Server::start(database).await;
        check_circles(&page(&server, "/").await, &places);
        for map in ["wind", "rain", "humidity", "freshness"] {
            let body = page(&server, &format!("/?map={map}&units=imperial")).await;
            let is_marked =
                format!("id=\"map-{map}\" href=\"/?map={map}&#38;units=imperial\" aria");
            assert!(body.contains(&is_marked), "{map}: {body}");
        }
    })
    .await;
}

/// Places all over the world, most of them in a few towns.
fn ten_thousand() -> Vec<(f64, f64)> {
    let share = |number: u32, prime: u32| f64::from(number * prime % 10_007) / 10_007.0;
    let place = |number: u32| match number % 4 {
        0 => (share(number, 7919) * 360.0 - 180.0, share(number, 104) * 170.0 - 85.0),
        1 => (2.0 + share(number, 7919), 48.5 + share(number, 104)),
        2 => (151.2, -33.9),
        _ => (-74.2 + share(number, 7919) * 0.4, 40.6 + share(number, 104) * 0.3),
    };
    (0..10_000).map(place).collect()
}

#[tokio::test]
async fn ten_thousand_sites_are_few_circles_and_each_is_reached_in_four_clicks() {
    with_sqlite(async |database| {
        observed(&*database.store, &sites_at(&ten_thousand())).await;
        let server = Server::start(database).await;
        let body = page(&server, "/").await;
        let counts = counts(&body);
        assert!(counts.len() <= 288, "{} circles", counts.len());
        assert_eq!(counts.iter().sum::<usize>(), 10_000);
        let (_, bytes) = server.compressed("/").await;
        println!("10000 sites: {bytes} bytes compressed, {} elements", elements(&body));
        assert!(bytes <= 45_000 && elements(&body) <= 4000, "{bytes} {}", elements(&body));
        for number in [0, 4, 801, 5555, 7003, 9998] {
            reach(&server, number).await;
        }
    })
    .await;
}

/// The numbers in the circles.
fn counts(body: &str) -> Vec<usize> {
    let texts = body.split(" class=\"in\" dy=\".35em\">").skip(1);
    texts.map(|text| text.split('<').next().unwrap().replace(',', "").parse().unwrap()).collect()
}

/// Follows the circle in whose box a site is, until the site is on the map or in the list.
async fn reach(server: &Server, number: usize) {
    let (longitude, latitude) = ten_thousand()[number];
    let mut path = "/".to_owned();
    for _ in 0..=4 {
        let (address, hash) = path.split_once('#').unwrap_or((&path, ""));
        let body = page(server, address).await;
        if body.contains(&format!("<a href=\"/sites/site-{number:05}\"><title>")) || hash == "sites"
        {
            return;
        }
        let boxes = attributes(&body, "<a href=\"/?bbox=").map(str::to_owned);
        let mut around = boxes.filter(|link| {
            let numbers = link.split(['&', '#']).next().unwrap().replace("%2C", ",");
            let edges: Vec<f64> = numbers.split(',').map(|edge| edge.parse().unwrap()).collect();
            let is_high = edges[1] <= latitude && latitude <= edges[3];
            edges[0] <= longitude && longitude <= edges[2] && is_high
        });
        let link = around.next().unwrap_or_else(|| panic!("{number}: no way on from {path}"));
        path = format!("/?bbox={}", link.replace("&#38;", "&"));
    }
    panic!("site {number} is not reached: {path}");
}

#[tokio::test]
async fn five_hundred_sites_at_one_point_are_a_list() {
    with_sqlite(async |database| {
        observed(&*database.store, &sites_at(&vec![(10.0, 50.0); 500])).await;
        let server = Server::start(database).await;
        let body = page(&server, "/").await;
        assert_eq!(counts(&body), [500]);
        let link = attributes(&body, "<a href=\"/?bbox=").next().unwrap();
        assert!(link.ends_with("#sites"), "{link}");
        let link = format!("/?bbox={}", link.replace("#sites", ""));
        let list = page(&server, &link).await;
        assert!(list.contains("500 sites, as of") && list.contains("Page 1 of 5"), "{list}");
    })
    .await;
}

#[tokio::test]
async fn the_overview_is_short_however_many_sites_there_are() {
    with_sqlite(async |database| {
        super::two_days_of(&*database.store, 24).await;
        let server = Server::start(database).await;
        let body = page(&server, "/").await;
        let (_, bytes) = server.compressed("/").await;
        println!("24 sites: {bytes} bytes compressed, {} elements", elements(&body));
        assert!(bytes <= 20_000 && elements(&body) <= 4000, "{bytes} bytes");
    })
    .await;
    with_sqlite(async |database| {
        super::two_days_of(&*database.store, 1000).await;
        let server = Server::start(database).await;
        let first = server.get("/").await.expect(200);
        check(&first);
        assert!(first.body.contains("1,000 of 1,000 sites are fresh"), "{}", first.body);
        let (_, bytes) = server.compressed("/").await;
        println!("1000 sites: {bytes} bytes compressed, {} elements", elements(&first.body));
        assert!(bytes <= 40_000 && elements(&first.body) <= 4000, "{bytes} bytes");
    })
    .await;
}

#[tokio::test]
async fn without_an_observation_tiles_have_a_dash_and_sites_their_place() {
    with_sqlite(async |database| {
        let store = &*database.store;
        store.take_in_sites(&sites_at(&[(0.0, 0.0), (1.0, 1.0)]), hour()).await.unwrap();
        let before = page(&Server::start(database).await, "/").await;
        assert!(before.contains("no run has ended yet"), "{before}");
        let run = open_run(store).await;
        store.close_run(&run, &run_end(RunCounts::default())).await.unwrap();
        let body = page(&Server::start(database).await, "/").await;
        assert!(
            body.contains("0 of 2 sites are fresh") && body.contains("never collected"),
            "{body}"
        );
        assert_eq!(body.matches("<b>–</b>").count(), 4, "{body}");
        assert_eq!(body.matches("<circle class=\"stale\" cx").count(), 2 + 1, "{body}");
    })
    .await;
}

#[tokio::test]
async fn a_name_of_any_kind_is_a_text_that_pushes_nothing_away() {
    with_sqlite(async |database| {
        let mut sites = sites_at(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]);
        let names =
            ["a".repeat(200), "<script>x</script>".into(), "אבג דהו".into(), "e\u{301}".repeat(60)];
        for (site, name) in sites.iter_mut().zip(&names) {
            site.name.clone_from(name);
        }
        observed(&*database.store, &sites).await;
        let server = Server::start(database).await;
        let body = page(&server, "/").await;
        assert!(!body.contains("<script>x") && body.contains("<bdi>אבג דהו</bdi>"), "{body}");
        assert!(body.contains(&names[0]) && body.contains(&names[3]), "{body}");
    })
    .await;
}

/// The steps of a baked path, in degrees, each with the latitude at which it ends.
fn steps(file: &str, parts: f64) -> Vec<(f64, f64, f64)> {
    let text = crate::support::program::repository_file(&format!("assets/{file}"));
    let path = text.split(" d=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut steps = Vec::new();
    for ring in path.split('M').skip(1) {
        let (start, rest) = ring.trim_end_matches('z').split_once('l').unwrap();
        let numbers = |text: &str| -> Vec<f64> {
            let spaced = text.replace('-', " -");
            spaced.split_whitespace().map(|number| number.parse().unwrap()).collect()
        };
        let (start, rest) = (numbers(start), numbers(rest));
        let (mut x, mut y) = (start[0], start[1]);
        for step in rest.chunks(2) {
            (x, y) = (x + step[0], y + step[1]);
            steps.push((step[0] / parts, step[1] / parts, 90.0 - y / parts));
        }
        // The ring is closed by a step too.
        steps.push(((start[0] - x) / parts, (start[1] - y) / parts, 90.0 - start[1] / parts));
    }
    steps
}

#[test]
fn no_line_of_the_land_goes_across_the_map() {
    for (file, parts) in [("land-110m.svg", 10.0), ("land-50m.svg", 20.0)] {
        let steps = steps(file, parts);
        assert!(steps.len() > 1000, "{file}");
        let lowest = steps.iter().map(|(.., latitude)| *latitude).fold(90.0, f64::min);
        for (east, south, latitude) in steps {
            let is_along_the_lowest = latitude <= lowest + 0.1 && south.abs() < 6.0;
            assert!(
                east.hypot(south) <= 30.0 || is_along_the_lowest,
                "{file}: a step of {east} {south} at {latitude}"
            );
        }
    }
}
