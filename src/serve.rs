//! The query API and the live page: programs and people ask for what the store holds, over HTTP, and it
//! only reads.
//!
//! Its rooms:
//!
//! - `door`: connections, who may ask, limits, figures; what holds for every request.
//! - `answer`: what every endpoint is made of, from the parameters to the answer.
//! - `api`, `edr`, `page`: the endpoints, for programs, for clients of a standard, and for people.
//!
//! A request passes the layers of `router` from the outside in: it is counted, its answer gets its
//! headers and is compressed, a panic becomes a problem, [`access`] lets it in, `guard` limits it. The
//! handler takes the parameters as one struct (`answer::parameters`), which is the cache key too
//! (`answer::query`), looks at the state of the store (`answer::versions`), and answers from the
//! `answer::cache` or by reading. What a slow client may hold is limited by `answer::memory` and
//! `door::connections`. Of a problem `page` makes a page where a person asked.

use std::future::IntoFuture as _;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::clock::Clock;
use crate::farmhash::fingerprint64;
use crate::store::Reads;

mod answer;
mod api;
mod door;
mod edr;
mod page;

pub use answer::cache::shared::{NoRedis, SharedCache};
pub use door::access;

use access::Access;
use answer::cache::Answers;
use answer::document::Document;
use answer::memory::Memory;
use answer::query::Answering;
use answer::reader::Reader;
use answer::versions::Versions;
use api::documentation;
use api::events::{self, Events};
use door::metrics::{self, Metrics};
use door::{connections, guard, probes};

/// What the server is made of.
pub struct Parts {
    /// What it reads.
    pub store: Arc<Reads>,
    /// Decides what is fresh and missing.
    pub clock: Arc<dyn Clock>,
    /// The sources that there may be, the one that is meant if none is named first.
    pub sources: &'static [&'static str],
    /// Who may ask.
    pub access: Access,
    /// Where instances share their answers, if they do.
    pub cache: Option<SharedCache>,
}

/// What the handlers share; each takes the part that it uses.
#[derive(Clone)]
struct App(Arc<Shared>);

struct Shared {
    reader: Reader,
    answering: Arc<Answering>,
    recent: Arc<page::Recent>,
    metrics: Arc<Metrics>,
    events: Events,
    document: Document,
}

macro_rules! part {
    ($field:ident: $type:ty) => {
        impl FromRef<App> for $type {
            fn from_ref(app: &App) -> Self {
                app.0.$field.clone()
            }
        }
    };
}

part!(reader: Reader);
part!(answering: Arc<Answering>);
part!(recent: Arc<page::Recent>);
part!(metrics: Arc<Metrics>);
part!(events: Events);
part!(document: Document);

/// Serves until `shutdown`; the caller brings the listener and the end.
///
/// # Errors
/// When the document that describes the API cannot be written.
pub async fn run(
    listener: TcpListener,
    parts: Parts,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let (routes, document) = routes().split_for_parts();
    let document = Bytes::from(document.to_json()?);
    let access = parts.access.clone();
    let app = App::new(parts, document, shutdown.clone());
    let polling = tokio::spawn(events::poll(app.0.reader.clone(), app.0.events.clone()));
    app.0.answering.answers.watch(shutdown.clone());
    let router = router(routes, access, app);
    connections::serve(listener, router, shutdown.clone()).await;
    shutdown.cancel();
    polling.into_future().await.map_err(io::Error::other)
}

impl App {
    fn new(parts: Parts, document: Bytes, shutdown: CancellationToken) -> Self {
        let metrics = Metrics::new();
        let answering = Answering {
            versions: Versions::new(parts.store.clone()),
            answers: Answers::new(parts.cache, metrics.lookups.clone()),
            memory: Memory::new(),
            form: format!("{:x}{:x}", fingerprint64(&document), page::form()),
        };
        Self(Arc::new(Shared {
            reader: Reader { store: parts.store, clock: parts.clock, sources: parts.sources },
            answering: Arc::new(answering),
            recent: Arc::new(page::Recent::new()),
            metrics: Arc::new(metrics),
            events: Events::new(shutdown),
            document: Document(document),
        }))
    }
}

/// The routes that the OpenAPI document describes, and the document.
fn routes() -> OpenApiRouter<App> {
    api::routes().merge(edr::routes())
}

fn router(routes: Router<App>, access: Access, app: App) -> Router {
    Router::new()
        .route("/healthz", get(probes::health))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(metrics::show))
        .route("/api/v1/openapi.json", get(documentation::document))
        .route("/api/v1/docs", get(documentation::index))
        .route("/api/v1/docs/", get(documentation::page))
        .route("/api/v1/docs/{*path}", get(documentation::page))
        .merge(routes)
        .merge(page::routes())
        .fallback(guard::not_found)
        .method_not_allowed_fallback(guard::method_not_allowed)
        .layer(from_fn_with_state(guard::room(), guard::limit))
        .layer(from_fn_with_state(access, access::check))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn(page::present))
        // Outside of all that makes or replaces a body: what is compressed stays as it is.
        .layer(CompressionLayer::new())
        .layer(from_fn(guard::headers))
        .layer(from_fn_with_state(app.0.metrics.clone(), metrics::count))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::StoreSettings;

    async fn panics() -> &'static str {
        panic!("the password is 1234")
    }

    #[expect(clippy::disallowed_methods, reason = "a client that decodes, as a browser does")]
    #[tokio::test]
    async fn a_panic_can_be_read_in_gzip_by_a_person_and_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("weather.db").display());
        let store = StoreSettings::at(&url).open().await.unwrap().reads;
        let (store, clock) = (Arc::new(store), Arc::new(SystemClock));
        let parts = Parts { store, clock, sources: &["a"], access: Access::Open, cache: None };
        let app = App::new(parts, Bytes::new(), CancellationToken::new());
        let paths = ["/api/v1/panics", "/sites/a/panics"];
        let routes = paths.iter().fold(Router::new(), |all, path| all.route(path, get(panics)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(routes, Access::Open, app);
        tokio::spawn(connections::serve(listener, router, CancellationToken::new()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for (path, words) in paths.into_iter().zip(["\"status\":500", "Something is wrong"]) {
            let answer = client.get(format!("http://{address}{path}")).send().await.unwrap();
            assert_eq!(answer.status(), 500);
            let text = answer.text().await.unwrap();
            assert!(text.contains(words) && !text.contains("1234"), "{text}");
        }
    }
}
