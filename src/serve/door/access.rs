//! Which callers may ask: those that hold a token of the file; without a file, all that reach the port.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::serve::answer::problem::Problem;

pub(crate) mod tokens;

pub use tokens::{NewToken, TokenFault, TokenName, parse, read};

/// The SHA-256 of a token. The tokens have 256 bits of chance, so that a fast hash is enough.
type Hash = [u8; 32];

/// A token's name and hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    name: TokenName,
    hash: Hash,
}

impl Token {
    /// What logs name it.
    #[must_use]
    pub fn name(&self) -> &TokenName {
        &self.name
    }
}

/// Which callers may ask.
#[derive(Clone)]
pub enum Access {
    /// All that reach the port.
    Open,
    /// Those that hold one of these.
    Tokens(Arc<[Token]>),
}

impl Access {
    /// The name of the token that a request has; `Err`: it may not ask.
    fn holder(&self, headers: &HeaderMap) -> Result<Option<&TokenName>, ()> {
        let Self::Tokens(tokens) = self else { return Ok(None) };
        let given = given(headers).ok_or(())?;
        find(tokens, &Sha256::digest(given).into()).map(Some).ok_or(())
    }
}

/// The token of `Authorization: Bearer …`, or the password of `Authorization: Basic …`, which is how a
/// browser can send one; if there is exactly one.
fn given(headers: &HeaderMap) -> Option<Cow<'_, [u8]>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?.as_bytes(), values.next()) else { return None };
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = value.split_at_checked(space)?;
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(Cow::Borrowed(rest));
    }
    scheme.eq_ignore_ascii_case(b"basic").then(|| password(rest)).flatten().map(Cow::Owned)
}

/// What stands behind the first colon, the name's end
/// ([RFC 7617, 2](https://www.rfc-editor.org/rfc/rfc7617#section-2)).
fn password(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut pair = BASE64_STANDARD.decode(encoded).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair.split_off(colon + 1))
}

/// The token with this hash, in a time that does not depend on which, or whether there is one.
fn find<'a>(tokens: &'a [Token], hash: &Hash) -> Option<&'a TokenName> {
    let mut found = u32::MAX;
    for (index, token) in (0..).zip(tokens) {
        let is_it: Choice = token.hash.ct_eq(hash);
        found.conditional_assign(&index, is_it);
    }
    tokens.get(usize::try_from(found).ok()?).map(|token| &token.name)
}

/// The name of the token that a request came with, for the log.
#[derive(Clone)]
pub(crate) struct Caller(pub(crate) TokenName);

/// Paths that a load balancer asks without a token. They show nothing of the data.
const OPEN_PATHS: [&str; 2] = ["/healthz", "/readyz"];

/// The badge that may be shown without one: it says how many sites are fresh.
const OPEN_BADGE: &str = "/badge/fresh.svg";

/// Which callers may ask, and what is open to all others.
#[derive(Clone)]
pub(crate) struct Entrance {
    access: Access,
    is_badge_open: bool,
}

impl Entrance {
    pub(crate) fn new(access: Access, is_badge_open: bool) -> Self {
        Self { access, is_badge_open }
    }

    fn is_open(&self, path: &str) -> bool {
        OPEN_PATHS.contains(&path) || (self.is_badge_open && path == OPEN_BADGE)
    }
}

/// Refuses a caller that may not ask.
pub(crate) async fn check(
    State(entrance): State<Entrance>,
    mut request: Request,
    next: Next,
) -> Response {
    if entrance.is_open(request.uri().path()) {
        return next.run(request).await;
    }
    match entrance.access.holder(request.headers()).map(Option::<&TokenName>::cloned) {
        Err(()) => unauthorized(),
        Ok(None) => next.run(request).await,
        Ok(Some(name)) => {
            request.extensions_mut().insert(Caller(name.clone()));
            let mut response = next.run(request).await;
            response.extensions_mut().insert(Caller(name));
            response
        }
    }
}

fn unauthorized() -> Response {
    let problem = Problem::of(StatusCode::UNAUTHORIZED)
        .detail("a valid token is needed")
        .allowed("Authorization: Bearer TOKEN");
    let mut response = problem.into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let pair = |value: &&str| (header::AUTHORIZATION, value.parse().unwrap());
        values.iter().map(pair).collect()
    }

    fn token(name: &str) -> (Token, String) {
        let made = NewToken::make(TokenName::parse(name).unwrap()).unwrap();
        let mut tokens = parse(&made.line()).unwrap();
        (tokens.remove(0), made.secret().to_owned())
    }

    #[test]
    fn a_token_is_known_by_its_name_and_anything_else_is_refused() {
        let ((first, a), (second, b)) = (token("grafana"), token("bi"));
        let access = Access::Tokens(Arc::from([first, second]));
        for (secret, name) in [(&a, "grafana"), (&b, "bi")] {
            let held = headers(&[&format!("Bearer {secret}")]);
            assert_eq!(access.holder(&held).unwrap().unwrap().as_str(), name);
            assert!(access.holder(&headers(&[&format!("bearer {secret}")])).is_ok());
            let basic = BASE64_STANDARD.encode(format!("any:{secret}"));
            let held = headers(&[&format!("Basic {basic}")]);
            assert_eq!(access.holder(&held).unwrap().unwrap().as_str(), name);
        }
        let both = [&*format!("Bearer {a}"), &*format!("Bearer {b}")];
        let cut = &a[..a.len() - 1];
        let basic = |pair: String| format!("Basic {}", BASE64_STANDARD.encode(pair));
        for wrong in [
            headers(&[]),
            headers(&[&a]),
            headers(&[""]),
            headers(&["Bearer "]),
            headers(&["Bearer"]),
            headers(&[&format!("Bearer {cut}")]),
            headers(&[&format!("Basic {a}")]),
            headers(&["Basic"]),
            headers(&["Basic ===="]),
            headers(&[&basic(a.clone())]),
            headers(&[&basic(format!("{a}:"))]),
            headers(&[&basic(format!("any:{cut}"))]),
            headers(&[&basic(format!("any:x:{a}"))]),
            headers(&both),
        ] {
            assert!(access.holder(&wrong).is_err(), "{wrong:?}");
        }
        assert!(Access::Tokens(Arc::from([])).holder(&headers(&[&format!("Bearer {a}")])).is_err());
        assert!(matches!(Access::Open.holder(&headers(&[])), Ok(None)));
    }
}
