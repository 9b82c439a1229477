//! Pages on paper of A4.

use super::in_a_browser::Demo;
use crate::support::browser::Browser;

/// How many pages a PDF has.
fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.split("/Type /Page").skip(1).filter(|rest| !rest.starts_with('s')).count()
}

#[tokio::test]
async fn the_overview_is_two_sheets_of_paper_and_a_week_of_a_site_three() {
    let demo = Demo::still();
    let browser = Browser::start().await;
    for (path, most) in [("/", 2), ("/sites/mad-retiro?range=7d", 3)] {
        for language in ["en", "es"] {
            let join = if path.contains('?') { '&' } else { '?' };
            browser.open(&format!("{}{path}{join}lang={language}", demo.url)).await;
            let pdf = browser.print().await;
            assert!(pdf.starts_with(b"%PDF-"));
            let pages = pages(&pdf);
            println!("{path} in {language}: {pages} sheets");
            assert!((1..=most).contains(&pages), "{path} in {language}: {pages} sheets");
        }
    }
}
