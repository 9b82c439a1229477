//! The refusals that a path documents.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::header::Header;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type};

use crate::serve::answer::problem::MEDIA_TYPE;

type Refusal = (String, RefOr<Response>);

/// What any query may be refused with.
pub(crate) struct Refusals;

/// The same of a query that names a site or a run.
pub(crate) struct RefusalsOfOne;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        BTreeMap::from([
            refusal(400, "A parameter is unknown, given twice, malformed or out of its bounds."),
            refusal(401, "The token is missing or not valid."),
            refusal(406, "Accept names no form that this comes in."),
            refusal(410, "The rows have left the store: the month is archived."),
            refusal(413, "The request has a long body, or its answer would be too long."),
            refusal(500, "A fault of the server."),
            refusal(503, "The store is away, or the server has too much to do: try again later."),
        ])
    }
}

impl IntoResponses for RefusalsOfOne {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Refusals::responses();
        responses.extend([refusal(404, "Nothing of this name is known.")]);
        responses
    }
}

fn refusal(status: u16, description: &str) -> Refusal {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let mut response = ResponseBuilder::new().description(description).content(MEDIA_TYPE, problem);
    if status == 503 {
        response = response.header("Retry-After", text_header("Seconds to wait.", Type::Integer));
    }
    if status == 401 {
        response = response.header("WWW-Authenticate", text_header("Bearer", Type::String));
    }
    (status.to_string(), RefOr::T(response.build()))
}

fn text_header(description: &str, kind: Type) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(kind).build());
    header.description = Some(description.to_owned());
    header
}
