//! How far the answer of a connection has come.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, Request, Response, StatusCode};
use hyper::body::{Frame, SizeHint};

/// Nothing is to be sent.
const NONE: u8 = 0;
/// A body is being made.
const UNDER_WAY: u8 = 1;
/// The body is whole, and what is buffered of it is being sent.
const ENDED: u8 = 2;

/// The answer of a connection: there is one at a time.
#[derive(Clone, Default)]
pub(super) struct Answer(Arc<AtomicU8>);

impl Answer {
    /// Begins to watch the answer to a request.
    pub(super) fn watch<B>(&self, request: &Request<B>) -> Watching {
        Watching { answer: self.clone(), is_head: request.method() == Method::HEAD }
    }

    /// Everything that was buffered has been sent.
    pub(super) fn flushed(&self) {
        let _ = self.0.compare_exchange(ENDED, NONE, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether a connection that ends now leaves its client with a part of an answer.
    pub(super) fn is_incomplete(&self) -> bool {
        self.0.load(Ordering::Relaxed) != NONE
    }

    fn set(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }
}

/// An answer that is to come.
pub(super) struct Watching {
    answer: Answer,
    is_head: bool,
}

impl Watching {
    /// The answer, its body watched if one is sent.
    pub(super) fn response(self, response: Response<Body>) -> Response<Watched> {
        let has_none = self.is_head
            || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || response.body().is_end_stream();
        self.answer.set(if has_none { NONE } else { UNDER_WAY });
        response.map(|body| Watched { body, answer: self.answer })
    }
}

/// A body that says when it has come to its end.
pub(super) struct Watched {
    body: Body,
    answer: Answer,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let has_ended = match &polled {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(_))) => self.body.is_end_stream(),
            _ => false,
        };
        if has_ended {
            self.answer.set(ENDED);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
