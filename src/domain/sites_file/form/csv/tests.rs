//! Files as spreadsheets and people write them.

use super::*;
use crate::domain::sites_file::{Form, SitesFileError, read as read_form};

const HEADS: &str = "site_id,name,latitude,longitude,timezone";
const MADRID: &str = "mad-retiro,\"Madrid, El Retiro\",40.41,-3.68,Europe/Madrid";

fn sites(text: &str) -> Vec<Site> {
    super::read(text.as_bytes()).unwrap().unwrap_or_else(|faults| panic!("{faults}"))
}

fn faults(text: &str) -> Vec<String> {
    let faults = super::read(text.as_bytes()).unwrap().unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_site_is_a_line_below_the_heads() {
    let sites = sites(&format!("{HEADS},tags,interval_minutes\n{MADRID},office; shop,30\n"));
    assert_eq!(sites[0].name, "Madrid, El Retiro");
    assert_eq!(
        (sites[0].tags.as_slice(), sites[0].interval.minutes()),
        (["office".to_owned(), "shop".to_owned()].as_slice(), 30)
    );
}

#[test]
fn a_file_of_a_spreadsheet_is_read_with_its_mark_its_line_ends_and_its_empty_lines() {
    let text = format!("\u{feff}\r\n{HEADS},,\r\n\r\n{MADRID},,\r\n,,,,,,\r\n");
    let sites = read_form(Form::Csv, text.as_bytes()).unwrap();
    assert_eq!((sites.len(), sites[0].site_id.as_str()), (1, "mad-retiro"));
}

#[test]
fn semicolons_and_tabs_separate_too_and_then_a_comma_is_a_decimal_one() {
    let with_semicolons =
        "ID;Name;Lat;Lng;Time zone\nmad;Madrid, El Retiro;40,41;-3,68;Europe/Madrid\n";
    for text in [with_semicolons.to_owned(), with_semicolons.replace(';', "\t")] {
        let sites = sites(&text);
        assert_eq!(
            (sites[0].coordinates.latitude(), sites[0].coordinates.longitude()),
            (40.41, -3.68)
        );
        assert_eq!(sites[0].name, "Madrid, El Retiro");
    }
}

#[test]
fn every_fault_of_a_file_is_named_at_once_by_its_line() {
    let text = "site_id,name,lat,latitude,timezone,comment\r\n\r\n\
         MAD,Madrid,forty,1,europe/madrid,\r\n\
         mad,\"two\nlines\",91,2,Europe/Madrid,x\r\n\
         mad,Madrid,1,2\r\n\
         mad,Madrid,1,2,Europe/Madrid,x,y\r\n";
    assert_eq!(
        faults(text),
        [
            "line 1: comment: is no key of a site: remove it; what is free text fits in name or tags",
            "line 1: latitude: the column \"lat\" is the latitude already: expected each once: remove one of the two",
            "line 1: longitude: is no head: add a column with the head \"longitude\"",
            "line 3: site_id: \"MAD\" is no site id: expected 1 to 64 lower-case letters, digits, _ and -, the first a letter or digit",
            "line 3: latitude: \"forty\" is no number: expected -90 to 90 degrees north",
            "line 3: timezone: \"europe/madrid\" is no time zone: did you mean Europe/Madrid?",
            "line 4 (mad): name: \"two\\nlines\" is no name: expected 1 to 200 characters, not only spaces, none of them a control or direction character, the first none of = + - @",
            "line 4 (mad): latitude: 91 is out of range: expected -90 to 90 degrees north",
            "line 6: has 4 cells: expected 6, one for each head; a text that has the separator in it is put in quotes",
            "line 7: has 7 cells: expected 6, one for each head; a text that has the separator in it is put in quotes",
        ]
    );
}

#[test]
fn an_id_is_given_once_and_the_line_of_the_first_is_named() {
    let found = faults(&format!("{HEADS}\n{MADRID}\n\n{MADRID}\n"));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("line 4 (mad-retiro): site_id: is that of line 2 already"),
        "{found:?}"
    );
}

#[test]
fn a_file_without_sites_or_heads_says_so() {
    assert!(
        faults("")[0].starts_with(
            "the file: is empty: expected a line of heads; the heads are site_id, name"
        )
    );
    assert_eq!(
        faults(&format!("{HEADS}\n\n")),
        ["the file: has no line below its heads: expected at least one site"]
    );
    assert!(
        faults("{\"sites\": []}\n")
            .iter()
            .any(|fault| fault.contains("add a column with the head \"site_id\""))
    );
}

#[test]
fn too_many_columns_are_one_fault() {
    let heads: Vec<String> = (0..10_001).map(|number| format!("column {number}")).collect();
    let found = faults(&heads.join(","));
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .starts_with("line 1: has 10001 columns: expected 200 at most; the heads are site_id"),
        "{found:?}"
    );
}

#[test]
fn a_quotation_mark_that_is_not_closed_is_named_where_it_stands() {
    let oslo = "osl,Oslo,59.9,10.7,Europe/Oslo";
    let found =
        faults(&format!("{HEADS}\n{MADRID}\nlon,\"London,51.5,-0.1,Europe/London\n{oslo}\n"));
    assert!(
        found[0].starts_with("line 3: a quotation mark that begins a cell is not closed"),
        "{found:?}"
    );
    let endless = format!("{HEADS}\nlon,\"{}", "London\n".repeat(300_000));
    assert!(faults(&endless)[0].starts_with("line 2: is longer than 1024 KiB"));
    // One within a cell is an inch.
    assert_eq!(
        sites(&format!("{HEADS}\nlon,5\" pipe,51.5,-0.1,Europe/London\n"))[0].name,
        "5\" pipe"
    );
    assert_eq!(
        sites(&format!("{HEADS}\nlon,\"say \"\"hi\"\"\",51.5,-0.1,Europe/London"))[0].name,
        "say \"hi\""
    );
}

#[test]
fn what_is_no_text_is_said_by_its_byte() {
    let latin_1 = [HEADS.as_bytes(), b"\nmad,Gij\xf3n,1,2,Europe/Madrid\n"].concat();
    let error = read_form(Form::Csv, &latin_1[..]).unwrap_err();
    let at = HEADS.len() as u64 + 8;
    assert!(matches!(error, SitesFileError::NotUtf8 { at: found } if found == at), "{error}");
}
