//! The query API and the live page: programs and people ask for what the store holds, over HTTP, and it
//! only reads.
//!
//! Its rooms:
//!
//! - `door`: connections, who may ask, limits, figures; what holds for every request.
//! - `answer`: what every endpoint is made of, from the parameters to the answer.
//! - `api`, `edr`, `page`: the endpoints, for programs, for clients of a standard, and for people.
//! - `export`: an answer without a network, for a file.
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
use axum::body::BodyDataStream;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa_axum::router::OpenApiRouter;

use crate::clock::Clock;
use crate::domain::Budget;
use crate::store::Reads;

mod answer;
mod api;
mod door;
mod edr;
mod export;
mod page;

pub use answer::cache::shared::{NoRedis, SharedCache};
pub use answer::public::{NoPublicUrl, PublicUrl};
pub use api::status::document as status_document;
pub use door::access;
pub use door::origins::{NoOrigin, Origins};
pub use export::Refusal;

use access::{Access, Entrance};
use answer::cache::Answers;
use answer::document::Document;
use answer::format::PARQUET;
use answer::memory::Memory;
use answer::public::without_path;
use answer::query::Answering;
use answer::reader::Reader;
use answer::versions::Versions;
use api::documentation;
use api::events::{self, Events};
use door::metrics::{self, Metrics};
use door::{connections, guard, origins, probes};

/// What the server is made of.
pub struct Parts {
    /// What it reads.
    pub store: Arc<Reads>,
    /// Decides what is fresh and missing.
    pub clock: Arc<dyn Clock>,
    /// The sources that there may be, the one that is meant if none is named first.
    pub sources: &'static [&'static str],
    /// What the account of each source may call, by the settings of its collection.
    pub budgets: Vec<(&'static str, Budget)>,
    /// Who may ask.
    pub access: Access,
    /// Where instances share their answers, if they do.
    pub cache: Option<SharedCache>,
    /// How it is seen from outside.
    pub outside: Outside,
}

/// How the server is seen from outside: through a proxy, and from pages of others.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// The address by which clients reach it.
    pub public_url: PublicUrl,
    /// Pages of which other origins may read the API.
    pub origins: Origins,
    /// Whether the badge of all sites is shown without a token.
    pub public_badge: bool,
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
    public: PublicUrl,
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
part!(public: PublicUrl);

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
    let document = Document::of(document, &parts.outside.public_url)?;
    let doors = Doors::of(&parts);
    let app = App::new(parts, document, shutdown.clone());
    let polling = tokio::spawn(events::poll(app.0.reader.clone(), app.0.events.clone()));
    app.0.answering.answers.watch(shutdown.clone());
    let router = router(routes, doors, app);
    connections::serve(listener, router, shutdown.clone()).await;
    shutdown.cancel();
    polling.into_future().await.map_err(io::Error::other)
}

/// One answer of the query API, as it would be served, to a path and query such as `/api/v1/hourly?format=csv`.
///
/// # Errors
/// Why there is none.
pub async fn export(parts: Parts, target: &str) -> Result<BodyDataStream, Refusal> {
    let (routes, document) = routes().split_for_parts();
    let document = Document::of(document, &parts.outside.public_url);
    let document = document.map_err(|error| Refusal::of(&error))?;
    let app = App::new(parts, document, CancellationToken::new());
    export::ask(routes.with_state(app), target).await
}

impl App {
    fn new(parts: Parts, document: Document, shutdown: CancellationToken) -> Self {
        let metrics = Metrics::new();
        let answering = Answering {
            versions: Versions::new(parts.store.clone()),
            answers: Answers::new(parts.cache, metrics.lookups.clone()),
            memory: Memory::new(),
            form: format!("{:x}{:x}", document.fingerprint(), page::form()),
            public: parts.outside.public_url.clone(),
        };
        Self(Arc::new(Shared {
            reader: Reader {
                store: parts.store,
                clock: parts.clock,
                sources: parts.sources,
                budgets: parts.budgets.into(),
            },
            answering: Arc::new(answering),
            recent: Arc::new(page::Recent::new()),
            metrics: Arc::new(metrics),
            events: Events::new(shutdown),
            document,
            public: parts.outside.public_url,
        }))
    }
}

/// The routes that the OpenAPI document describes, and the document.
fn routes() -> OpenApiRouter<App> {
    api::routes().merge(edr::routes())
}

/// What stands between the network and the handlers, and depends on the settings.
struct Doors {
    entrance: Entrance,
    origins: Origins,
}

impl Doors {
    fn of(parts: &Parts) -> Self {
        let entrance = Entrance::new(parts.access.clone(), parts.outside.public_badge);
        Self { entrance, origins: parts.outside.origins.clone() }
    }
}

fn router(routes: Router<App>, doors: Doors, app: App) -> Router {
    let public = app.0.public.clone();
    let router = Router::new()
        .route("/healthz", get(probes::health))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(metrics::show))
        .route("/api/v1/openapi.json", get(documentation::document))
        .route("/api/v1/openapi-3.0.json", get(documentation::older))
        .route("/api/v1/docs", get(documentation::index))
        .route("/api/v1/docs/", get(documentation::page))
        .route("/api/v1/docs/{*path}", get(documentation::page))
        .merge(routes)
        .merge(page::routes())
        .fallback(guard::not_found)
        .method_not_allowed_fallback(guard::method_not_allowed)
        .layer(from_fn_with_state(guard::room(), guard::limit))
        .layer(from_fn_with_state(doors.entrance, access::check))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn_with_state(public.clone(), page::present))
        .layer(from_fn(edr::present))
        // Outside of all that makes or replaces a body: what is compressed stays as it is.
        .layer(CompressionLayer::new().compress_when(is_worth_it()))
        .layer(from_fn_with_state(doors.origins, origins::share))
        .layer(from_fn(guard::headers))
        .layer(from_fn_with_state(app.0.metrics.clone(), metrics::count))
        .with_state(app);
    // Outside of the routes, which are found by the path that is left.
    Router::new().fallback_service(router).layer(from_fn_with_state(public, without_path))
}

/// Parquet is compressed already.
fn is_worth_it() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new(PARQUET))
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
        let (access, outside) = (Access::Open, Outside::default());
        let (sources, budgets): (&[&str], _) = (&["a"], Vec::new());
        let parts = Parts { store, clock, sources, budgets, access, cache: None, outside };
        let doors = Doors::of(&parts);
        let app = App::new(parts, Document::default(), CancellationToken::new());
        let paths = ["/api/v1/panics", "/sites/a/panics"];
        let routes = paths.iter().fold(Router::new(), |all, path| all.route(path, get(panics)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(routes, doors, app);
        tokio::spawn(connections::serve(listener, router, CancellationToken::new()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for (path, words) in paths.into_iter().zip(["\"status\":500", "Something is wrong"]) {
            let answer = client.get(format!("http://{address}{path}")).send().await.unwrap();
            assert_eq!(answer.status(), 500);
            let text = answer.text().await.unwrap();
            assert!(text.contains(words) && !text.contains("1234"), "{text}");
        }
    }
}
